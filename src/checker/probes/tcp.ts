/** Up while a TCP port accepts connections. */
import { connect } from 'node:net';
import type { IpAddress } from '../../net/address.ts';
import { type Endpoint, formatEndpoint } from '../../net/endpoint.ts';
import type { ProbeOutcome } from '../../net/probe.ts';
import { failed, failedBy, type Probe, passed } from './probe.ts';

export class TcpProbe implements Probe {
  readonly #endpoint: Endpoint;
  readonly #from: { readonly localAddress?: string };

  /** Without `source` the kernel chooses the address. */
  constructor(endpoint: Endpoint, source?: IpAddress) {
    this.#endpoint = endpoint;
    this.#from = source === undefined ? {} : { localAddress: source };
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    const { address: host, port } = this.#endpoint;
    return new Promise((resolve) => {
      const socket = connect({ host, port, ...this.#from });
      const settle = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(outcome);
      };
      const timer = setTimeout(() => settle(failed('no answer in time')), timeoutMs);
      socket.once('connect', () =>
        settle(passed(`connected to ${formatEndpoint(this.#endpoint)}`)),
      );
      socket.once('error', (error) => settle(failedBy(error)));
    });
  }

  close(): void {}
}
