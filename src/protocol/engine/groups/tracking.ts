/**
 * The tracked objects: their state, and their effect on the instances and sync groups that depend on
 * them. Interfaces are looked up here; the main thread probes everything else and reports changes.
 */
import { isSame } from '../../../net/equality.ts';
import type { Instant } from '../../../net/time.ts';
import type { Outbox } from '../core/outbox.ts';
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { SyncGroupSettings, TrackSettings } from '../settings.ts';
import {
  INITIAL_TRACK_STATE,
  lostState,
  type TrackState,
  trackAdjustment,
  trackFails,
} from './track-effect.ts';

type ProbeChange = Extract<Input, { kind: 'probe.changed' }>;
type ProbeLoss = Extract<Input, { kind: 'probe.lost' }>;

/** One entry of the configuration. */
interface Entry {
  readonly settings: TrackSettings;
  /** Equal entries of one sync group have the same key, so that they count once. */
  readonly key: string;
  readonly scope: 'instance' | 'group';
  /** Routers that are in FAULT while the object is down. */
  readonly routers: readonly VirtualRouter[];
  /** Routers whose priority it changes: every member of a sync group, so that they stay together. */
  readonly weighsOn: readonly VirtualRouter[];
  /** Added by a reload: the running routers stay as they are until the first result. */
  readonly isLenient: boolean;
  state: TrackState;
}

export class Tracking {
  readonly #links: LinkTable;
  readonly #transitions: Transitions;
  readonly #outbox: Outbox;
  /** Last result of each probe; kept for instances that start later. */
  readonly #results = new Map<string, TrackState>();
  #entries: readonly Entry[] = [];

  constructor(links: LinkTable, transitions: Transitions, outbox: Outbox) {
    this.#links = links;
    this.#transitions = transitions;
    this.#outbox = outbox;
  }

  get results(): ReadonlyMap<string, TrackState> {
    return this.#results;
  }

  /** Restores the results of another process; `assign` must follow. */
  remember(results: Iterable<readonly [string, TrackState]>): void {
    for (const [probe, state] of results) this.#results.set(probe, state);
  }

  /** Nothing is known of the object any longer. */
  forget(probe: string): void {
    this.#results.delete(probe);
  }

  /** At startup, and after a reload; the results of probes are kept. */
  assign(
    syncGroups: readonly SyncGroupSettings[],
    routers: readonly VirtualRouter[],
    now: Instant,
  ): void {
    this.#entries = entriesOf(syncGroups, routers);
    for (const router of routers) {
      for (const key of router.priority.adjustments.keys()) router.priority.adjust(key, 0);
    }
    for (const entry of this.#entries) {
      entry.state = this.#stateOf(entry.settings);
      for (const router of entry.weighsOn) {
        router.priority.adjust(entry.key, adjustmentOf(entry, router));
      }
    }
    for (const router of routers) {
      this.#show(router);
      if (router.priority.effective === router.context.priority) continue;
      this.#transitions.reprioritize(router, 'the configuration has changed', now);
    }
  }

  /** Whether it continues a mastership has changed; the caller updates its reasons for FAULT. */
  reassess(router: VirtualRouter, now: Instant): void {
    for (const entry of this.#entries) {
      if (!entry.weighsOn.includes(router)) continue;
      router.priority.adjust(entry.key, adjustmentOf(entry, router));
    }
    this.#show(router);
    this.#transitions.reprioritize(router, 'a tracked object has no result yet', now);
  }

  /** Returns the routers whose reasons for FAULT may have changed. */
  probeChanged({ probe, up, value, detail }: ProbeChange, now: Instant): Set<VirtualRouter> {
    this.#results.set(probe, { status: up ? 'up' : 'down', value });
    return this.#updateProbe(probe, now, detail);
  }

  /** The last result is too old. */
  probeLost({ probe, detail }: ProbeLoss, now: Instant): Set<VirtualRouter> {
    const known = this.#results.get(probe);
    if (known !== undefined) this.#results.set(probe, lostState(known));
    return this.#updateProbe(probe, now, detail);
  }

  /** Links were added, removed or changed. */
  linksChanged(now: Instant): Set<VirtualRouter> {
    return this.#update(({ source }) => source.kind === 'interface', now, undefined);
  }

