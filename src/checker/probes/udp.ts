/**
 * Up while a UDP port gives the expected answer or, if none is expected, returns no ICMP error. A
 * connected socket reports such errors (udp(7)).
 */
import { createSocket } from 'node:dgram';
import { familyOf } from '../../net/address.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { ProbeOutcome, UdpTarget } from '../../net/probe.ts';
import { matcherOf } from './expectation.ts';
import { failed, type Probe, passed, reasonOf } from './probe.ts';

export class UdpProbe implements Probe {
  readonly #target: UdpTarget;
  readonly #payload: Buffer;
  readonly #matches: ((answer: string) => boolean) | undefined;
  #end: (() => void) | undefined;

  constructor(target: UdpTarget) {
    this.#target = target;
    this.#payload = Buffer.from(target.send, 'hex');
    this.#matches = target.expect === undefined ? undefined : matcherOf(target.expect);
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    const { endpoint } = this.#target;
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
      socket.on('error', (error) => settle(failed(reasonOf(error))));
      socket.on('message', (answer) => settle(this.#judge(answer.toString('latin1'))));
      // The callback of connect() also runs if the connection fails.
      socket.on('connect', () => {
        socket.send(this.#payload, (error) => {
          if (error !== null) settle(failed(reasonOf(error)));
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

  #judge(answer: string): ProbeOutcome {
    if (this.#matches?.(answer) === false) return failed('unexpected answer');
    return passed('answered');
  }
}
