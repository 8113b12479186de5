/**
 * Up while a UDP port gives the expected answer or, if none is expected, returns no ICMP error. A
 * connected socket reports such errors (udp(7)).
 */
import { createSocket } from 'node:dgram';
import { familyOf } from '../../net/address.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { ProbeOutcome, UdpTarget } from '../../net/probe.ts';
import { LATE_MATCH, type Matcher, matcherOf } from './expectation.ts';
import type { PatternMatcher } from './pattern-matcher.ts';
import { failed, failedBy, type Probe, passed } from './probe.ts';

export class UdpProbe implements Probe {
  readonly #target: UdpTarget;
  readonly #payload: Buffer;
  readonly #matches: Matcher | undefined;
  #end: (() => void) | undefined;

  constructor(target: UdpTarget, patterns?: PatternMatcher) {
    this.#target = target;
    this.#payload = Buffer.from(target.send, 'hex');
    this.#matches = target.expect === undefined ? undefined : matcherOf(target.expect, patterns);
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    const { endpoint } = this.#target;
    const deadline = performance.now() + timeoutMs;
    const socket = createSocket(familyOf(endpoint.address) === 'ipv4' ? 'udp4' : 'udp6');
    return new Promise((resolve) => {
      let isOpen = true;
      const settle = (outcome: ProbeOutcome) => {
        if (!isOpen) return;
        isOpen = false;
        clearTimeout(timer);
        socket.close();
        resolve(outcome);
      };
      const timer = setTimeout(() => settle(this.#silence()), timeoutMs);
      this.#end = () => settle(failed('cancelled'));
      socket.on('error', (error) => settle(failedBy(error)));
      socket.once('message', (answer) => {
        this.#judge(answer.toString('latin1'), deadline).then(settle, (error: unknown) =>
          settle(failedBy(error)),
        );
      });
      // The callback of connect() also runs if the connection fails.
      socket.on('connect', () => {
        socket.send(this.#payload, (error) => {
          if (error !== null) settle(failedBy(error));
        });
      });
      socket.connect(endpoint.port, endpoint.address);
    });
  }

  close(): void {
    this.#end?.();
  }

  #silence(): ProbeOutcome {
    if (this.#matches !== undefined) return failed('no answer in time');
    return passed(`no ICMP error from ${formatEndpoint(this.#target.endpoint)}`);
  }

  async #judge(answer: string, deadline: number): Promise<ProbeOutcome> {
    const match = (await this.#matches?.(answer, deadline)) ?? 'yes';
    if (match === 'late') return failed(LATE_MATCH);
    return match === 'no' ? failed('unexpected answer') : passed('answered');
  }
}
