/** The HTTP listener of a running agent. Loaded only where the configuration asks for one. */
import { readFileSync } from 'node:fs';
import type { ControlSource } from '../control/protocol.ts';
import type { Endpoint } from '../net/endpoint.ts';
import { HealthCheck } from '../observe/health.ts';
import { HttpServer } from '../observe/http-server.ts';
import { createMetrics } from '../observe/metrics.ts';
import { LATENESS_BOUNDS, LatenessHistogram } from './lateness.ts';
import type { ProtocolWorker } from './protocol-worker.ts';

export interface AgentHttpOptions {
  readonly listen: Endpoint;
  readonly source: ControlSource;
  readonly protocol: ProtocolWorker;
  readonly onError: (error: unknown) => void;
}

/** Throws `HttpListenError` when the port is not to be had. */
export function openHttp(options: AgentHttpOptions): Promise<HttpServer> {
  const { listen, source, protocol, onError } = options;
  const lateness = new LatenessHistogram(new Float64Array(protocol.memory.lateness));
  return HttpServer.listen({
    listen,
    source,
    onError,
    metrics: createMetrics({
      status: () => source.status(),
      subscribe: (listener) => source.subscribe(listener),
      lateness: { bounds: LATENESS_BOUNDS, read: () => lateness.read() },
    }),
    health: new HealthCheck({ ping: () => protocol.ping(), now: () => performance.now() }),
    page: readFileSync(new URL('../../../src/observe/status-page.html', import.meta.url), 'utf8'),
  });
}
