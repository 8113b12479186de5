/** The HTTP listener of a running agent. Loaded only if one is configured. */
import { readFileSync } from 'node:fs';
import type { ControlSource } from '../../control/protocol.ts';
import { packageFile } from '../../files/package-files.ts';
import type { Endpoint } from '../../net/endpoint.ts';
import { isSame } from '../../net/equality.ts';
import { HealthCheck } from '../../observe/http/health.ts';
import { HttpServer, type HttpServerOptions } from '../../observe/http/http-server.ts';
import { createMetrics } from '../../observe/metrics/metrics.ts';
import type { AgentModel } from '../../observe/model.ts';
import { LATENESS_BOUNDS, LatenessHistogram } from '../../protocol/thread/lateness.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';

const STATUS_PAGE = 'src/observe/http/status-page.html';

/** The data that the listener serves. */
export type AgentSource = ControlSource & Pick<AgentModel, 'lastTransitionAt'>;

interface AgentHttpOptions {
  /** DNS names of this host. */
  readonly names: () => readonly string[];
  readonly source: AgentSource;
  readonly protocol: ProtocolWorker;
  readonly onError: (error: unknown) => void;
}

/** The HTTP listener, if any. Metrics keep their values when it moves to another address. */
export class AgentHttp {
  readonly #options: AgentHttpOptions;
  #parts: Pick<HttpServerOptions, 'metrics' | 'health' | 'page'> | undefined;
  #server: HttpServer | undefined;
  #listen: Endpoint | undefined;

  constructor(options: AgentHttpOptions) {
    this.#options = options;
  }

  /**
   * Undefined: closes the listener. If the new address is unavailable, keeps the former one and throws
   * `HttpListenError`.
   */
  async move(listen: Endpoint | undefined): Promise<void> {
    if (isSame(listen, this.#listen)) return;
    // A wildcard address conflicts with a specific one on the same port.
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
    const { names, source, protocol, onError } = this.#options;
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
        page: readFileSync(packageFile(STATUS_PAGE), 'utf8'),
      };
    }
    return HttpServer.listen({ listen, names, source, onError, ...this.#parts });
  }
}
