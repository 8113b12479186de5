/** The answer of `reload`, from its plan. */
import type { AgentPlan, InstancePlan, KeyChange, ReloadPlan } from '../config/diff.ts';
import type {
  FindingDocument,
  InstanceReloadDocument,
  KeyChangeDocument,
  ReloadDocument,
} from '../control/protocol.ts';
import type { StateName } from '../protocol/engine/reports.ts';

interface Circumstances {
  readonly plan: ReloadPlan;
  readonly file: string;
  readonly applied: boolean;
  /** By instance. */
  readonly states: ReadonlyMap<string, StateName>;
  readonly warnings: readonly FindingDocument[];
  readonly lacking: readonly string[];
  readonly cuts: NonNullable<ReloadDocument['cuts']>;
}

export function reloadDocument(given: Circumstances): ReloadDocument {
  const { plan, file, applied, states, warnings, lacking, cuts } = given;
  return {
    applied,
    file,
    instances: plan.instances.map((one) => instanceDocument(one, states)),
    unchanged: plan.unchanged,
    agent: plan.agent.map((one: AgentPlan) => ({ ...keyDocument(one), effect: one.effect })),
    warnings,
    ...(lacking.length === 0 ? {} : { host_lacks: lacking }),
    ...(cuts.length === 0 ? {} : { cuts }),
  };
}

function instanceDocument(
  { name, formerName, action, changes }: InstancePlan,
  states: ReadonlyMap<string, StateName>,
): InstanceReloadDocument {
  const state = action === 'start' ? null : (states.get(formerName ?? name) ?? null);
  return {
    name,
    former_name: formerName ?? null,
    action,
    state,
    costs_mastership: state === 'MASTER' && (action === 'stop' || action === 'restart'),
    changes: changes.map(keyDocument),
  };
}

function keyDocument({ key, from, to }: KeyChange): KeyChangeDocument {
  return { key, from: from ?? null, to: to ?? null };
}
