/**
 * Runs a scenario file of `bench/scenarios` with one program on every director. `vrrp-agent lab run`
 * runs the same files. A repetition whose expectations do not hold is discarded.
 */
import { join } from 'node:path';
import type { RunRecord, StepRecord, TakeoverRecord } from '../../src/lab/judge/record.ts';
import { Labs } from '../../src/lab/run/labs.ts';
import { runScenario } from '../../src/lab/run/run-scenario.ts';
import { loadScenarioFile } from '../../src/lab/scenario/load.ts';
import { type Scenario, withAgent } from '../../src/lab/scenario/scenario.ts';
import { addressBits, familyOf } from '../../src/net/address.ts';
import type { RouterSpec } from './contender.ts';
import { benchFolder } from './files.ts';
import type { ContenderName } from './row.ts';

/** The labs of running scenarios. */
export const scenarioLabs = new Labs();

export function scenarioNamed(name: string): Scenario {
  const file = join(benchFolder(), 'scenarios', `${name}.yaml`);
  const loaded = loadScenarioFile(file);
  if (loaded.ok) return loaded.value;
  throw new Error(`${file}: ${loaded.error.map(({ message }) => message).join('; ')}`);
}

export interface RouterVariant {
  readonly routers: readonly RouterSpec[];
  readonly virtualMac?: boolean;
}

/** The same steps with other virtual routers: IPv6, many addresses, virtual MACs. */
export function withRouters(scenario: Scenario, variant: RouterVariant): Scenario {
  const { routers, virtualMac = false } = variant;
  const nodes = scenario.nodes.map((node) => ({
    ...node,
    instances: routers.map(({ vrid, addresses }) => ({
      ...node.instances[0],
      ...(routers.length > 1 ? { name: `router-${vrid}` } : {}),
      ...(virtualMac ? { virtual_mac: true } : {}),
      vrid,
      addresses: addresses.map((address) => `${address}/${addressBits(familyOf(address))}`),
    })),
  }));
  const [first] = routers;
  const address = first?.addresses.at(-1);
  if (first === undefined || address === undefined) throw new Error('a router needs an address');
  const probes = scenario.probes.map((probe) => ({ ...probe, address }));
  return { ...scenario, nodes, probes, watched: { vrid: first.vrid, address } };
}

/** Every step this much later: at another part of the advertisement interval. */
export function later(scenario: Scenario, by: number): Scenario {
  return { ...scenario, steps: scenario.steps.map((step) => ({ ...step, at: step.at + by })) };
}

/** One repetition; throws if an expectation does not hold. Events cost the agents some time. */
export async function runOnce(
  scenario: Scenario,
  contender: ContenderName,
  { withEvents = false } = {},
): Promise<RunRecord> {
  const record = await runScenario(withAgent(scenario, contender), scenarioLabs, {
    ignoreEvents: !withEvents,
  });
  const failed = record.verdicts.filter(({ holds }) => !holds);
  if (failed.length === 0) return record;
  throw new Error(failed.map(({ expectation, seen }) => `${expectation}: ${seen}`).join('; '));
}

export function stepOf({ steps }: RunRecord, kind: string): StepRecord {
  const step = steps.find((one) => one.kind === kind);
  if (step === undefined) throw new Error(`the scenario has no step ${kind}`);
  return step;
}

/** The last takeover. */
export function takeoverOf({ takeovers }: RunRecord): TakeoverRecord {
  const last = takeovers.at(-1);
  if (last === undefined) throw new Error('no takeover');
  return last;
}

/**
 * The longest outage in the window, in milliseconds; an outage counts only with its part inside the
 * window.
 */
export function outageWithin(record: RunRecord, from: number, to = record.duration): number {
  const [probe] = record.probes;
  if (probe === undefined || probe.lost === probe.sent) throw new Error('the VIP never answered');
  const parts = probe.outages
    .filter((one) => one.to > from && one.from < to)
    .map((one) => Math.min(one.to, to) - Math.max(one.from, from));
  return Math.max(0, ...parts) / 1_000;
}
