/** Stations on a link that answer ARP, Neighbor Discovery or echo requests: one of them is enough. */
import { networkInterfaces } from 'node:os';
import { nextEcho } from '../../kernel/reachability/echo-number.ts';
import { Reachability, type ReachabilityMethod } from '../../kernel/reachability/reachability.ts';
import type { Reactor } from '../../kernel/reactor/reactor.ts';
import { type IpAddress, ip, mac } from '../../net/address.ts';
import type { ProbeOutcome } from '../../net/probe.ts';
import { failed, type Probe, passed, reasonOf } from './probe.ts';

export interface GatewayProbeOptions {
  readonly addresses: readonly IpAddress[];
  readonly link: string;
  readonly via: ReachabilityMethod;
}

const NOBODY = ip('0.0.0.0');

export class GatewayProbe implements Probe {
  readonly #options: GatewayProbeOptions;
  readonly #reactor: Reactor;
  readonly #open = new Set<() => void>();

  constructor(options: GatewayProbeOptions, reactor: Reactor) {
    this.#options = options;
    this.#reactor = reactor;
  }

  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const { addresses } = this.#options;
    const asked = addresses.map((address) => this.#ask(address, timeoutMs));
    try {
      return passed(`${await Promise.any(asked)} answers`);
    } catch (error) {
      const [first] = error instanceof AggregateError ? error.errors : [error];
      return failed(`${addresses.join(', ')}: ${reasonOf(first)}`);
    } finally {
      this.close();
    }
  }

  close(): void {
    for (const end of [...this.#open]) end();
  }

  /** Rejects when there is no answer in time. */
  #ask(address: IpAddress, timeoutMs: number): Promise<IpAddress> {
    return new Promise((resolve, reject) => {
      const { link, via } = this.#options;
      const own = addressesOn(link);
      const question = new Reachability({
        address,
        link,
        via,
        ...own,
        echo: nextEcho(),
      });
      const end = () => {
        if (!this.#open.delete(end)) return;
        clearTimeout(timer);
        this.#reactor.remove(question.fd);
        question.close();
        reject(new Error('no answer in time'));
      };
      const timer = setTimeout(end, timeoutMs);
      this.#open.add(end);
      this.#reactor.add(question.fd, () => {
        if (!question.isAnswered()) return;
        resolve(address);
        end();
      });
      try {
        question.ask();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        end();
      }
    });
  }
}

/** VIPs have the longest prefix there is: the first address with another one is the host's own. */
function addressesOn(link: string): {
  readonly mac: ReturnType<typeof mac>;
  readonly source: IpAddress;
} {
  const found = networkInterfaces()[link] ?? [];
  const own = found.find(
    ({ family, netmask }) => family === 'IPv4' && netmask !== '255.255.255.255',
  );
  return {
    mac: mac(found[0]?.mac ?? '00:00:00:00:00:00'),
    source: own === undefined ? NOBODY : ip(own.address),
  };
}
