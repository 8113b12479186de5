/** All receivers of notifications hang: the effect on advertisements. */
import { mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ControlClient } from '../../src/control/client.ts';
import { RefusedRequest } from '../../src/control/control-error.ts';
import { run as runCommand } from '../../src/lab/command.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { sleep } from '../../src/lab/wait.ts';
import { besideHanging } from '../harness/beside.ts';
import type { Pair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import type { Scenario } from '../harness/scenario.ts';

const INTERVAL = 10_000;
const FIFO = join(tmpdir(), `vrrp-agent-bench-${process.pid}.fifo`);
/** `state_dir` of both directors; the disk is full. */
const DISK = join(tmpdir(), `vrrp-agent-bench-${process.pid}.disk`);
const DISK_BYTES = 65_536;
const REQUESTS = 5;
const HANGS = { command: ['/bin/sleep', '600'], timeout: '500ms' };

/** A command for each state, unreachable webhooks, and a pipe without a reader. */
const NOTIFY = {
  state_dir: DISK,
  notify: {
    fifo: FIFO,
    webhooks: ['http://192.0.2.254:8099/', 'http://127.0.0.1:8099/'].map((url) => ({
      url,
      timeout: '500ms',
    })),
  },
  defaults: { notify: { master: HANGS, backup: HANGS, any: HANGS } },
};

const SPEC = {
  routers: manyRouters(8),
  intervalMilliseconds: INTERVAL / 1_000,
  direct: true,
  agentKeys: NOTIFY,
};

export const notified: Scenario = {
  name: 'notified',
  title: 'Commands, pipes and webhooks that hang, and a full disk',
  method:
    'Eight routers, adverts every 10 ms. Every notify command sleeps until it is killed after 500 ms, ' +
    'one webhook receiver refuses connections and one does not answer ARP, the named pipe has no ' +
    'reader. They start with the directors and end during the measurement. state_dir is on a full ' +
    `disk, and ${REQUESTS} requests ask the BACKUP for maintenance, which must be saved there. ` +
    'keepalived is not measured.',
  async run(context) {
    const unsaved = new Samples();
    await fillDisk();
    try {
      const rows = await besideHanging(context, SPEC, async (pair) => {
        unsaved.add('vrrp-agent', await unsavedMaintenance(pair));
      });
      const what = 'maintenance accepted although it could not be saved';
      return [...rows, unsaved.row(what, '', [atMost('max', 0)])];
    } finally {
      await runCommand('umount', [DISK]);
      rmdirSync(DISK);
      rmSync(FIFO, { force: true });
    }
  },
};

async function fillDisk(): Promise<void> {
  mkdirSync(DISK);
  await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', DISK]);
  mkdirSync(join(DISK, 'instances'));
  try {
    writeFileSync(join(DISK, 'full'), Buffer.alloc(2 * DISK_BYTES));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

/** Counts requests that succeed although a restart would lose them. */
async function unsavedMaintenance({ lab, backup }: Pair): Promise<number> {
  const client = new ControlClient({ socket: agentSocket(lab, backup), timeoutMs: 20_000 });
  let taken = 0;
  for (let request = 0; request < REQUESTS; request++) {
    await sleep(500);
    try {
      await client.operate('router-8', 'maintenance', { mode: 'on', wait: '1s' });
      taken++;
    } catch (error) {
      if (!(error instanceof RefusedRequest) || error.code !== 'state-not-saved') throw error;
    }
  }
  return taken;
}
