/** Everybody who is told of changes of state hangs: what the protocol notices of it. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { besideHanging } from '../harness/beside.ts';
import { manyRouters } from '../harness/routers.ts';
import type { Scenario } from '../harness/scenario.ts';

const INTERVAL = 10_000;
const FIFO = join(tmpdir(), `vrrp-agent-bench-${process.pid}.fifo`);
const HANGS = { command: ['/bin/sleep', '600'], timeout: '500ms' };

/** A command for each state, receivers that nobody is, and a pipe without a reader. */
const NOTIFY = {
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
  title: 'Commands, pipes and webhooks that hang',
  method:
    'Eight routers, adverts every 10 ms. Every command of notify sleeps until it is killed after 500 ms, ' +
    'one receiver of webhooks is not there and one does not answer ARP, nobody reads the named pipe. ' +
    'They start with the directors and end while it is measured. keepalived is not measured.',
  async run(context) {
    const rows = await besideHanging(context, SPEC);
    rmSync(FIFO, { force: true });
    return rows;
  },
};
