/**
 * Up while an HTTP server answers with an expected status and, if configured, an expected body. Each
 * run makes a new connection, as a client would. Redirections are a status like any other.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Expectation, ProbeOutcome, StatusRange, WeightScale } from '../../net/probe.ts';
import { ANSWER_MAX, matcherOf, numberIn, statusIn } from './expectation.ts';
import { failed, type Probe, passed, reasonOf } from './probe.ts';

export interface HttpProbeOptions {
  readonly url: string;
  readonly method?: string;
  readonly status: readonly (number | StatusRange)[];
  readonly host: string | undefined;
  readonly verify: boolean;
  readonly serverName?: string | undefined;
  readonly body?: Expectation | undefined;
  readonly weight?: WeightScale;
}

export class HttpProbe implements Probe {
  readonly #options: HttpProbeOptions;
  readonly #request: object;
  readonly #url: URL;
  readonly #matches: ((answer: string) => boolean) | undefined;

  constructor(options: HttpProbeOptions) {
    const { url, method = 'GET', host, verify, serverName, body } = options;
    this.#options = options;
    this.#url = new URL(url);
    this.#matches = body === undefined ? undefined : matcherOf(body);
    this.#request = {
      agent: false,
      // Servers that end lines with LF alone are servers (RFC 9112 section 2.2).
      insecureHTTPParser: true,
      method,
      headers: { 'user-agent': 'vrrp-agent', connection: 'close', ...(host && { host }) },
      rejectUnauthorized: verify,
      ...(serverName === undefined ? {} : { servername: serverName }),
    };
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    return new Promise((resolve) => {
      const settle = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        request.destroy();
        resolve(outcome);
      };
      const open = this.#url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = open(this.#url, this.#request);
      const timer = setTimeout(() => settle(failed('no answer in time')), timeoutMs);
      request.once('response', (response) => this.#receive(response, settle));
      request.on('error', (error) => settle(failed(reasonOf(error))));
      request.end();
    });
  }

  close(): void {}

  /** Waits for the body only if it is needed. */
  #receive(response: IncomingMessage, settle: (outcome: ProbeOutcome) => void): void {
    const { statusCode = 0 } = response;
    const detail = `status ${statusCode}`;
    const { status, weight } = this.#options;
    if (!statusIn(status, statusCode)) settle(failed(detail));
    else if (this.#matches === undefined && weight === undefined) settle(passed(detail));
    else {
      readBody(response).then(
        (body) => settle(this.#judge(detail, body)),
        (error: unknown) => settle(failed(`${detail}: ${reasonOf(error)}`)),
      );
    }
  }

  #judge(detail: string, body: string): ProbeOutcome {
    if (this.#matches?.(body) === false) return failed(`${detail}, unexpected body`);
    if (this.#options.weight === undefined) return passed(detail);
    const value = numberIn(body);
    return value === undefined
      ? failed(`${detail}, not a number`)
      : { ...passed(`${value}`), value };
  }
}

/** Reads at most `ANSWER_MAX` bytes. */
async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= ANSWER_MAX) break;
  }
  return Buffer.concat(chunks).toString('utf8').slice(0, ANSWER_MAX);
}
