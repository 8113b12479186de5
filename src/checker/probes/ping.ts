/** Up while an address answers echo requests. */
import { Ping } from '../../kernel/reachability/ping.ts';
import type { Reactor } from '../../kernel/reactor/reactor.ts';
import type { IpAddress } from '../../net/address.ts';
import type { ProbeOutcome } from '../../net/probe.ts';
import { failed, type Probe, passed } from './probe.ts';

export class PingProbe implements Probe {
  readonly #address: IpAddress;
  readonly #reactor: Reactor;
  #end: (() => void) | undefined;

  constructor(address: IpAddress, reactor: Reactor) {
    this.#address = address;
    this.#reactor = reactor;
  }

  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const ping = new Ping(this.#address);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<ProbeOutcome>((resolve) => {
        this.#end = () => resolve(failed('no answer in time'));
        timer = setTimeout(this.#end, timeoutMs);
        this.#reactor.add(ping.fd, () => {
          if (ping.isAnswered()) resolve(passed(`${this.#address} answers`));
        });
        ping.ask();
      });
    } finally {
      clearTimeout(timer);
      this.#reactor.remove(ping.fd);
      ping.close();
    }
  }

  close(): void {
    this.#end?.();
  }
}
