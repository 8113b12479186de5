/**
 * The way from one configuration to the next: which virtual routers stop, which start, and which
 * go on with other settings. Says for each key of an instance whether it can change while the
 * instance runs; the compiler wants an answer for every key.
 */
import { isSame } from '../../net/equality.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings, Settings } from './settings.ts';

/**
 * `in-place`: state, timers, sockets and counters stay. `restart`: the instance lets go as on a stop
 * and starts anew, which costs a MASTER its mastership. In doubt `restart` is right: it needs
 * nothing from the code that uses the key.
 */
export type Application = 'in-place' | 'restart';

type Rule = Application | ((before: InstanceSettings, after: InstanceSettings) => Application);

/** `VirtualRouter.adopt` and `Reconfiguration` make true what is `in-place` here. */
const APPLICATION: { readonly [Key in keyof InstanceSettings]-?: Rule } = {
  name: 'in-place',
  interface: 'restart',
  family: 'restart',
  vrid: 'restart',
  version: 'restart',
  alsoVersion2: 'restart',
  priority: (before, after) =>
    isOwner(before.priority) || isOwner(after.priority) ? 'restart' : 'in-place',
  advertisementInterval: 'in-place',
  addresses: 'in-place',
  extraAddresses: 'in-place',
  routes: 'in-place',
  rules: 'in-place',
  preempt: 'in-place',
  preemptDelay: 'in-place',
  preemptWhenSynced: 'in-place',
  accept: 'restart',
  checksum: 'in-place',
  authentication: 'in-place',
  unicast: 'in-place',
  sourceAddress: 'in-place',
  garp: 'in-place',
  neighborAdvertisement: 'in-place',
  lease: 'in-place',
  addressConflict: 'in-place',
  beforeMaster: 'in-place',
  track: 'in-place',
  virtualMac: 'restart',
};

const KEYS = Object.keys(APPLICATION) as (keyof InstanceSettings)[];

/** What is not about one instance. */
export type CommonSettings = Omit<Settings, 'instances'>;

export interface SettingsChange {
  readonly common: CommonSettings;
  /** Names, as they were, of virtual routers that let go. */
  readonly stop: readonly string[];
  /** Virtual routers that go on; `name` as it was. */
  readonly change: readonly InstanceChange[];
  /** Virtual routers that begin, once nobody who leaves stands in their way. */
  readonly start: readonly InstanceSettings[];
}

export interface InstanceChange {
  readonly name: string;
  readonly settings: InstanceSettings;
}

/** Virtual routers are the same when interface, family and VRID are: their names may change. */
export function settingsChange(before: Settings, after: Settings): SettingsChange {
  const { instances: _, ...common } = after;
  const successors = new Map(after.instances.map((one) => [identityOf(one), one]));
  const stop: string[] = [];
  const change: InstanceChange[] = [];
  const going = new Set<string>();
  for (const instance of before.instances) {
    const identity = identityOf(instance);
    const successor = successors.get(identity);
    if (successor === undefined || applicationOf(instance, successor) === 'restart') {
      stop.push(instance.name);
      continue;
    }
    going.add(identity);
    if (!isSame(instance, successor)) change.push({ name: instance.name, settings: successor });
  }
  const start = after.instances.filter((one) => !going.has(identityOf(one)));
  return { common, stop, change, start };
}

/** The settings in effect after the change; those of routers that go on keep their places. */
export function settingsAfter(before: Settings, change: SettingsChange): Settings {
  const changed = new Map(change.change.map(({ name, settings }) => [name, settings]));
  const going = before.instances.filter(({ name }) => !change.stop.includes(name));
  const instances = going.map((one) => changed.get(one.name) ?? one);
  return { ...change.common, instances: [...instances, ...change.start] };
}

/** No two virtual routers of an agent have it in common. */
export function identityOf({ interface: name, family, vrid }: InstanceSettings): string {
  return `${name} ${family} ${vrid}`;
}

/** What it takes to get from the one to the other. */
export function applicationOf(before: InstanceSettings, after: InstanceSettings): Application {
  const restarts = KEYS.some((key) => {
    if (isSame(before[key], after[key])) return false;
    const rule = APPLICATION[key];
    return (typeof rule === 'function' ? rule(before, after) : rule) === 'restart';
  });
  return restarts ? 'restart' : 'in-place';
}
