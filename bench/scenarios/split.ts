/** The switch drops VRRP between the directors for a while, and nothing else. */
import type { RunRecord } from '../../src/lab/judge/record.ts';
import type { Scenario as LabScenario } from '../../src/lab/scenario/scenario.ts';
import { atMost, keepalivedPlus, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { outageWithin, runOnce, scenarioNamed, stepOf } from '../harness/scenario-run.ts';

/** Microseconds, like all times in a record. */
const WATCHED = 8_000_000;
/** Each repetition heals this much later within the advertisement interval. */
const PHASE = 230_000;
const INTERVAL = 1_000_000;
/** nft removes the last rule late: packets before that still belong to the split. */
const HEALED_WITHIN = 2_000_000;
const BEFORE = 100_000;

export const split: Scenario = {
  name: 'split',
  title: 'Split and healed',
  method:
    'The switch drops protocol 112 between the directors for 5 s, adverts every second. In the 8 s ' +
    'after healing: the last advertisement of the lower priority, whether the higher one announced ' +
    'the VIP, and the longest outage of the client. Scenario split.',
  async run(context) {
    const found = { united: new Samples(), silent: new Samples(), blind: new Samples() };
    const file = scenarioNamed('split');
    await alternate(context, context.repetitions, async (contender, repetition) => {
      const scenario = healedLater(file, (repetition * PHASE) % INTERVAL);
      const seen = judged(await runOnce(scenario, contender));
      found.united.add(contender, seen.united);
      found.silent.add(contender, seen.announced ? 0 : 1);
      found.blind.add(contender, seen.blind);
      context.log(
        `${contender}: healed: one MASTER after ${seen.united.toFixed(0)} ms, ` +
          `winner ${seen.announced ? 'announced' : 'silent'}, blind ${seen.blind.toFixed(1)} ms`,
      );
    });
    return [
      found.united.row('healed: time until there is one MASTER', 'ms', [atMost('max', 1_000)]),
      found.silent.row('healed: MASTER did not announce the VIP', '', [atMost('max', 0)]),
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
