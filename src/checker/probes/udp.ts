/**
 * Up while a UDP port gives the expected answer or, if none is expected, returns no ICMP error. A
 * connected socket reports such errors (udp(7)), those of hosts and networks that cannot be reached only
 * with IP_RECVERR (ip(7)). An error may come seconds after the datagram, when no host answered ARP, and
 * hosts and routers limit their rate (icmp(7)): so silence proves nothing while an error is young.
 */
import { createSocket, type Socket } from 'node:dgram';
import {
  AF_INET,
  AF_INET6,
  IP_RECVERR,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_RECVERR,
  SOCK_DGRAM,
} from '../../kernel/ffi/constants.ts';
import { configured, openSocket, setOption } from '../../kernel/ffi/socket.ts';
import { type Family, familyOf } from '../../net/address.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { ProbeOutcome, ProbeTiming, UdpTarget } from '../../net/probe.ts';
import { BUSY_MATCH, LATE_MATCH, type Matcher, matcherOf } from './expectation.ts';
import type { PatternMatcher } from './pattern-matcher.ts';
import {
  couldNotLook,
  failed,
  failedBy,
  isLocalError,
  type Probe,
  passed,
  reasonOf,
} from './probe.ts';

/** An error counts for this long, or for `MEMORY_RUNS` intervals if that is longer. */
const MEMORY_MS = 10_000;
const MEMORY_RUNS = 3;

/** The kernel gives up ARP after 3 s (mcast_solicit and retrans_time of arp(7)), and then reports an error. */
const UNPROVEN_MS = 3_500;
/** Silence before that is no result if another run follows soon. */
const SOON_MS = 5_000;

interface Refusal {
  readonly reason: string;
  readonly at: number;
}

type UdpOptions = UdpTarget & Partial<Pick<ProbeTiming, 'interval'>>;

export class UdpProbe implements Probe {
  readonly #target: UdpOptions;
  readonly #now: () => number;
  readonly #payload: Buffer;
  readonly #matches: Matcher | undefined;
  #end: (() => void) | undefined;
  /** The last ICMP error. */
  #refusal: Refusal | undefined;
  #firstAt: number | undefined;
  /** The socket of the last run, which stays open until the next for errors that come late. */
  #late: Socket | undefined;

  /** `now`: monotonic milliseconds. */
  constructor(
    target: UdpOptions,
    patterns?: PatternMatcher,
    now: () => number = () => performance.now(),
  ) {
    this.#target = target;
    this.#now = now;
    this.#payload = Buffer.from(target.send, 'hex');
    this.#matches = target.expect === undefined ? undefined : matcherOf(target.expect, patterns);
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    this.#closeLate();
    this.#firstAt ??= this.#now();
    const { endpoint } = this.#target;
    const deadline = performance.now() + timeoutMs;
    const { socket, fd } = socketWithErrors(familyOf(endpoint.address));
    return new Promise((resolve) => {
      let isOpen = true;
      const settle = (outcome: ProbeOutcome, isSilence = false) => {
        if (!isOpen) return;
        isOpen = false;
        clearTimeout(timer);
        if (isSilence) this.#late = socket.unref();
        else socket.close();
        resolve(outcome);
      };
      const timer = setTimeout(() => settle(this.#silence(), true), timeoutMs);
      this.#end = () => settle(failed('cancelled'));
      socket.on('error', (error) => {
        if (!isOpen) this.#closeLate();
        settle(this.#refused(error));
      });
      socket.once('message', (answer) => {
        this.#judge(answer.toString('latin1'), deadline).then(settle, (error: unknown) =>
          settle(failedBy(error)),
        );
      });
      // The callback of connect() also runs if the connection fails.
      socket.on('connect', () => {
        socket.send(this.#payload, (error) => {
          if (error !== null) settle(this.#refused(error));
        });
      });
      socket.bind({ fd }, () => socket.connect(endpoint.port, endpoint.address));
    });
  }

  close(): void {
    this.#end?.();
    this.#closeLate();
  }

  #closeLate(): void {
    this.#late?.close();
    this.#late = undefined;
  }

  #refused(error: Error): ProbeOutcome {
    const reason = reasonOf(error);
    if (isLocalError(reason)) return couldNotLook(reason);
    this.#refusal = { reason, at: this.#now() };
    return failed(reason);
  }

  #silence(): ProbeOutcome {
    if (this.#matches !== undefined) return failed('no answer in time');
    const { endpoint, interval = 0 } = this.#target;
    const memory = Math.max(MEMORY_MS, (MEMORY_RUNS * interval) / 1_000);
    if (this.#refusal !== undefined && this.#now() - this.#refusal.at < memory) {
      return failed(`no answer after ${this.#refusal.reason}`);
    }
    if (this.#isUnproven())
      return { passed: undefined, detail: 'neither an answer nor an error yet' };
    return passed(`no ICMP error from ${formatEndpoint(endpoint)}`);
  }

  #isUnproven(): boolean {
    const { interval } = this.#target;
    if (interval === undefined || interval / 1_000 > SOON_MS) return false;
    return this.#now() - (this.#firstAt ?? 0) < UNPROVEN_MS;
  }

  async #judge(answer: string, deadline: number): Promise<ProbeOutcome> {
    this.#refusal = undefined;
    const match = (await this.#matches?.(answer, deadline)) ?? 'yes';
    if (match === 'busy') return couldNotLook(BUSY_MATCH);
    if (match === 'late') return failed(LATE_MATCH);
    return match === 'no' ? failed('unexpected answer') : passed('answered');
  }
}

const SOCKETS = {
  ipv4: { type: 'udp4', domain: AF_INET, level: IPPROTO_IP, option: IP_RECVERR },
  ipv6: { type: 'udp6', domain: AF_INET6, level: IPPROTO_IPV6, option: IPV6_RECVERR },
} as const;

/** Node's sockets have no such option, but adopt a descriptor that has it. */
function socketWithErrors(family: Family): { readonly socket: Socket; readonly fd: number } {
  const { type, domain, level, option } = SOCKETS[family];
  const what = 'UDP socket of a check';
  const fd = configured(openSocket(what, domain, SOCK_DGRAM, 0), (created) =>
    setOption(what, created, level, option, 1),
  );
  return { socket: createSocket(type), fd };
}
