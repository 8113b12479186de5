/** Up while a name server answers a query, with an expected record if one is given. */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { familyOf, type IpAddress } from '../../net/address.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { DnsTarget, DnsType, ProbeOutcome } from '../../net/probe.ts';
import { failed, type Probe, passed, reasonOf } from './probe.ts';

/** Limits the detail in logs and `status`. */
const ANSWERS_SHOWN = 3;

export class DnsProbe implements Probe {
  readonly #target: DnsTarget;
  #resolver: Resolver | undefined;

  constructor(target: DnsTarget) {
    this.#target = target;
  }

  /** A new resolver for each run, so that neither a cache nor the host's name servers take part. */
  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const { endpoint, name, type, answer, source } = this.#target;
    const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(timeoutMs)), tries: 1 });
    resolver.setServers([formatEndpoint(endpoint)]);
    if (source !== undefined) setSource(resolver, source);
    this.#resolver = resolver;
    const timer = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      const answers = await ask(resolver, name, type);
      const shown = answers.slice(0, ANSWERS_SHOWN).join(', ');
      if (answer === undefined || answers.includes(answer.toLowerCase())) {
        return passed(`${name} ${type}: ${shown}`);
      }
      return failed(`${name} ${type}: ${shown}; ${answer} is missing`);
    } catch (error) {
      const reason = reasonOf(error);
      // The resolver has no error of its own for a socket that it did not get.
      await requireSocket(endpoint.address, source);
      return failed(`${name} ${type}: ${describe(reason)}`);
    } finally {
      clearTimeout(timer);
      this.#resolver = undefined;
    }
  }

  close(): void {
    this.#resolver?.cancel();
  }
}

/** The address of the other family stays that of the kernel. */
function setSource(resolver: Resolver, source: IpAddress): void {
  if (familyOf(source) === 'ipv4') resolver.setLocalAddress(source);
  else resolver.setLocalAddress('0.0.0.0', source);
}

/** Rejects if this host gives no socket to ask with: it lacks a descriptor, memory, a port or the source. */
async function requireSocket(target: IpAddress, source: IpAddress | undefined): Promise<void> {
  const socket = createSocket(familyOf(target) === 'ipv4' ? 'udp4' : 'udp6');
  try {
    const bound = once(socket, 'listening');
    const usable = source !== undefined && familyOf(source) === familyOf(target);
    socket.bind({ port: 0, exclusive: true, ...(usable ? { address: source } : {}) });
    await bound;
  } finally {
    socket.close();
  }
}

async function ask(resolver: Resolver, name: string, type: DnsType): Promise<string[]> {
  const answers: unknown = await resolver.resolve(name, type);
  const list = Array.isArray(answers) ? answers : [answers];
  return list.map((one) => textOf(one).toLowerCase());
}

/** Joins the strings of a TXT record, and the fields of other records as in a zone file. */
function textOf(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (Array.isArray(answer)) return answer.join('');
  return typeof answer === 'object' && answer !== null ? Object.values(answer).join(' ') : '';
}

function describe(code: string): string {
  return code === 'ETIMEOUT' || code === 'ECANCELLED' ? 'no answer in time' : code;
}
