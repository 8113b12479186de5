/** How often routers of vrrp-agent have become MASTER, as the agents count it (RFC 8347). */
import { ControlClient } from '../../src/control/client.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import type { LabHost } from '../../src/lab/topology/layout.ts';
import type { Pair } from './pair.ts';

/** A status document of 255 routers is large. */
const TIMEOUT_MILLISECONDS = 20_000;

export function agentClient({ lab }: Pair, host: LabHost): ControlClient {
  return new ControlClient({ socket: agentSocket(lab, host), timeoutMs: TIMEOUT_MILLISECONDS });
}

/** On both directors, since their agents were started. */
export async function mastershipsOf(pair: Pair): Promise<number> {
  const hosts = [pair.master, pair.backup];
  const all = await Promise.all(hosts.map((host) => agentClient(pair, host).status()));
  const counts = all.flatMap(({ instances }) =>
    instances.map(({ ietf_vrrp }) => Number(ietf_vrrp?.statistics['master-transitions'] ?? 0)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
