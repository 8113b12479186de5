/**
 * The optional HTTP listener: metrics, health and the status page. Read-only: changes go through the
 * control socket, which has permissions.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  boundedServer,
  closeServer,
  HTTP_LIMITS,
  type HttpLimits,
  hasBody,
  INTERNAL_ERROR,
  type Refusal,
  refuse,
  sendError,
  sendJson,
  sendText,
  UNEXPECTED_BODY,
} from '../../control/bounded-server.ts';
import type { ControlSource } from '../../control/protocol.ts';
import { answer } from '../../control/routes.ts';
import { type Endpoint, formatEndpoint, isLoopback } from '../../net/endpoint.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { HealthCheck } from './health.ts';
import { type StatusPage, statusPage } from './status-page.ts';

export interface HttpServerOptions {
  readonly listen: Endpoint;
  /** DNS names under which a client may address it, besides `localhost`. */
  readonly names: () => readonly string[];
  readonly source: ControlSource;
  readonly metrics: Metrics;
  readonly health: Pick<HealthCheck, 'check'>;
  /** HTML of the status page. */
  readonly page: string;
  /** Receives internal errors, for the log. */
  readonly onError?: (error: unknown) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** Documents of the control API that are served here. */
const DOCUMENTS: ReadonlyMap<string, string> = new Map([
  ['/status.json', '/v1/status'],
  ['/events.json', '/v1/events'],
  ['/ipvs.json', '/v1/ipvs'],
]);

const METHODS = 'GET, HEAD';

export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #page: StatusPage;
  readonly #server: Server;
  /** The text of this turn of the event loop. */
  #scraped: Promise<string> | undefined;

  private constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#page = statusPage(options.page);
    this.#server = boundedServer({ ...HTTP_LIMITS, ...options.limits }, (request, response) => {
      this.#handle(request, response).catch((error: unknown) => {
        options.onError?.(error);
        if (!response.headersSent) sendError(response, INTERNAL_ERROR);
        else response.destroy();
      });
    });
  }

  /** Throws `HttpListenError` if the port is not available. */
  static async listen(options: HttpServerOptions): Promise<HttpServer> {
    const http = new HttpServer(options);
    const { address, port } = options.listen;
    await new Promise<void>((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException) => reject(listenError(error, options.listen));
      http.#server.once('error', fail);
      http.#server.listen({ host: address, port }, () => {
        http.#server.off('error', fail);
        resolve();
      });
    });
    return http;
  }

  /** The port that the kernel chose, if port 0 was requested. */
  get port(): number {
    const bound = this.#server.address();
    return typeof bound === 'object' && bound !== null ? bound.port : this.#options.listen.port;
  }

  async close(): Promise<void> {
    await closeServer(this.#server);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const refusal = this.#refusalOf(request);
    if (refusal !== undefined) {
      refuse(response, refusal);
      return;
    }
    const { pathname, search } = targetOf(request);
    const path = DOCUMENTS.get(pathname);
    if (path !== undefined) this.#sendDocument(response, `${path}${search}`);
    else if (pathname === '/metrics') await this.#sendMetrics(response);
    else if (pathname === '/healthz') await this.#sendHealth(response);
    else if (pathname === '/') this.#sendPage(response);
    else refuse(response, { status: 404, code: 'not-found', message: 'no such path' });
  }

  #refusalOf(request: IncomingMessage): Refusal | undefined {
    if (hasBody(request)) return UNEXPECTED_BODY;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      const message = `this listener supports ${METHODS} only`;
      return { status: 405, code: 'method-not-allowed', message, allow: METHODS };
    }
    const { listen, names } = this.#options;
    const { host } = request.headers;
    if (isServed(host, isLoopback(listen.address) ? [] : names())) return undefined;
    const message = isLoopback(listen.address)
      ? 'this listener serves this host only: use localhost or an address'
      : 'this listener is not known by this name: use an address, or add the name to "http.names"';
    return { status: 421, code: 'misdirected-request', message };
  }

  #sendDocument(response: ServerResponse, target: string): void {
    const made = answer(this.#options.source, 'GET', target);
    switch (made.kind) {
      case 'document':
        sendJson(response, 200, made.document);
        return;
      case 'error':
        refuse(response, made);
        return;
      case 'follow': {
        const message = 'events can be followed on the control socket only';
        refuse(response, { status: 400, code: 'bad-request', message });
      }
    }
  }

  async #sendMetrics(response: ServerResponse): Promise<void> {
    const { metrics } = this.#options;
    sendText(response, 200, metrics.contentType, await this.#scrape());
  }

  /** One text for all requests that have arrived: with hundreds of instances it takes 50 ms and more. */
  #scrape(): Promise<string> {
    if (this.#scraped === undefined) {
      this.#scraped = this.#options.metrics.text();
      setImmediate(() => {
        this.#scraped = undefined;
      });
    }
    return this.#scraped;
  }

  async #sendHealth(response: ServerResponse): Promise<void> {
    const health = await this.#options.health.check();
    sendJson(response, health.healthy ? 200 : 503, health);
  }

  #sendPage(response: ServerResponse): void {
    response.setHeader('Content-Security-Policy', this.#page.policy);
    response.setHeader('Referrer-Policy', 'no-referrer');
    sendText(response, 200, 'text/html; charset=utf-8', this.#page.html);
  }
}

function targetOf({ url = '' }: IncomingMessage): { pathname: string; search: string } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { pathname: url, search: '' }
    : { pathname: url.slice(0, mark), search: url.slice(mark) };
}

/** Against DNS rebinding: a web page could point its own name here and read what a local browser may. */
function isServed(host: string | undefined, names: readonly string[]): boolean {
  if (host === undefined || /^([0-9.]+|\[[0-9a-f:.]+\])(:[0-9]+)?$/i.test(host)) return true;
  const name = host.replace(/:[0-9]+$/, '').toLowerCase();
  return name === 'localhost' || names.some((one) => one.toLowerCase() === name);
}

class HttpListenError extends Error {
  override readonly name = 'HttpListenError';
  readonly code = 'http-listen-failed';
  /** Error of the system call, as in errno(3). */
  readonly errno: string;

  constructor(errno: string, message: string) {
    super(message);
    this.errno = errno;
  }
}

function listenError(error: NodeJS.ErrnoException, endpoint: Endpoint): HttpListenError {
  const errno = error.code ?? '';
  return new HttpListenError(errno, `http.listen: ${reasonOf(errno, endpoint) ?? error.message}`);
}

function reasonOf(errno: string, endpoint: Endpoint): string | undefined {
  const where = formatEndpoint(endpoint);
  switch (errno) {
    case 'EADDRINUSE':
      return `${where} is in use by another program`;
    case 'EADDRNOTAVAIL':
      return `${endpoint.address} is not an address of this host`;
    case 'EACCES':
      return `no permission to listen on ${where}`;
    default:
      return undefined;
  }
}
