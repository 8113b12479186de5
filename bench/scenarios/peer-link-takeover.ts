/** With a peer link: the MASTER can no longer serve, in three ways. */
import { masterDownInterval } from '../../fsm/vrrp/timing.ts';
import type { RunRecord } from '../../src/lab/judge/record.ts';
import { longestDual } from '../../src/lab/judge/spans.ts';
import { seconds } from '../../src/net/time.ts';
import { BACKUP_PRIORITY } from '../harness/pair.ts';
import { atMost, type Bar, type Row, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';
import { later, outageWithin, runOnce, scenarioNamed, stepOf } from '../harness/scenario-run.ts';

/** Each repetition begins at another part of the advertisement interval. */
const PHASE = 230_000;
const INTERVAL = 1_000_000;

export const peerLinkTakeover: Scenario = {
  name: 'peer-link-takeover',
  title: 'Peer link: the MASTER cannot serve',
  method:
    'Adverts every second, a heartbeat of 50 ms on a second network, one echo request per ' +
    'millisecond. The switch port of the MASTER goes down; its host dies on both networks, with ' +
    '`dead_after: 200ms`; frames of the MASTER are dropped one way, with the client as third host: ' +
    'time from its last advertisement that passed to the first of the BACKUP, minus the ' +
    'Master_Down_Interval. Each in another part of the interval. keepalived has one network. ' +
    'Scenarios peer-link-cable, peer-link-dead, peer-link-one-way.',
  async run(context) {
    const cable = await outagesOf(context, 'peer-link-cable', 'link_down', [
      atMost('median', 25),
      atMost('max', 60),
    ]);
    const dead = await outagesOf(context, 'peer-link-dead', 'crash', [atMost('median', 300)]);
    return [...cable, ...dead, ...(await oneWay(context))];
  },
};

const WHAT: Readonly<Record<string, string>> = {
  'peer-link-cable': 'client outage, switch port of the MASTER down',
  'peer-link-dead': 'client outage, host of the MASTER dead on both networks',
};

async function outagesOf(
  context: ScenarioContext,
  file: string,
  step: string,
  bars: readonly Bar[],
): Promise<readonly Row[]> {
  const samples = new Samples();
  const scenario = scenarioNamed(file);
  await alternate(context, context.repetitions, async (contender, repetition) => {
    const record = await runOnce(later(scenario, (repetition * PHASE) % INTERVAL), contender);
    const outage = outageWithin(record, stepOf(record, step).from);
    samples.add(contender, outage);
    context.log(`${contender}: ${file}: ${outage.toFixed(1)} ms without answer`);
  });
  const rows = [samples.row(WHAT[file] ?? file, 'ms', bars)];
  context.saveRows(rows);
  return rows;
}

async function oneWay(context: ScenarioContext): Promise<readonly Row[]> {
  const found = { late: new Samples(), dual: new Samples() };
  const scenario = scenarioNamed('peer-link-one-way');
  await alternate(context, context.repetitions, async (contender, repetition) => {
    const record = await runOnce(later(scenario, (repetition * PHASE) % INTERVAL), contender);
    const seen = { late: overFormula(record), dual: dualIn(record) };
    found.late.add(contender, seen.late);
    found.dual.add(contender, seen.dual);
    context.log(
      `${contender}: one way: takeover ${seen.late.toFixed(1)} ms over the formula, ` +
        `VIP on both for ${seen.dual.toFixed(1)} ms`,
    );
  });
  const rows = [
    found.late.row('takeover over the formula, frames of the MASTER dropped one way', 'ms', [
      atMost('max', 0),
    ]),
    found.dual.row('VIP on both, frames of the MASTER dropped one way', 'ms', [atMost('max', 50)]),
  ];
  context.saveRows(rows);
  return rows;
}

/** From the last advertisement that passed, less the Master_Down_Interval; in milliseconds. */
function overFormula(record: RunRecord): number {
  const [master, backup] = record.nodes;
  const { from, done } = stepOf(record, 'partition');
  const last = master?.adverts.filter((at) => at <= from).at(-1);
  const first = backup?.adverts.find((at) => at > from);
  if (last === undefined || first === undefined) throw new Error('the BACKUP did not take over');
  // One that is sent while the switch changes its rules may have passed.
  const isDoubtful = master?.adverts.some((at) => at > from && at <= done);
  if (isDoubtful === true) throw new Error('an advertisement fell into the change of the switch');
  return (first - last - masterDownInterval(3, BACKUP_PRIORITY, seconds(1))) / 1_000;
}

/** Milliseconds. */
function dualIn(record: RunRecord): number {
  const dual = longestDual(record.nodes, { from: 0, to: record.duration });
  return dual === undefined ? 0 : (dual.to - dual.from) / 1_000;
}
