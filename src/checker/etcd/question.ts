/**
 * One question to one member of etcd by its JSON gateway: a POST, with a deadline and a bounded answer.
 * `node:https` and not `fetch`, which cannot present a client certificate.
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { failure, type Result, success } from '../../net/result.ts';
import { boundInterim } from '../interim-responses.ts';
import { type EtcdFailure, failureOf, lateAnswer, notEtcd, refusalOf } from './failure.ts';

export interface EtcdTls {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface Question {
  readonly path: string;
  /** Several for a question that is a stream. */
  readonly body: object | readonly object[];
  /** Of the user; undefined: none. */
  readonly token: string | undefined;
  readonly timeoutMs: number;
  /** Ends the question early. */
  readonly signal: AbortSignal;
  /** That of the questions of one attempt; undefined: a connection of its own. */
  readonly connection?: EtcdConnection | undefined;
}

/** One connection, as long as an attempt lasts: one from before a cut would hang until TCP gives it up. */
export type EtcdConnection = HttpAgent;

/** An answer as etcd gave it. */
export interface Answer {
  /** One, or one for each line of a stream. */
  readonly documents: readonly unknown[];
  /** Unix time in milliseconds of the clock of etcd's host, to the second; undefined: not said. */
  readonly date: number | undefined;
}

/** More than 255 keys of this program need. */
const ANSWER_MAX = 256 * 1_024;

export class Gateway {
  readonly origin: string;
  readonly #tls: EtcdTls;

  constructor(origin: string, tls: EtcdTls) {
    this.origin = origin;
    this.#tls = tls;
  }

  /** Ends within the deadline, whatever the other side does. */
  ask(question: Question): Promise<Result<Answer, EtcdFailure>> {
    const { path, body, token, timeoutMs, signal, connection } = question;
    const text = bodyText(body);
    return new Promise((resolve) => {
      const settle = (result: Result<Answer, EtcdFailure>) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', abandon);
        if (!result.ok) request.destroy();
        resolve(result);
      };
      const abandon = () => settle(failure(ABANDONED));
      const request = this.#post(path, text, token, connection);
      const timer = setTimeout(
        () => settle(failure(lateAnswer(this.origin, timeoutMs))),
        timeoutMs,
      );
      signal.addEventListener('abort', abandon);
      boundInterim(request, (error) => settle(failure(failureOf(error, this.origin))));
      request.once('response', (response) => {
        readAnswer(response, this.origin).then(settle, (error: unknown) =>
          settle(failure(failureOf(error, this.origin))),
        );
      });
      request.once('upgrade', ({ statusCode = 0 }, socket) => {
        socket.destroy();
        settle(failure(notEtcd(statusCode, '', this.origin)));
      });
      request.on('error', (error) => settle(failure(failureOf(error, this.origin))));
      if (signal.aborted) abandon();
      else request.end(text);
    });
  }

  /**
   * An answer without an end: calls `line` for each document in it. Resolves when it ends, and never
   * before `signal` or the other side ends it.
   */
  follow(
    { path, body, token, signal }: Omit<Question, 'timeoutMs'>,
    line: (document: unknown) => void,
  ): Promise<EtcdFailure> {
    const text = bodyText(body);
    return new Promise((resolve) => {
      const settle = (why: EtcdFailure) => {
        signal.removeEventListener('abort', abandon);
        request.destroy();
        resolve(why);
      };
      const abandon = () => settle(ABANDONED);
      const request = this.#post(path, text, token);
      signal.addEventListener('abort', abandon);
      boundInterim(request, (error) => settle(failureOf(error, this.origin)));
      request.once('response', (response) => {
        void readStream(response, this.origin, line).then(settle);
      });
      request.on('error', (error) => settle(failureOf(error, this.origin)));
      if (signal.aborted) abandon();
      else request.end(text);
    });
  }

  /** For several questions one after the other; the caller destroys it. */
  connect(): EtcdConnection {
    const options = { keepAlive: true, maxSockets: 1 };
    return this.#isTls ? new HttpsAgent(options) : new HttpAgent(options);
  }

  get #isTls(): boolean {
    return this.origin.startsWith('https:');
  }

  #post(
    path: string,
    text: string,
    token: string | undefined,
    connection?: EtcdConnection,
  ): ClientRequest {
    const { ca, cert, key } = this.#tls;
    const open = this.#isTls ? requestHttps : requestHttp;
    return open(new URL(path, this.origin), {
      method: 'POST',
      agent: connection ?? false,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
        'User-Agent': 'vrrp-agent',
        ...(token === undefined ? {} : { Authorization: token }),
      },
    });
  }
}

function bodyText(body: Question['body']): string {
  return [body]
    .flat()
    .map((one) => JSON.stringify(one))
    .join('\n');
}

const ABANDONED: EtcdFailure = { code: 'abandoned', detail: 'the answer is no longer needed' };

async function readAnswer(
  response: IncomingMessage,
  origin: string,
): Promise<Result<Answer, EtcdFailure>> {
  const { statusCode = 0 } = response;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > ANSWER_MAX) return failure(notEtcd(statusCode, 'more than 256 KiB', origin));
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (statusCode !== 200) return failure(refusalOf(statusCode, text, origin));
  const documents = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(parsed);
  const whole = documents.filter((one) => one !== undefined);
  if (whole.length === 0 || whole.length < documents.length) {
    return failure(notEtcd(statusCode, text, origin));
  }
  const date = Date.parse(response.headers.date ?? '');
  return success({ documents: whole, date: Number.isFinite(date) ? date : undefined });
}

/** One JSON document in each line. */
async function readStream(
  response: IncomingMessage,
  origin: string,
  line: (document: unknown) => void,
): Promise<EtcdFailure> {
  const { statusCode = 0 } = response;
  if (statusCode !== 200) {
    const refused = await readAnswer(response, origin);
    return refused.ok ? notEtcd(statusCode, '', origin) : refused.error;
  }
  let rest = '';
  try {
    for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > ANSWER_MAX) return notEtcd(statusCode, 'an endless line', origin);
      for (const text of lines.filter((one) => one.trim() !== '')) {
        const document = parsed(text);
        if (document === undefined) return notEtcd(statusCode, text, origin);
        line(document);
      }
    }
  } catch (error) {
    return failureOf(error, origin);
  }
  return { code: 'unreachable', detail: `${origin} has ended the watch` };
}

/** Undefined: not an object. */
function parsed(text: string): unknown {
  try {
    const document = JSON.parse(text) as unknown;
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}