  #updateProbe(probe: string, now: Instant, detail: string): Set<VirtualRouter> {
    return this.#update(
      ({ source }) => source.kind !== 'interface' && source.probe === probe,
      now,
      detail,
    );
  }

  #update(
    concerns: (settings: TrackSettings) => boolean,
    now: Instant,
    detail: string | undefined,
  ): Set<VirtualRouter> {
    const touched = new Set<VirtualRouter>();
    const changes = new Map<string, Entry[]>();
    for (const entry of this.#entries) {
      const { settings } = entry;
      if (!concerns(settings)) continue;
      const state = this.#stateOf(settings);
      if (state.status === entry.state.status && state.value === entry.state.value) continue;
      entry.state = state;
      for (const router of entry.routers) touched.add(router);
      for (const router of entry.weighsOn) {
        router.priority.adjust(entry.key, adjustmentOf(entry, router));
        touched.add(router);
      }
      const key = JSON.stringify([settings.name, settings.source]);
      changes.set(key, [...(changes.get(key) ?? []), entry]);
    }
    for (const entries of changes.values()) this.#report(entries, detail);
    for (const router of touched) {
      this.#show(router);
      this.#transitions.reprioritize(router, reasonOf(changes), now);
    }
    return touched;
  }

  #stateOf({ source }: TrackSettings): TrackState {
    if (source.kind !== 'interface')
      return this.#results.get(source.probe) ?? INITIAL_TRACK_STATE[source.init];
    const link = this.#links.byName(source.interface);
    return { status: link?.attributes.running === true ? 'up' : 'down', value: undefined };
  }

  #show(router: VirtualRouter): void {
    const entries = this.#entries.filter(({ routers }) => routers.includes(router));
    const tracks = entries.map(({ settings, state, scope }) => ({
      name: settings.name,
      kind: settings.source.kind,
      scope,
      status: state.status,
      value: state.value ?? null,
      weight: settings.weight ?? null,
      reverse: settings.reverse === true,
      adjustment: adjustmentOf({ settings, state }, router),
      probe: settings.source.kind === 'interface' ? null : settings.source.probe,
    }));
    const failing = entries.filter(
      ({ settings, state, isLenient }) =>
        trackFails(settings, state) && !((isLenient || router.continues) && isNew(state)),
    );
    const names = (scope: Entry['scope']) =>
      failing
        .filter((one) => one.scope === scope)
        .map((one) => `track:${one.settings.name}` as const);
    router.trackFaults = names('instance');
    router.groupTrackFaults = names('group');
    if (isSame(tracks, router.tracks)) return;
    router.tracks = tracks;
    this.#transitions.changed.add(router);
  }

  /** One report per object, however many instances depend on it. */
  #report(entries: readonly Entry[], detail: string | undefined): void {
    const [first] = entries;
    if (first === undefined) return;
    const { settings, state } = first;
    const link = settings.source.kind === 'interface' ? settings.source.interface : '';
    this.#outbox.report({
      kind: 'track',
      track: settings.name,
      source: settings.source.kind,
      instances: [
        ...new Set(entries.flatMap((entry) => entry.routers.map((one) => one.settings.name))),
      ],
      state: state.status,
      value: state.value,
      detail: detail ?? `${link} is ${state.status === 'up' ? 'up' : 'down or missing'}`,
    });
  }
}

/** A router that continues a mastership has the weight of an object that is well until there is a result. */
function adjustmentOf(
  { settings, state }: Pick<Entry, 'settings' | 'state'>,
  { continues }: VirtualRouter,
): number {
  const presumed = { status: settings.reverse ? 'down' : 'up', value: undefined } as const;
  return trackAdjustment(settings, continues && isNew(state) ? presumed : state);
}

/** There has been no result. */
function isNew({ status, former }: TrackState): boolean {
  return status === 'unknown' && former === undefined;
}

function entriesOf(
  syncGroups: readonly SyncGroupSettings[],
  routers: readonly VirtualRouter[],
): Entry[] {
  const groups = syncGroups.map((group) => ({
    group,
    members: routers.filter((router) => group.instances.includes(router.settings.name)),
  }));
  const ofInstances = routers.flatMap((router) => {
    const members = groups.find((one) => one.members.includes(router))?.members;
    return router.settings.track.map((track): Entry => {
      const owner = members === undefined ? router.settings.name : '';
      return entryOf(track, 'instance', owner, [router], members ?? [router]);
    });
  });
  const ofGroups = groups.flatMap(({ group, members }) =>
    group.track.map((track) => entryOf(track, 'group', '', members, members)),
  );
  return [...ofInstances, ...ofGroups];
}

function entryOf(
  settings: TrackSettings,
  scope: Entry['scope'],
  owner: string,
  routers: readonly VirtualRouter[],
  weighsOn: readonly VirtualRouter[],
): Entry {
  const key = JSON.stringify([owner, settings]);
  const isLenient = routers.some(({ isMaster, isBackup }) => isMaster || isBackup);
  return {
    settings,
    key,
    scope,
    routers,
    weighsOn,
    isLenient,
    state: { status: 'unknown', value: undefined },
  };
}

function reasonOf(changes: ReadonlyMap<string, readonly Entry[]>): string {
  const parts = [...changes.values()].flatMap(([entry]) =>
    entry === undefined ? [] : [`track:${entry.settings.name} is ${entry.state.status}`],
  );
  return parts.join(', ');
}
