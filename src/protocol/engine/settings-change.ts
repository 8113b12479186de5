/**
 * The difference between two configurations: the virtual routers that stop, start, or continue with
 * other settings. States for each key of an instance whether it can change while the instance runs;
 * the compiler demands an entry for every key.
 */
import { isSame } from '../../net/equality.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings, Settings } from './settings.ts';

/**
 * `in-place`: state, timers, sockets and counters stay. `restart`: the instance stops and starts
 * again, and a MASTER hands over. `restart` is the safe choice: it demands nothing of the code that
 * uses the key.
 */
type Application = 'in-place' | 'restart';

type Rule = Application | ((before: InstanceSettings, after: InstanceSettings) => Application);

/** `VirtualRouter.adopt` and `Reconfiguration` implement the keys that are `in-place` here. */
const APPLICATION: { readonly [Key in keyof InstanceSettings]-?: Rule } = {
  name: 'in-place',
  interface: 'restart',
  vrf: 'restart',
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
  multicastGroup: 'restart',
  sourceAddress: 'in-place',
  garp: 'in-place',
  neighborAdvertisement: 'in-place',
  lease: 'in-place',
  onInterfaceDown: 'in-place',
  addressConflict: 'in-place',
  beforeMaster: 'in-place',
  onVrrpLoss: 'in-place',
  witness: 'restart',
  track: 'in-place',
  thirdHosts: 'in-place',
  virtualMac: 'restart',
};

const KEYS = Object.keys(APPLICATION) as (keyof InstanceSettings)[];

/** Settings that do not belong to one instance. */
export type CommonSettings = Omit<Settings, 'instances'>;

export interface SettingsChange {
  readonly common: CommonSettings;
  /** Former names of virtual routers that stop. */
  readonly stop: readonly string[];
  /** Virtual routers that continue with other settings; `name` is the former name. */
  readonly change: readonly InstanceChange[];
  /** Virtual routers that start, once no stopping router has their VRID or one of their VIPs. */
  readonly start: readonly InstanceSettings[];
}

interface InstanceChange {
  readonly name: string;
  readonly settings: InstanceSettings;
}

/** Interface, family and VRID identify a virtual router: its name may change. */
export function settingsChange(before: Settings, after: Settings): SettingsChange {
  const { instances: _, ...common } = after;
  const successors = new Map(after.instances.map((one) => [identityOf(one), one]));
  const stop: string[] = [];
  const change: InstanceChange[] = [];
  const continuing = new Set<string>();
  for (const instance of before.instances) {
    const identity = identityOf(instance);
    const successor = successors.get(identity);
    if (successor === undefined || applicationOf(instance, successor) === 'restart') {
      stop.push(instance.name);
      continue;
    }
    continuing.add(identity);
    if (!isSame(instance, successor)) change.push({ name: instance.name, settings: successor });
  }
  const start = after.instances.filter((one) => !continuing.has(identityOf(one)));
  return { common, stop, change, start };
}

/** The settings in effect after the change; those of routers that continue keep their places. */
export function settingsAfter(before: Settings, change: SettingsChange): Settings {
  const changed = new Map(change.change.map(({ name, settings }) => [name, settings]));
  const staying = before.instances.filter(({ name }) => !change.stop.includes(name));
  const instances = staying.map((one) => changed.get(one.name) ?? one);
  return { ...change.common, instances: [...instances, ...change.start] };
}

/** Unique among the virtual routers of an agent. */
export function identityOf({ interface: name, family, vrid }: InstanceSettings): string {
  return `${name} ${family} ${vrid}`;
}

export function applicationOf(before: InstanceSettings, after: InstanceSettings): Application {
  const restarts = KEYS.some((key) => {
    if (isSame(before[key], after[key])) return false;
    const rule = APPLICATION[key];
    return (typeof rule === 'function' ? rule(before, after) : rule) === 'restart';
  });
  return restarts ? 'restart' : 'in-place';
}
