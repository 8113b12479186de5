/** A planned move by the control socket, as `vrrp-agent failover` asks for it. */
import type { ControlClient } from '../../src/control/client.ts';

/** Milliseconds until the agent answers that the other director has the VIPs. */
export async function handOver(client: ControlClient, instance: string): Promise<number> {
  // The connection and the code of the client are not measured.
  await client.status();
  const startedAt = performance.now();
  const { outcome } = await client.operate(instance, 'failover', { wait: '10s' });
  const done = performance.now() - startedAt;
  if (outcome !== 'handed-over') throw new Error(`the failover ended as ${outcome}`);
  return done;
}
