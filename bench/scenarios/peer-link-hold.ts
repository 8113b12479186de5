/** With a peer link: failures in which the MASTER serves, and nothing may move. */
import type { RunRecord } from '../../src/lab/judge/record.ts';
import { atMost, CONTENDERS, type ContenderName, type Row, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';
import { runOnce, scenarioNamed, stepOf } from '../harness/scenario-run.ts';

/** Master_Down_Interval of priority 100 at 1 s. */
const MASTER_DOWN_MILLISECONDS = 3_609.375;

interface Case {
  readonly file: string;
  readonly what: string;
  readonly contenders: readonly ContenderName[];
  /** How soon the BACKUP says that VRRP does not pass. */
  readonly isReported?: true;
}

const CASES: readonly Case[] = [
  {
    ...{ file: 'peer-link-blocked', what: 'VRRP blocked for 30 s' },
    ...{ contenders: CONTENDERS, isReported: true },
  },
  { file: 'peer-link-deaf', what: 'receiver of the BACKUP dead for 8 s', contenders: CONTENDERS },
  { file: 'peer-link-lost', what: 'link network down for 6 s', contenders: ['vrrp-agent'] },
  { file: 'peer-link-isolated', what: 'ports isolated for 8 s', contenders: ['vrrp-agent'] },
];

export const peerLinkHold: Scenario = {
  name: 'peer-link-hold',
  title: 'Peer link: the MASTER serves',
  method:
    'Adverts every second, a heartbeat of 50 ms on a second network, one echo request per ' +
    'millisecond. How long both directors had the VIP, how many requests were lost and how often a ' +
    'director became MASTER, until some seconds after the end of the failure; and when the BACKUP ' +
    'reported the lost path. Scenarios peer-link-blocked, -deaf, -lost, -isolated.',
  async run(context) {
    const rows: Row[] = [];
    for (const one of CASES) rows.push(...(await measured(context, one)));
    return rows;
  },
};

async function measured(context: ScenarioContext, one: Case): Promise<readonly Row[]> {
  const { file, what, contenders, isReported = false } = one;
  const found = {
    dual: new Samples(),
    lost: new Samples(),
    moves: new Samples(),
    reported: new Samples(),
  };
  const scenario = scenarioNamed(file);
  const some = context.contenders.filter((name) => contenders.includes(name));
  await alternate({ ...context, contenders: some }, context.repetitions, async (contender) => {
    const record = await runOnce(scenario, contender, { withEvents: isReported });
    const { dual, lost, transitions } = record.numbers;
    found.dual.add(contender, dual / 1_000);
    found.lost.add(contender, lost);
    found.moves.add(contender, transitions);
    const reported = isReported && contender === 'vrrp-agent' ? reportedAfter(record) : undefined;
    if (reported !== undefined) found.reported.add(contender, reported);
    context.log(
      `${contender}: ${what}: VIP on both for ${(dual / 1_000).toFixed(1)} ms, ${lost} lost, ${transitions} transitions` +
        (reported === undefined ? '' : `, reported after ${reported.toFixed(0)} ms`),
    );
  });
  const rows = [
    found.dual.row(`VIP on both, ${what}`, 'ms', [atMost('max', 0)]),
    found.lost.row(`requests lost, ${what}`, '', [atMost('max', 0)]),
    found.moves.row(`takeovers, ${what}`, '', [atMost('max', 0)]),
    ...(isReported
      ? [
          found.reported.row(`time until reported, ${what}`, 'ms', [
            atMost('max', MASTER_DOWN_MILLISECONDS),
          ]),
        ]
      : []),
  ];
  context.saveRows(rows);
  return rows;
}

/** Milliseconds from the failure to the event. */
function reportedAfter(record: RunRecord): number {
  const event = record.events.find(({ kind }) => kind === 'vrrp-path-lost');
  if (event === undefined) throw new Error('the lost path was not reported');
  return (event.at - stepOf(record, 'partition').from) / 1_000;
}
