/** Up while one of several hosts on a link answers ARP, Neighbor Discovery or echo requests. */
import { networkInterfaces } from 'node:os';
import { nextEcho } from '../../kernel/reachability/echo-number.ts';
import { Reachability, type ReachabilityMethod } from '../../kernel/reachability/reachability.ts';
import type { Reactor } from '../../kernel/reactor/reactor.ts';
import { type IpAddress, ip, mac } from '../../net/address.ts';
import type { ProbeOutcome } from '../../net/probe.ts';
import { failedBy, isLocalError, type Probe, passed, reasonOf } from './probe.ts';

interface GatewayProbeOptions {
  readonly addresses: readonly IpAddress[];
  readonly link: string;
  readonly via: ReachabilityMethod;
}

const UNSPECIFIED = ip('0.0.0.0');

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
    const queries = addresses.map((address) => this.#ask(address, timeoutMs));
    try {
      return passed(`${await Promise.any(queries)} answers`);
    } catch (error) {
      const errors: readonly unknown[] = error instanceof AggregateError ? error.errors : [error];
      // One that could not be asked might have answered.
      const first = errors.find((one) => isLocalError(reasonOf(one))) ?? errors[0];
      return failedBy(first, `${addresses.join(', ')}: `);
    } finally {
      this.close();
    }
  }

  close(): void {
    for (const end of [...this.#open]) end();
  }

  /** Rejects without an answer in time. */
  #ask(address: IpAddress, timeoutMs: number): Promise<IpAddress> {
    return new Promise((resolve, reject) => {
      const { link, via } = this.#options;
      const own = addressesOn(link);
      const query = new Reachability({
        address,
        link,
        via,
        ...own,
        echo: nextEcho(),
      });
      const end = () => {
        if (!this.#open.delete(end)) return;
        clearTimeout(timer);
        this.#reactor.remove(query.fd);
        query.close();
        reject(new Error('no answer in time'));
      };
      const timer = setTimeout(end, timeoutMs);
      this.#open.add(end);
      this.#reactor.add(query.fd, () => {
        if (!query.isAnswered()) return;
        resolve(address);
        end();
      });
      try {
        query.ask();
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        end();
      }
    });
  }
}

/** VIPs are /32: the first IPv4 address with a shorter prefix is the host's own. */
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
    source: own === undefined ? UNSPECIFIED : ip(own.address),
  };
}
