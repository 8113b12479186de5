/**
 * Compares the effective configuration with that of the file: what a reload changes, in the keys of
 * the file, and the configuration afterwards. Everything is decided before anything is applied.
 */

import { isSame } from '../net/equality.ts';
import {
  applicationOf,
  type CommonSettings,
  identityOf,
  type SettingsChange,
  settingsChange,
} from '../protocol/engine/settings-change.ts';
import type { AgentSettings } from './agent-settings.ts';
import { effectiveConfig, maskSecrets } from './effective/effective.ts';
import type { Lowered } from './lower/lower.ts';
import { isSecretKey } from './schema/secret-keys.ts';

export interface ReloadPlan {
  /** For the engine. */
  readonly change: SettingsChange;
  /** The configuration afterwards; changes that need a restart of the agent are not in it. */
  readonly effective: Lowered;
  readonly instances: readonly InstancePlan[];
  readonly unchanged: number;
  /** Changes outside the instances. */
  readonly agent: readonly AgentPlan[];
}

export interface InstancePlan {
  readonly name: string;
  /** Undefined unless the instance continues under a new name. */
  readonly formerName: string | undefined;
  /** `restart` stops the instance and starts it again: a MASTER releases its addresses. */
  readonly action: 'start' | 'stop' | 'change' | 'restart';
  readonly changes: readonly KeyChange[];
}

export interface KeyChange {
  /** Path of the key in the file, joined by dots. */
  readonly key: string;
  /** Undefined: the key is absent. */
  readonly from: unknown;
  readonly to: unknown;
}

export interface AgentPlan extends KeyChange {
  readonly effect: 'applied' | 'needs-restart';
}

type Kept<Value> = (before: Value, after: Value) => Value;

function keep<Value>(before: Value): Value {
  return before;
}

function take<Value>(_: Value, after: Value): Value {
  return after;
}

/**
 * What a reload does with each setting. `keep`: only a restart of the agent changes it, and the plan
 * says so. `take`: `daemon/configuration.ts` applies it.
 */
const AGENT: { readonly [Key in keyof AgentSettings]-?: Kept<AgentSettings[Key]> } = {
  control: (before, { mode, group }) => ({ socket: before.socket, mode, group }),
  httpListen: take,
  httpNames: take,
  realtime: keep,
  logLevel: take,
  logFormat: keep,
  // The next start reads the file.
  resume: take,
  notifications: take,
  stateDirectory: keep,
  checkerUser: take,
  probes: take,
  peerLinkKeys: take,
  witnessAccess: take,
  ipvs: take,
};

const COMMON: { readonly [Key in keyof CommonSettings]-?: Kept<CommonSettings[Key]> } = {
  router: keep,
  linger: take,
  syncGroups: take,
  peerLink: take,
  witness: take,
};

export function reloadPlan(before: Lowered, after: Lowered): ReloadPlan {
  const effective: Lowered = {
    agent: merged(AGENT, before.agent, after.agent),
    settings: {
      ...merged<CommonSettings>(COMMON, before.settings, after.settings),
      instances: after.settings.instances,
    },
  };
  const change = settingsChange(before.settings, effective.settings);
  const instances = instancePlans(before, after);
  const kept = instances.filter(({ action }) => action !== 'stop').length;
  return {
    change,
    effective,
    instances,
    unchanged: after.settings.instances.length - kept,
    agent: [
      ...agentChanges(before, effective).map((one) => ({ ...one, effect: 'applied' as const })),
      ...agentChanges(effective, after).map((one) => ({
        ...one,
        effect: 'needs-restart' as const,
      })),
    ],
  };
}

function merged<Of extends object>(
  rules: { readonly [Key in keyof Of]-?: Kept<Of[Key]> },
  before: Of,
  after: Of,
): Of {
  const entries = (Object.keys(rules) as (keyof Of)[]).map((key) => [
    key,
    rules[key](before[key], after[key]),
  ]);
  return Object.fromEntries(entries) as Of;
}

