import { readFileSync } from 'node:fs';
import { onTestFinished } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import type { Health } from '../../../../src/observe/http/health.ts';
import { HttpServer, type HttpServerOptions } from '../../../../src/observe/http/http-server.ts';
import { createMetrics } from '../../../../src/observe/metrics/metrics.ts';
import type { AgentModel } from '../../../../src/observe/model.ts';

export const PAGE = readFileSync(
  new URL('../../../../src/observe/http/status-page.html', import.meta.url),
  'utf8',
);

export interface RunningHttp {
  readonly http: HttpServer;
  /** Without a slash at the end. */
  readonly url: string;
}

/** A listener on a free port that is closed after the test. */
export async function runHttp(
  model: AgentModel,
  more: Partial<HttpServerOptions> & { readonly answerHealth?: () => Health } = {},
): Promise<RunningHttp> {
  const { answerHealth = () => ({ healthy: true }), ...options } = more;
  const source = {
    status: () => model.status(),
    lastTransitionAt: (instance: string) => model.lastTransitionAt(instance),
    eventsAfter: (sequence: number) => model.eventsAfter(sequence),
    subscribe: (listener: Parameters<AgentModel['subscribe']>[0]) => model.subscribe(listener),
    config: () => ({ secret: 'not to be seen' }),
  };
  const lateness = { bounds: [1_000], read: () => ({ buckets: [3, 1], sum: 5_000 }) };
  const http = await HttpServer.listen({
    listen: { address: ip('127.0.0.1'), port: 0 },
    names: () => [],
    source,
    metrics: createMetrics({ ...source, lateness }),
    health: { check: () => Promise.resolve(answerHealth()) },
    page: PAGE,
    ...options,
  });
  onTestFinished(() => http.close());
  return { http, url: `http://127.0.0.1:${http.port}` };
}
