/** A name server that answers a question. */
import { Resolver } from 'node:dns/promises';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { DnsTarget, DnsType, ProbeOutcome } from '../../net/probe.ts';
import { failed, type Probe, passed, reasonOf } from './probe.ts';

/** Shown to people; the rest is counted. */
const ANSWERS_SHOWN = 3;

export class DnsProbe implements Probe {
  readonly #target: DnsTarget;
  #asked: Resolver | undefined;

  constructor(target: DnsTarget) {
    this.#target = target;
  }

  /** A resolver of its own each time: neither a cache nor the servers of the host have a part in it. */
  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const { endpoint, name, type, answer } = this.#target;
    const resolver = new Resolver({ timeout: Math.max(1, Math.ceil(timeoutMs)), tries: 1 });
    resolver.setServers([formatEndpoint(endpoint)]);
    this.#asked = resolver;
    const timer = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      const answers = await ask(resolver, name, type);
      const shown = answers.slice(0, ANSWERS_SHOWN).join(', ');
      if (answer === undefined || answers.includes(answer.toLowerCase())) {
        return passed(`${name} ${type}: ${shown}`);
      }
      return failed(`${name} ${type}: ${shown}; ${answer} is not among them`);
    } catch (error) {
      return failed(`${name} ${type}: ${describe(reasonOf(error))}`);
    } finally {
      clearTimeout(timer);
      this.#asked = undefined;
    }
  }

  close(): void {
    this.#asked?.cancel();
  }
}

async function ask(resolver: Resolver, name: string, type: DnsType): Promise<string[]> {
  const answers: unknown = await resolver.resolve(name, type);
  const list = Array.isArray(answers) ? answers : [answers];
  return list.map((one) => textOf(one).toLowerCase());
}

/** Strings of a TXT record are one text; records of several fields as in a zone file. */
function textOf(answer: unknown): string {
  if (typeof answer === 'string') return answer;
  if (Array.isArray(answer)) return answer.join('');
  return typeof answer === 'object' && answer !== null ? Object.values(answer).join(' ') : '';
}

function describe(code: string): string {
  return code === 'ETIMEOUT' || code === 'ECANCELLED' ? 'no answer in time' : code;
}
