/** Everybody who is told of changes of state hangs: what the protocol notices of it. */
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
/** Of both directors; nothing more goes onto it. */
const DISK = join(tmpdir(), `vrrp-agent-bench-${process.pid}.disk`);
const DISK_BYTES = 65_536;
const ORDERS = 5;
const HANGS = { command: ['/bin/sleep', '600'], timeout: '500ms' };

/** A command for each state, receivers that nobody is, and a pipe without a reader. */
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
    'Eight routers, adverts every 10 ms. Every command of notify sleeps until it is killed after 500 ms, ' +
    'one receiver of webhooks is not there and one does not answer ARP, nobody reads the named pipe. ' +
    'They start with the directors and end while it is measured. state_dir lies on a disk that is ' +
    `full, and the BACKUP is asked ${ORDERS} times for maintenance, which has to be kept there. ` +
    'keepalived is not measured.',
  async run(context) {
    const unsaid = new Samples();
    await fillDisk();
    try {
      const rows = await besideHanging(context, SPEC, async (pair) => {
        unsaid.add('vrrp-agent', await ordersTakenForKept(pair));
      });
      const what = 'orders taken that could not be kept, and nothing said';
      return [...rows, unsaid.row(what, '', [atMost('max', 0)])];
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

/** Maintenance that is on, and that a restart would end without a word. */
async function ordersTakenForKept({ lab, backup }: Pair): Promise<number> {
  const client = new ControlClient({ socket: agentSocket(lab, backup), timeoutMs: 20_000 });
  let taken = 0;
  for (let order = 0; order < ORDERS; order++) {
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
