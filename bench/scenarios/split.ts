/** VRRP is lost between the directors while everything else passes, and comes back. */
import type { RunRecord } from '../../src/lab/judge/record.ts';
import type { Scenario as LabScenario } from '../../src/lab/scenario/scenario.ts';
import { outageWithin, played, scenarioNamed, stepOf } from '../harness/played.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';

/** Microseconds, like all times of a record. */
const WATCHED = 8_000_000;
/** Steps by which healing falls on another part of the interval in each repetition. */
const PHASE = 230_000;
const INTERVAL = 1_000_000;
/** nft needs some time for the last rule to go: what is on the wire then is still of the split. */
const HEALED_WITHIN = 2_000_000;
const BEFORE = 100_000;

export const split: Scenario = {
  name: 'split',
  title: 'Split and healed',
  method:
    'The switch drops protocol 112 between the directors for 5 s, adverts every second; then the ' +
    '8 s after healing: the last advertisement of the loser, whether the winner announced the ' +
    'VIP, the longest time in which the client had no answer. Scenario split.',
  async run(context) {
    const found = { united: new Samples(), silent: new Samples(), blind: new Samples() };
    const file = scenarioNamed('split');
    await alternate(context, context.repetitions, async (contender, repetition) => {
      const scenario = healedLater(file, (repetition * PHASE) % INTERVAL);
      const seen = judged(await played(scenario, contender));
      found.united.add(contender, seen.united);
      found.silent.add(contender, seen.announced ? 0 : 1);
      found.blind.add(contender, seen.blind);
      context.say(
        `${contender}: healed: one MASTER after ${seen.united.toFixed(0)} ms, ` +
          `winner ${seen.announced ? 'announced' : 'silent'}, blind ${seen.blind.toFixed(1)} ms`,
      );
    });
    return [
      found.united.row('healed: until there is one MASTER', 'ms', [atMost('max', 1_000)]),
      found.silent.row('healed: the winner did not announce', '', [atMost('max', 0)]),
      found.blind.row('healed: client outage', 'ms', [keepalivedPlus('median')]),
    ];
  },
};

function healedLater(scenario: LabScenario, by: number): LabScenario {
  const steps = scenario.steps.map((step) =>
    step.action.kind === 'heal' ? { ...step, at: step.at + by } : step,
  );
  return { ...scenario, steps };
}

function judged(record: RunRecord) {
  const [winner, loser] = record.nodes;
  const healed = stepOf(record, 'heal').done;
  const last = loser?.adverts.at(-1) ?? healed;
  const announced = winner?.announcements.some((at) => at > healed - HEALED_WITHIN) ?? false;
  const blind = outageWithin(record, healed - BEFORE, healed + WATCHED);
  return { united: Math.max(0, last - healed) / 1_000, announced, blind };
}
