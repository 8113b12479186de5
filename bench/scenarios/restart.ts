/** New processes take over from running ones: the effect on clients and on the peer. */
import { ControlClient } from '../../src/control/client.ts';
import { agentFile, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { Prober, probesIn } from '../../src/lab/probes/probe.ts';
import { nodeProgram } from '../../src/lab/program.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { advertsOf } from '../harness/adverts.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import type { Scenario } from '../harness/scenario.ts';

const INTERVAL = 1_000;
const SPEC = { routers: ONE_ROUTER, intervalMilliseconds: INTERVAL };
const RESTARTS = 20;
const PROBE_MICROSECONDS = 2_000;

export const restart: Scenario = {
  name: 'restart',
  title: 'Restart without interruption',
  method:
    `\`run --takeover\` on the MASTER ${RESTARTS} times in a row, adverts every second, one echo request ` +
    'every 2 ms from the client. Transitions are events of the BACKUP. keepalived has no such ' +
    'feature: its restart is a planned stop and return, above.',
  async run(context) {
    const lost = new Samples();
    const noticed = new Samples();
    const late = new Samples();
    await withPair('vrrp-agent', SPEC, async (pair) => {
      const { lab, master, backup, address } = pair;
      const before = await transitionsOf(pair);
      const prober = await Prober.start(lab, address, PROBE_MICROSECONDS);
      await sleep(500);
      for (let turn = 0; turn < (context.quick ? 3 : RESTARTS); turn++) await replace(pair, turn);
      await sleep(2 * INTERVAL);
      const frames = await prober.stop();
      const probes = probesIn(frames, address);
      const missing = probes.filter(({ answeredAt }) => answeredAt === undefined).length;
      lost.add('vrrp-agent', missing);
      noticed.add('vrrp-agent', (await transitionsOf(pair)) - before);
      const times = advertsOf(frames, pair.sourceOf(master)).map(({ at }) => at);
      for (const [index, at] of times.slice(1).entries()) {
        late.add('vrrp-agent', Math.abs(at - (times[index] ?? at) - INTERVAL * 1_000) / 1_000);
      }
      const taken = advertsOf(frames, pair.sourceOf(backup)).length;
      context.log(`${probes.length} probes, ${missing} lost; ${taken} adverts of the BACKUP`);
    });
    return [
      lost.row(`probes lost in ${RESTARTS} restarts`, '', [atMost('max', 0)]),
      noticed.row('transitions of the peer', '', [atMost('max', 0)]),
      late.row('interval error of the MASTER', 'ms'),
    ];
  },
};

/** Resolves once the next process answers. */
async function replace({ lab, master }: Pair, turn: number): Promise<void> {
  const client = new ControlClient({ socket: agentSocket(lab, master) });
  const { pid } = await client.status();
  const config = agentFile(lab, master);
  const args = [...nodeProgram('src/cli/main.js'), 'run', '--takeover', '--config', config];
  const label = `${master.name}-next-${turn}`;
  const next = await lab.spawn(master, process.execPath, args, { label, log: true });
  const answers = async () => {
    const status = await client.status().catch(() => undefined);
    return status !== undefined && status.pid !== pid;
  };
  await waitFor(label, answers, { unless: next.ended, milliseconds: 20_000 });
}

async function transitionsOf({ lab, backup }: Pair): Promise<number> {
  const { events } = await new ControlClient({ socket: agentSocket(lab, backup) }).events();
  return events.filter(({ kind }) => kind === 'transition').length;
}