/** In the order of the new file; instances that stop come last. */
function instancePlans(before: Lowered, after: Lowered): InstancePlan[] {
  const [formerByName, nextByName] = [instancesByName(before), instancesByName(after)];
  const formers = before.settings.instances;
  const byIdentity = new Map(formers.map((one) => [identityOf(one), one]));
  const identities = new Set(after.settings.instances.map(identityOf));
  const leaving = new Map(
    formers.filter((one) => !identities.has(identityOf(one))).map((one) => [one.name, one]),
  );
  const plans: InstancePlan[] = [];
  for (const instance of after.settings.instances) {
    const { name } = instance;
    const same = byIdentity.get(identityOf(instance));
    const former = same ?? leaving.get(name);
    if (former === undefined) {
      plans.push({ name, formerName: undefined, action: 'start', changes: [] });
      continue;
    }
    if (same === undefined) leaving.delete(name);
    const changes = shownChanges(formerByName.get(former.name), nextByName.get(name));
    if (isSame(former, instance) && changes.length === 0) continue;
    const action = applicationOf(former, instance) === 'restart' ? 'restart' : 'change';
    const formerName = former.name === name ? undefined : former.name;
    plans.push({ name, formerName, action, changes });
  }
  for (const name of leaving.keys()) {
    plans.push({ name, formerName: undefined, action: 'stop', changes: [] });
  }
  return plans;
}

/** A part of the configuration with its secrets, and as it may be shown. */
interface Document {
  readonly whole: unknown;
  readonly masked: unknown;
}

function instancesByName({ settings, agent }: Lowered): ReadonlyMap<string, Document> {
  const config = effectiveConfig(settings, agent);
  const masked = new Map((maskSecrets(config).instances ?? []).map((one) => [one.name, one]));
  const documents = (config.instances ?? []).map((one): [string, Document] => [
    one.name,
    { whole: one, masked: masked.get(one.name) },
  ]);
  return new Map(documents);
}

function agentChanges(before: Lowered, after: Lowered): KeyChange[] {
  return shownChanges(agentDocument(before), agentDocument(after));
}

function agentDocument({ settings, agent }: Lowered): Document {
  const { instances: _, ...whole } = effectiveConfig({ ...settings, instances: [] }, agent);
  const { instances: __, ...masked } = maskSecrets({ ...whole, instances: [] });
  return { whole, masked };
}

/** Shows only that a secret has changed, not its values. */
function shownChanges(before: Document | undefined, after: Document | undefined): KeyChange[] {
  const masked = keyChanges(before?.masked, after?.masked);
  const shown = new Map(masked.map((change) => [change.key, change]));
  return keyChanges(before?.whole, after?.whole).map(({ key }) => {
    const isSecret = isSecretKey(key.split('.').at(-1) ?? '');
    const change = isSecret ? undefined : shown.get(key);
    return change ?? { key, from: 'the old secret', to: 'a new secret' };
  });
}

/**
 * Compares mappings key by key and other values as a whole. Services and servers are compared by
 * name, so that of a hundred only the changed one is listed.
 */
function keyChanges(before: unknown, after: unknown, key = ''): KeyChange[] {
  if (isSame(before, after)) return [];
  const [former, next] = [named(key, before) ?? {}, named(key, after) ?? {}];
  if (!isMapping(former) || !isMapping(next)) return [{ key, from: before, to: after }];
  const names = [...new Set([...Object.keys(former), ...Object.keys(next)])];
  const isList = Array.isArray(before) || Array.isArray(after);
  return names.flatMap((name): KeyChange[] => {
    const [from, to] = [former[name], next[name]];
    const path = key === '' ? name : `${key}.${name}`;
    const isWhole = isList && (from === undefined || to === undefined);
    return isWhole ? [{ key: path, from, to }] : keyChanges(from, to, path);
  });
}

/** Converts a list of services or servers to a mapping by name. */
function named(key: string, value: unknown): unknown {
  const isServices = key === 'ipvs.services';
  if (!Array.isArray(value) || !(isServices || /^ipvs\.services\..*\.servers$/.test(key))) {
    return value;
  }
  const entries = value.map((one: unknown): [string, unknown] => {
    const { name, address, ...rest } = isMapping(one) ? one : {};
    return isServices
      ? [String(name), address === undefined ? rest : { address, ...rest }]
      : [String(address), rest];
  });
  return Object.fromEntries(entries);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
