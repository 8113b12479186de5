/** Everybody who is told of changes of state hangs: what the protocol notices of it. */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../../src/lab/wait.ts';
import { advertsOf } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { withPair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import type { Scenario } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';

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
    const found = { missed: new Samples(), errorP99: new Samples() };
    const milliseconds = context.quick ? 5_000 : 20_000;
    await withPair('vrrp-agent', SPEC, async (pair) => {
      const master = pair.master.address;
      const filter = `ip proto 112 and src ${master} and ip[21] == 1`;
      const capture = await BurstCapture.start(pair.lab, pair.backup, filter);
      await sleep(milliseconds);
      const times = advertsOf(await capture.stop(), master).map(({ at }) => at);
      const seen = regularityOf(times, INTERVAL);
      found.missed.add('vrrp-agent', seen.missed);
      found.errorP99.add('vrrp-agent', quantile(seen.errors, 0.99) ?? Number.NaN);
      context.say(`vrrp-agent: ${seen.adverts} adverts beside hanging commands`);
    });
    rmSync(FIFO, { force: true });
    return [
      found.missed.row('missed adverts', '', [atMost('max', 0)]),
      found.errorP99.row('interval error, p99', 'ms', [atMost('max', 1)]),
    ];
  },
};
