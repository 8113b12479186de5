/**
 * Takes this director out of service, runs a command, and puts it back if the command succeeded:
 *
 *   node maintenance.js apt-get -y upgrade
 */
import { spawnSync } from 'node:child_process';
import { ControlClient, ControlError, DEFAULT_SOCKET, RefusedRequest } from 'vrrp-agent/client';

const socket = process.env['VRRP_AGENT_SOCKET'] ?? DEFAULT_SOCKET;
// A planned failover may take as long as its `wait`.
const client = new ControlClient({ socket, timeoutMs: 30_000 });

async function setMaintenance(mode: 'on' | 'off', reason?: string): Promise<void> {
  const { instances } = await client.status();
  for (const { name } of instances) {
    const request = reason === undefined ? { mode } : { mode, reason, wait: '10s' };
    const { outcome, state, gap_ms } = await client.operate(name, 'maintenance', request);
    const gap = gap_ms === null ? '' : `, ${gap_ms} ms without a director`;
    console.log(`${name}: ${outcome}, now ${state}${gap}`);
  }
}

const [program, ...args] = process.argv.slice(2);
if (program === undefined) {
  console.error('usage: node maintenance.js COMMAND [ARGUMENT...]');
  process.exit(2);
}
try {
  await setMaintenance('on', `${program} ${args.join(' ')}`.trim());
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error !== undefined || status !== 0) {
    console.error(`${program} failed: this director stays in maintenance`);
    process.exit(1);
  }
  await setMaintenance('off');
} catch (error) {
  if (!(error instanceof ControlError || error instanceof RefusedRequest)) throw error;
  // `no-successor`: no other director would take over, and nothing has changed.
  console.error(`${error.code}: ${error.message}`);
  process.exit(1);
}
