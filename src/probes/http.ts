/** An HTTP server that answers with one of the expected statuses. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { ProbeOutcome } from '../net/probe.ts';
import { failed, type Probe, passed, reasonOf } from './probe.ts';

export interface HttpProbeOptions {
  readonly url: string;
  readonly status: readonly number[];
  readonly host: string | undefined;
  readonly verify: boolean;
}

export class HttpProbe implements Probe {
  readonly #options: HttpProbeOptions;

  constructor(options: HttpProbeOptions) {
    this.#options = options;
  }

  /** A new connection each time, as a client would make; the body is not waited for. */
  run(timeoutMs: number): Promise<ProbeOutcome> {
    const { url, host, verify } = this.#options;
    return new Promise((resolve) => {
      const settle = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        request.destroy();
        resolve(outcome);
      };
      const options = {
        agent: false,
        headers: { 'user-agent': 'vrrp-agent', connection: 'close', ...(host && { host }) },
      } as const;
      const request = url.startsWith('https:')
        ? requestHttps(url, { ...options, rejectUnauthorized: verify })
        : requestHttp(url, options);
      const timer = setTimeout(() => settle(failed('no answer in time')), timeoutMs);
      request.once('response', ({ statusCode = 0 }) => settle(this.#judge(statusCode)));
      request.on('error', (error) => settle(failed(reasonOf(error))));
      request.end();
    });
  }

  close(): void {}

  #judge(status: number): ProbeOutcome {
    const detail = `status ${status}`;
    return this.#options.status.includes(status) ? passed(detail) : failed(detail);
  }
}
