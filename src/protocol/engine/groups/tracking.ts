/**
 * What instances and sync groups depend on: the state of each tracked thing, and what it does to
 * whom. Links are looked up here; everything else is found out by the main thread, which tells of
 * changes only.
 */
import { isSame } from '../../../net/equality.ts';
import type { Instant } from '../../../net/time.ts';
import type { Input } from '../inputs.ts';
import type { LinkTable } from '../links.ts';
import type { Outbox } from '../outbox.ts';
import type { Transitions } from '../router/transitions.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { SyncGroupSettings, TrackSettings } from '../settings.ts';
import { type TrackState, trackAdjustment, trackFails, UNTOLD } from './track-effect.ts';

type ProbeChange = Extract<Input, { kind: 'probe.changed' }>;

/** One entry of the file. */
interface Entry {
  readonly settings: TrackSettings;
  /** Equal entries of one sync group have the same key: they count once. */
  readonly key: string;
  readonly scope: 'instance' | 'group';
  /** Who is in FAULT while it is down. */
  readonly routers: readonly VirtualRouter[];
  /** Whose priority it changes: all of a sync group, so that its members stay of one mind. */
  readonly weighsOn: readonly VirtualRouter[];
  /** It came while they were running: nobody loses anything until the first result. */
  readonly isLenient: boolean;
  state: TrackState;
}

export class Tracking {
  readonly #links: LinkTable;
  readonly #transitions: Transitions;
  readonly #outbox: Outbox;
  /** What the main thread has told, by probe; kept for instances that are still to begin. */
  readonly #told = new Map<string, TrackState>();
  #entries: readonly Entry[] = [];

  constructor(links: LinkTable, transitions: Transitions, outbox: Outbox) {
    this.#links = links;
    this.#transitions = transitions;
    this.#outbox = outbox;
  }

  /** What is known of probes. */
  get results(): ReadonlyMap<string, TrackState> {
    return this.#told;
  }

  /** The same as another process has known it; `assign` follows. */
  remember(results: Iterable<readonly [string, TrackState]>): void {
    for (const [probe, state] of results) this.#told.set(probe, state);
  }

  /** At start, and after the configuration has changed; what is known of probes is kept. */
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
        router.priority.adjust(entry.key, trackAdjustment(entry.settings, entry.state));
      }
    }
    for (const router of routers) {
      this.#show(router);
      if (router.priority.effective === router.context.priority) continue;
      this.#transitions.reprioritize(router, 'the configuration has changed', now);
    }
  }

  /** Answers the routers whose reasons for FAULT may have changed. */
  probeChanged({ probe, up, value, detail }: ProbeChange, now: Instant): Set<VirtualRouter> {
    this.#told.set(probe, { status: up ? 'up' : 'down', value });
    return this.#update(
      ({ source }) => source.kind !== 'interface' && source.probe === probe,
      now,
      detail,
    );
  }

  /** Links came, went or changed. */
  linksChanged(now: Instant): Set<VirtualRouter> {
    return this.#update(({ source }) => source.kind === 'interface', now, undefined);
  }

  #update(
    concerns: (settings: TrackSettings) => boolean,
    now: Instant,
    detail: string | undefined,
  ): Set<VirtualRouter> {
    const touched = new Set<VirtualRouter>();
    const news = new Map<string, Entry[]>();
    for (const entry of this.#entries) {
      const { settings } = entry;
      if (!concerns(settings)) continue;
      const state = this.#stateOf(settings);
      if (state.status === entry.state.status && state.value === entry.state.value) continue;
      entry.state = state;
      for (const router of entry.routers) touched.add(router);
      for (const router of entry.weighsOn) {
        router.priority.adjust(entry.key, trackAdjustment(settings, state));
        touched.add(router);
      }
      const key = JSON.stringify([settings.name, settings.source]);
      news.set(key, [...(news.get(key) ?? []), entry]);
    }
    for (const entries of news.values()) this.#tell(entries, detail);
    for (const router of touched) {
      this.#show(router);
      this.#transitions.reprioritize(router, reasonOf(news), now);
    }
    return touched;
  }

  #stateOf({ source }: TrackSettings): TrackState {
    if (source.kind !== 'interface') return this.#told.get(source.probe) ?? UNTOLD[source.init];
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
      adjustment: trackAdjustment(settings, state),
      probe: settings.source.kind === 'interface' ? null : settings.source.probe,
    }));
    const failing = entries.filter(
      ({ settings, state, isLenient }) =>
        trackFails(settings, state) && !(isLenient && state.status === 'unknown'),
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

  /** One report for a thing, however many instances depend on it. */
  #tell(entries: readonly Entry[], detail: string | undefined): void {
    const [first] = entries;
    if (first === undefined) return;
    const { settings, state } = first;
    const isUp = state.status === 'up';
    const link = settings.source.kind === 'interface' ? settings.source.interface : '';
    this.#outbox.report({
      kind: 'track',
      track: settings.name,
      source: settings.source.kind,
      instances: [
        ...new Set(entries.flatMap((entry) => entry.routers.map((one) => one.settings.name))),
      ],
      up: isUp,
      value: state.value,
      detail: detail ?? `${link} is ${isUp ? 'up' : 'down or missing'}`,
    });
  }
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

function reasonOf(news: ReadonlyMap<string, readonly Entry[]>): string {
  const said = [...news.values()].flatMap(([entry]) =>
    entry === undefined ? [] : [`track:${entry.settings.name} is ${entry.state.status}`],
  );
  return said.join(', ');
}
