/**
 * Up while an HTTP server answers with an expected status and, if configured, an expected body. Each
 * run makes a new connection, as a client would. Redirections are a status like any other.
 */
import { createHash } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { IpAddress } from '../../net/address.ts';
import type {
  BodyDigest,
  Expectation,
  ProbeOutcome,
  StatusRange,
  WeightScale,
} from '../../net/probe.ts';
import { boundInterim } from '../interim-responses.ts';
import {
  ANSWER_MAX,
  BUSY_MATCH,
  LATE_MATCH,
  type Matcher,
  matcherOf,
  numberIn,
  statusIn,
} from './expectation.ts';
import type { PatternMatcher } from './pattern-matcher.ts';
import { couldNotLook, failed, failedBy, type Probe, passed } from './probe.ts';

/** Cookies and policies may be longer than Node's limit of 16 KiB. */
const HEADERS_MAX = 64 * 1_024;

export interface HttpProbeOptions {
  readonly url: string;
  readonly method?: string;
  readonly status: readonly (number | StatusRange)[];
  readonly host: string | undefined;
  readonly verify: boolean;
  readonly serverName?: string | undefined;
  readonly body?: Expectation | undefined;
  readonly digest?: BodyDigest | undefined;
  readonly source?: IpAddress;
  readonly weight?: WeightScale;
}

export class HttpProbe implements Probe {
  readonly #options: HttpProbeOptions;
  readonly #request: object;
  readonly #url: URL;
  readonly #matches: Matcher | undefined;
  /** A body that has this needs no end: a server may keep the connection. */
  readonly #enough: Buffer | undefined;

  constructor(options: HttpProbeOptions, patterns?: PatternMatcher) {
    const { url, method = 'GET', host, verify, serverName, body, source } = options;
    this.#options = options;
    this.#url = new URL(url);
    this.#matches = body === undefined ? undefined : matcherOf(body, patterns);
    const isAll = options.digest === undefined && options.weight === undefined;
    this.#enough = body?.kind === 'text' && isAll ? Buffer.from(body.text) : undefined;
    this.#request = {
      agent: false,
      // Servers that end lines with LF alone are servers (RFC 9112 section 2.2).
      insecureHTTPParser: true,
      maxHeaderSize: HEADERS_MAX,
      method,
      headers: { 'user-agent': 'vrrp-agent', connection: 'close', ...(host && { host }) },
      rejectUnauthorized: verify,
      ...(serverName === undefined ? {} : { servername: serverName }),
      ...(source === undefined ? {} : { localAddress: source }),
    };
  }

  run(timeoutMs: number): Promise<ProbeOutcome> {
    const deadline = performance.now() + timeoutMs;
    return new Promise((resolve) => {
      const settle = (outcome: ProbeOutcome) => {
        clearTimeout(timer);
        request.destroy();
        resolve(outcome);
      };
      const open = this.#url.protocol === 'https:' ? requestHttps : requestHttp;
      const request = open(this.#url, this.#request);
      const timer = setTimeout(() => settle(failed('no answer in time')), timeoutMs);
      boundInterim(request, (error) => settle(failedBy(error)));
      request.once('response', (response) => this.#receive(response, deadline, settle));
      request.once('upgrade', ({ statusCode = 0 }, socket) => {
        // The request has given up its socket and would not close it.
        socket.destroy();
        settle(this.#judgeStatus(statusCode) ?? failed(`status ${statusCode}, without a body`));
      });
      request.on('error', (error) => settle(failedBy(error)));
      request.end();
    });
  }

  close(): void {}

  /** Waits for the body only if it is needed. */
  #receive(
    response: IncomingMessage,
    deadline: number,
    settle: (outcome: ProbeOutcome) => void,
  ): void {
    const { statusCode = 0 } = response;
    const outcome = this.#judgeStatus(statusCode);
    if (outcome !== undefined) {
      settle(outcome);
      return;
    }
    const detail = `status ${statusCode}`;
    readBody(response, this.#options.digest?.algorithm, this.#enough)
      .then((body) => this.#judgeBody(detail, body, deadline))
      .then(settle, (error: unknown) => settle(failedBy(error, `${detail}: `)));
  }

  /** Undefined: the body decides. */
  #judgeStatus(code: number): ProbeOutcome | undefined {
    const { status, weight, digest } = this.#options;
    if (!statusIn(status, code)) return failed(`status ${code}`);
    return this.#matches === undefined && weight === undefined && digest === undefined
      ? passed(`status ${code}`)
      : undefined;
  }

  async #judgeBody(detail: string, answer: Body, deadline: number): Promise<ProbeOutcome> {
    const { text: body, digest } = answer;
    const expected = this.#options.digest;
    if (expected !== undefined && digest !== expected.hex) {
      return failed(`${detail}, unexpected digest ${expected.algorithm}:${digest}`);
    }
    const match = (await this.#matches?.(body, deadline)) ?? 'yes';
    if (match === 'busy') return couldNotLook(BUSY_MATCH);
    if (match === 'late') return failed(`${detail}, ${LATE_MATCH}`);
    if (match === 'no') return failed(`${detail}, unexpected body`);
    if (this.#options.weight === undefined) return passed(detail);
    const value = numberIn(body);
    return value === undefined
      ? failed(`${detail}, not a number`)
      : { ...passed(`${value}`), value };
  }
}

/** Without an end, a body would keep the checker busy until the deadline, at each run. */
const DIGESTED_MAX = 64 * 1_024 * 1_024;

interface Body {
  /** At most `ANSWER_MAX` bytes. */
  readonly text: string;
  /** Of the whole body, in hexadecimal; undefined: not asked for. */
  readonly digest: string | undefined;
}

/** Extensions may make a chunk of one byte kilobytes long (RFC 9112 section 7.1.1). */
function isMostlyFraming({ socket }: IncomingMessage, length: number): boolean {
  return socket.bytesRead > 4 * ANSWER_MAX + 16 * length;
}

/** Reads no more than is needed: all of the body for its digest, else until `enough`, or `ANSWER_MAX` bytes. */
async function readBody(
  response: IncomingMessage,
  algorithm: BodyDigest['algorithm'] | undefined,
  enough: Buffer | undefined,
): Promise<Body> {
  const hash = algorithm === undefined ? undefined : createHash(algorithm);
  const chunks: Buffer[] = [];
  let length = 0;
  let tail = Buffer.alloc(0);
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash?.update(chunk);
    if (length < ANSWER_MAX) chunks.push(chunk);
    length += chunk.length;
    if (enough !== undefined) {
      const seen = Buffer.concat([tail, chunk]);
      if (seen.includes(enough)) break;
      tail = seen.subarray(-enough.length);
    }
    if (hash === undefined) {
      if (length >= ANSWER_MAX || isMostlyFraming(response, length)) break;
    } else if (length > DIGESTED_MAX) throw new Error('more than 64 MiB');
    else if (isMostlyFraming(response, length)) throw new Error('chunks with little in them');
  }
  const text = Buffer.concat(chunks).toString('utf8').slice(0, ANSWER_MAX);
  return { text, digest: hash?.digest('hex') };
}
