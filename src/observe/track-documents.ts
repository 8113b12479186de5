/** Tracked objects and sync groups as `status` shows them: the engine's view and the probes' results. */
import type { GroupDocument, TrackDocument } from '../control/protocol.ts';
import type { Report, StateName } from '../protocol/engine/reports.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import type { TrackView } from '../protocol/engine/view.ts';

/** What the main thread knows about one probe. */
export interface ProbeReading {
  /** When it went up or down; undefined: unknown. */
  readonly since: Date | undefined;
  readonly result: string | undefined;
  readonly checkedAt: Date | undefined;
  readonly runs: number;
  readonly failures: number;
  readonly overruns: number;
}

/** Reads a probe by name; undefined: unknown name. */
export type ReadProbe = (probe: string) => ProbeReading | undefined;

/** Of a probe that has not run. */
export const NOT_PROBED: ProbeReading = {
  since: undefined,
  result: undefined,
  checkedAt: undefined,
  runs: 0,
  failures: 0,
  overruns: 0,
};

/** `since` applies to objects that the engine tracks without a probe. */
export function trackDocument(view: TrackView, read: ReadProbe, since: Date): TrackDocument {
  const reading = (view.probe === null ? undefined : read(view.probe)) ?? NOT_PROBED;
  return {
    name: view.name,
    kind: view.kind,
    scope: view.scope,
    state: view.status,
    since: (reading.since ?? since).toISOString(),
    value: view.value,
    weight: view.weight,
    adjustment: view.adjustment,
    result: reading.result ?? null,
    checked_at: reading.checkedAt?.toISOString() ?? null,
    runs: reading.runs,
    failures: reading.failures,
    overruns: reading.overruns,
  };
}

/** The states of sync groups, from their reports. */
export class GroupStates {
  readonly #states = new Map<string, { readonly state: StateName; readonly since: Date }>();

  apply({ group, to }: Extract<Report, { kind: 'group' }>, at: Date): void {
    this.#states.set(group, { state: to, since: at });
  }

  documents({ syncGroups }: Settings, startedAt: Date): GroupDocument[] {
    return syncGroups.map(({ name, mode, instances }) => {
      const { state, since } = this.#states.get(name) ?? { state: 'INIT', since: startedAt };
      return { name, mode, state, since: since.toISOString(), instances };
    });
  }
}

/** When what the engine itself watches changed state, by instance and name. */
export class LinkTimes {
  readonly #since = new Map<string, Date>();

  apply({ track, source, instances }: Extract<Report, { kind: 'track' }>, at: Date): void {
    if (source !== 'interface' && source !== 'bfd') return;
    for (const instance of instances) this.#since.set(`${instance} ${track}`, at);
  }

  read(instance: string, track: string): Date | undefined {
    return this.#since.get(`${instance} ${track}`);
  }
}
