/** The HTTP listener of a running agent. Loaded only where the configuration asks for one. */
import { readFileSync } from 'node:fs';
import type { ControlSource } from '../control/protocol.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { isSame } from '../net/equality.ts';
import { HealthCheck } from '../observe/http/health.ts';
import { HttpServer, type HttpServerOptions } from '../observe/http/http-server.ts';
import { createMetrics } from '../observe/metrics/metrics.ts';
import type { AgentModel } from '../observe/model.ts';
import { LATENESS_BOUNDS, LatenessHistogram } from '../protocol/thread/lateness.ts';
import type { ProtocolWorker } from '../protocol/thread/protocol-worker.ts';

const STATUS_PAGE = new URL('../../../src/observe/http/status-page.html', import.meta.url);

/** What the listener answers from. */
export type AgentSource = ControlSource & Pick<AgentModel, 'lastTransitionAt'>;

export interface AgentHttpOptions {
  readonly source: AgentSource;
  readonly protocol: ProtocolWorker;
  readonly onError: (error: unknown) => void;
}

/** Where the agent answers over HTTP, if anywhere. What is counted goes on when it moves. */
export class AgentHttp {
  readonly #options: AgentHttpOptions;
  #parts: Pick<HttpServerOptions, 'metrics' | 'health' | 'page'> | undefined;
  #server: HttpServer | undefined;
  #listen: Endpoint | undefined;

  constructor(options: AgentHttpOptions) {
    this.#options = options;
  }

  /**
   * Undefined: nowhere. Throws `HttpListenError` when the port is not to be had, and goes on where it
   * was.
   */
  async move(listen: Endpoint | undefined): Promise<void> {
    if (isSame(listen, this.#listen)) return;
    // Two addresses with one port may be in each other's way.
    const former = this.#listen;
    if (former?.port === listen?.port) await this.close();
    let server: HttpServer | undefined;
    try {
      server = listen === undefined ? undefined : await this.#open(listen);
    } catch (error) {
      if (this.#server === undefined && former !== undefined) {
        this.#server = await this.#open(former);
        this.#listen = former;
      }
      throw error;
    }
    await this.close();
    this.#server = server;
    this.#listen = listen;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#listen = undefined;
    await server?.close();
  }

  #open(listen: Endpoint): Promise<HttpServer> {
    const { source, protocol, onError } = this.#options;
    if (this.#parts === undefined) {
      const lateness = new LatenessHistogram(new Float64Array(protocol.memory.lateness));
      this.#parts = {
        metrics: createMetrics({
          status: () => source.status(),
          ipvs: () => source.ipvs?.(),
          lastTransitionAt: (instance) => source.lastTransitionAt(instance),
          subscribe: (listener) => source.subscribe(listener),
          lateness: { bounds: LATENESS_BOUNDS, read: () => lateness.read() },
        }),
        health: new HealthCheck({ ping: () => protocol.ping(), now: () => performance.now() }),
        page: readFileSync(STATUS_PAGE, 'utf8'),
      };
    }
    return HttpServer.listen({ listen, source, onError, ...this.#parts });
  }
}
