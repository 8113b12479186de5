/** What people are told of a server whose check or load figure has another result. */
import type { ServiceSettings } from '../../../config/ipvs-settings.ts';
import { probeName, type ServerProbe } from '../../../net/probe.ts';
import type { ProbeChange } from '../../probes/probe-runner.ts';

export interface ServerNews {
  readonly level: 'info' | 'warn';
  readonly code: string;
  readonly message: string;
}

/**
 * That a server is up is no news where nothing else was known, nor is a weight that follows the load;
 * that nobody knows the load any more is.
 */
export function serverNews(
  { name, health }: ServiceSettings,
  probe: string,
  before: ProbeChange | undefined,
  { up, detail }: ProbeChange,
): ServerNews[] {
  if ((before?.up ?? true) === up) return [];
  const checked = serversAsking(health.checks, probe).map((server): ServerNews => {
    const message = `${name}: ${server} is ${up ? 'up' : 'down'}: ${detail}`;
    if (up) return { level: 'info', code: 'ipvs-server-up', message };
    return { level: 'warn', code: 'ipvs-server-down', message };
  });
  if (up) return checked;
  const weighed = serversAsking(health.weights, probe).map((server): ServerNews => {
    const message = `${name}: ${server} does not tell its load, the weight of the file counts: ${detail}`;
    return { level: 'warn', code: 'ipvs-weight-unknown', message };
  });
  return [...checked, ...weighed];
}

function serversAsking(probes: Readonly<Record<string, ServerProbe>>, name: string): string[] {
  return Object.entries(probes).flatMap(([server, probe]) =>
    probeName(probe) === name ? [server] : [],
  );
}
