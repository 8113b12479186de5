/**
 * Up while an HTTP server answers with an expected status. Reads the status line from a raw connection
 * and nothing after it: half the cost of Node's client, which matters with a thousand servers.
 */
import { connect } from 'node:net';
import type { ProbeOutcome } from '../../net/probe.ts';
import { statusIn } from './expectation.ts';
import type { HttpProbeOptions } from './http.ts';
import { failed, failedBy, type Probe, passed } from './probe.ts';

/** Enough for interim responses and the status line (RFC 9112 section 4). */
const HEAD_MAX = 16 * 1_024;

/** Shared by all connections: each callback consumes it before the next read. */
const BUFFER = Buffer.alloc(4 * 1_024);

type HttpStatusOptions = Omit<HttpProbeOptions, 'verify' | 'serverName' | 'body' | 'weight'>;

export class HttpStatusProbe implements Probe {
  readonly #options: HttpStatusOptions;
  readonly #where: {
    readonly host: string;
    readonly port: number;
    readonly localAddress?: string;
  };
  readonly #request: string;

  constructor(options: HttpStatusOptions) {
    const { url, method = 'GET', host, source } = options;
    const { hostname, port, host: authority, pathname, search } = new URL(url);
    this.#options = options;
    this.#where = {
      ...{ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80) },
      ...(source === undefined ? {} : { localAddress: source }),
    };
    this.#request = [
      `${method} ${pathname}${search} HTTP/1.1`,
      `Host: ${host ?? authority}`,
      'User-Agent: vrrp-agent',
      'Connection: close',
      ...(method === 'POST' ? ['Content-Length: 0'] : []),
      '\r\n',
    ].join('\r\n');
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      let head = '';
      const receive = (length: number): boolean => {
        head += BUFFER.toString('latin1', 0, length);
        const status = decodeStatus(head);
        if (status !== undefined) settle(this.#judge(status));
        else if (head.length > HEAD_MAX) settle(failed('not HTTP'));
        return true;
      };
      const socket = connect({ ...this.#where, onread: { buffer: BUFFER, callback: receive } });
      const settle = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        socket.destroy();
        resolve(outcome);
      };
      const timer = setTimeout(() => settle(failed('no answer in time')), timeoutMs);
      socket.once('connect', () => socket.write(this.#request, 'latin1'));
      socket.once('end', () => settle(failed('closed without an answer')));
      socket.once('error', (error) => settle(failedBy(error)));
    });
  }

  close(): void {}

  #judge(status: number): ProbeOutcome {
    if (status === 0) return failed('not HTTP');
    const detail = `status ${status}`;
    return statusIn(this.#options.status, status) ? passed(detail) : failed(detail);
  }
}

/** Lines may end with LF alone (RFC 9112 section 2.2). */
const EMPTY_LINE = /\n\r?\n/g;

/** Undefined: incomplete. 0: another protocol. */
export function decodeStatus(head: string): number | undefined {
  let start = 0;
  for (;;) {
    const end = head.indexOf('\n', start);
    if (end < 0)
      return head.length - start >= 5 && !head.startsWith('HTTP/', start) ? 0 : undefined;
    const status = /^HTTP\/1\.[0-9] ([1-9][0-9]{2})(?: |\r?$)/.exec(head.slice(start, end))?.[1];
    if (status === undefined) return 0;
    if (!status.startsWith('1')) return Number(status);
    EMPTY_LINE.lastIndex = end;
    if (!EMPTY_LINE.test(head)) return undefined;
    start = EMPTY_LINE.lastIndex;
  }
}
