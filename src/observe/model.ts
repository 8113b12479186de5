/**
 * The state of the running agent, kept on the main thread: the latest view of each instance, the
 * counters that the protocol thread shares, and the history. Fed by reports alone, so queries cost
 * the protocol thread nothing.
 */
import { systemErrorName } from '../control/events/event-entry.ts';
import { type EventFacts, factsOf, isEventReport } from '../control/events/event-table.ts';
import type { ConnectionsDocument } from '../control/ipvs-document.ts';
import { problemText } from '../control/peer-problem-text.ts';
import type {
  CheckerDocument,
  EventDocument,
  HeldBackDocument,
  HistoryDocument,
  InstanceDocument,
  MaintenanceDocument,
  MasterDocument,
  NotificationsDocument,
  OtherProgramDocument,
  StatusDocument,
  TransitionDocument,
} from '../control/protocol.ts';
import type { WitnessDocument } from '../control/witness-document.ts';
import { instant } from '../net/time.ts';
import type { BfdView } from '../protocol/engine/bfd-messages.ts';
import {
  type CounterName,
  CounterTable,
  countersLength,
  GLOBAL_ROW,
} from '../protocol/engine/counters.ts';
import type { DirectorView } from '../protocol/engine/director-messages.ts';
import type { Report, StateName } from '../protocol/engine/reports.ts';
import type { InstanceSettings, Settings } from '../protocol/engine/settings.ts';
import type {
  InstanceView,
  MasterView,
  PathLoss,
  PeerProblem,
  RoutingView,
  StrayAddress,
  TransitionView,
} from '../protocol/engine/view.ts';
import type { WitnessView } from '../protocol/engine/witness-messages.ts';
import { bfdDocuments, bfdReading } from './bfd-documents.ts';
import { directorDocuments } from './director-documents.ts';
import { EventHistory, type EventListener } from './history.ts';
import { instanceStateLeaves, routerStateLeaves } from './ietf-vrrp.ts';
import {
  GroupStates,
  LinkTimes,
  type ProbeReading,
  type ReadProbe,
  trackDocument,
} from './track-documents.ts';
import type { WallClock } from './wall-clock.ts';

const HISTORY_LIMIT = 1_000;

const NO_COUNTERS = new CounterTable(new Float64Array(countersLength(0))).row(GLOBAL_ROW);

export interface AgentModelOptions {
  /** Version of the program. */
  readonly version: string;
  readonly pid: number;
  readonly startedAt: Date;
  /** Settings at startup; the order of their instances is the order of the counter rows. */
  readonly settings: Settings;
  readonly counters: CounterTable;
  readonly wallClock: WallClock;
  /** Locks that operators have set on an instance; default: none. */
  readonly lockOf?: (instance: string) => LockDocument;
  /** Absent or undefined: no notifications are configured. */
  readonly notifications?: () => NotificationsDocument | undefined;
  /** Absent or undefined: nothing needs the checker process. */
  readonly checker?: () => CheckerDocument | undefined;
  /** Absent or undefined: the configuration has no witness. */
  readonly witness?: () => WitnessDocument | undefined;
  /** Absent: nothing is written to the disk. */
  readonly history?: () => HistoryDocument;
  /** Programs beside the agent; default: none. */
  readonly otherPrograms?: () => readonly OtherProgramDocument[];
  /** Results of the probes; default: none. */
  readonly probes?: ReadProbe;
  /** The connection table that follows the instance; default: none. */
  readonly connections?: (instance: string) => ConnectionsDocument | undefined;
  /** Whether this host answers for a VIP in another place; default: it does. */
  readonly strayAnswers?: (stray: StrayAddress) => boolean;
  /** Events kept; default 1,000. */
  readonly historyLimit?: number;
}

interface LockDocument {
  readonly maintenance: MaintenanceDocument | null;
  readonly heldBack: HeldBackDocument | null;
}

interface Row {
  readonly settings: InstanceSettings;
  /** Row of its counters; undefined before its first report. */
  counterRow: number | undefined;
  /** Undefined before its first report. */
  view: InstanceView | undefined;
  /** When its counters started from zero. */
  countedSince: Date;
}

export class AgentModel {
  readonly #options: AgentModelOptions;
  #settings: Settings;
  /** In the order of the file; instances that are being removed come last. */
  #rows: Map<string, Row>;
  readonly #history: EventHistory;
  readonly #groups = new GroupStates();
  readonly #linkTimes = new LinkTimes();
  #directors: readonly DirectorView[] = [];
  #bfd: readonly BfdView[] = [];
  readonly #stallSeconds = { host: 0, self: 0, paused: 0, unknown: 0 };

  constructor(options: AgentModelOptions) {
    this.#options = options;
    this.#history = new EventHistory(options.historyLimit ?? HISTORY_LIMIT);
    this.#settings = options.settings;
    this.#rows = new Map(
      options.settings.instances.map((settings, position) => [
        settings.name,
        { settings, counterRow: position + 1, view: undefined, countedSince: options.startedAt },
      ]),
    );
  }

  /**
   * Applies a new configuration; `formerNames` has the old name of each renamed instance. Rows of
   * instances that are no longer configured stay until the engine has removed the instances.
   */
  replace(
    settings: Settings,
    formerNames: ReadonlyMap<string, string> = new Map(),
    at = new Date(),
  ): void {
    const known = new Map(this.#rows);
    const rows = settings.instances.map((one): [string, Row] => {
      const formerName = formerNames.get(one.name) ?? one.name;
      const { counterRow, view, countedSince = at } = known.get(formerName) ?? {};
      return [one.name, { settings: one, counterRow, view, countedSince }];
    });
    for (const name of [...formerNames.values(), ...rows.map(([name]) => name)]) known.delete(name);
    this.#settings = settings;
    this.#rows = new Map([...rows, ...known]);
  }

  apply(report: Report, at: Date): void {
    if (isEventReport(report)) {
      const facts = factsOf(report);
      this.#history.record(facts, at);
      if (facts.kind === 'stall')
        this.#stallSeconds[facts.cause ?? 'unknown'] += facts.duration_ms / 1_000;
      if (report.kind === 'group') this.#groups.apply(report, at);
      if (report.kind === 'track') this.#linkTimes.apply(report, at);
      return;
    }
    if (report.kind === 'answer' || report.kind === 'witness-request') return;
    if (report.kind === 'instance-removed') {
      this.#forget(report.instance, at);
      return;
    }
    if (report.kind === 'directors') {
      this.#directors = report.directors;
      return;
    }
    if (report.kind === 'bfd') {
      this.#bfd = report.sessions;
      return;
    }
    const row = this.#rows.get(report.view.name);
    if (row === undefined) return;
    row.view = report.view;
    row.counterRow = report.view.row;
  }

  /** Records an event that the engine did not report. */
  record(facts: EventFacts, at: Date): void {
    this.#history.record(facts, at);
  }

  /** Latest view of an instance; undefined before its first report. */
  view(name: string): InstanceView | undefined {
    return this.#rows.get(name)?.view;
  }

  /** How far the clocks of the directors that are up are ahead, in milliseconds. */
  clockOffsets(): Readonly<Record<string, number>> {
    const { peers = [] } = this.#peersPart();
    return Object.fromEntries(
      peers.flatMap(({ name, state, clock_offset_ms: offset }) =>
        state === 'up' && offset !== null ? [[name, offset]] : [],
      ),
    );
  }

  /** Cheap, unlike `status`, which reads every counter of every instance. */
  states(): ReadonlyMap<string, StateName> {
    return new Map([...this.#rows].map(([name, { view }]) => [name, view?.state ?? 'INIT']));
  }

  /** Undefined: no instance has that name. */
  instance(name: string): InstanceDocument | undefined {
    const row = this.#rows.get(name);
    return row === undefined ? undefined : this.#instance(row);
  }

  /** Undefined: the instance is unknown, or its state has not changed yet. */
  lastTransitionAt(name: string): Date | undefined {
    const at = this.#rows.get(name)?.view?.lastTransition?.at;
    return at === undefined ? undefined : this.#options.wallClock(at);
  }

  status(): StatusDocument {
    const { version, pid, startedAt, counters, notifications, checker, history } = this.#options;
    return {
      router: this.#settings.router,
      version,
      pid,
      started_at: startedAt.toISOString(),
      instances: [...this.#rows.values()].map((row) => this.#instance(row)),
      sync_groups: this.#groups.documents(this.#settings, startedAt),
      counters: counters.row(GLOBAL_ROW),
      stall_seconds: { ...this.#stallSeconds },
      ietf_vrrp: routerStateLeaves(this.#settings, (name) => this.#sum(name), startedAt),
      ...notificationsPart(notifications?.()),
      ...checkerPart(checker?.()),
      ...(history === undefined ? {} : { history: history() }),
      ...this.#peersPart(),
      ...witnessPart(this.#options.witness?.()),
      ...this.#bfdPart(),
      ...otherProgramsPart(this.#options.otherPrograms?.() ?? []),
    };
  }

  #peersPart(): Pick<StatusDocument, 'peers'> {
    if (this.#settings.peerLink === undefined) return {};
    const { wallClock } = this.#options;
    return { peers: directorDocuments(this.#settings, this.#directors, wallClock) };
  }

  #bfdPart(): Pick<StatusDocument, 'bfd'> {
    if (this.#bfd.length === 0) return {};
    return { bfd: bfdDocuments(this.#bfd, this.#options.wallClock) };
  }

  #readProbe(name: string): ProbeReading | undefined {
    return bfdReading(this.#bfd, name) ?? this.#options.probes?.(name);
  }

  /** A counter of every instance, and of packets that belong to none. */
  #sum(name: CounterName): number {
    const { counters } = this.#options;
    let sum = counters.read(GLOBAL_ROW, name);
    for (const { counterRow } of this.#rows.values()) {
      if (counterRow !== undefined) sum += counters.read(counterRow, name);
    }
    return sum;
  }

  eventsAfter(sequence: number): readonly EventDocument[] {
    return this.#history.after(sequence);
  }

  /** Calls `listener` for each later event; returns a function that ends the subscription. */
  subscribe(listener: EventListener): () => void {
    return this.#history.subscribe(listener);
  }

  /** The operator's name comes from the stored lock, if any. */
  #lockPart(name: string, view: InstanceView | undefined) {
    const { wallClock, lockOf } = this.#options;
    const lock = lockOf?.(name);
    const since = wallClock(view?.since ?? instant(0)).toISOString();
    const unknown = { since, by: 'unknown' };
    const cause = view?.lastTransition?.cause;
    const isOwnDecision = cause === 'unheard' || cause === 'cut-off';
    const byDefault = isOwnDecision ? { since, by: 'vrrp-agent' } : unknown;
    return {
      maintenance:
        view?.maintenance === true
          ? (lock?.maintenance ?? { ...unknown, until: null, reason: null })
          : null,
      awaiting_table: view?.awaitsTable ?? false,
      held_back: view?.heldBack === true ? (lock?.heldBack ?? byDefault) : null,
    };
  }

  /** Keeps the row if an instance of that name starts again. */
  #forget(name: string, at: Date): void {
    const row = this.#rows.get(name);
    const startsAgain = this.#settings.instances.some((one) => one.name === name);
    if (row !== undefined && startsAgain) row.countedSince = at;
    else this.#rows.delete(name);
  }

  #instance({ settings, counterRow, view, countedSince }: Row): InstanceDocument {
    const { wallClock, startedAt, counters } = this.#options;
    const { name, family, vrid, version } = settings;
    const counted = counterRow === undefined ? NO_COUNTERS : counters.row(counterRow);
    return {
      name,
      state: view?.state ?? 'INIT',
      releasing: view?.releasing ?? false,
      since: (view === undefined ? startedAt : wallClock(view.since)).toISOString(),
      faults: view?.faults ?? [],
      interface: settings.interface,
      vrf: settings.vrf?.name ?? null,
      virtual_mac: settings.virtualMac ?? null,
      family,
      vrid,
      version,
      priority: view?.priority ?? {
        configured: settings.priority,
        effective: settings.priority,
        override: null,
      },
      addresses:
        view?.addresses ??
        settings.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
      master: masterDocument(view?.master ?? null),
      ...this.#lockPart(name, view),
      last_transition: transitionDocument(view?.lastTransition ?? null, wallClock),
      ietf_vrrp: instanceStateLeaves(settings, view, counted, countedSince, wallClock),
      ...routesDocument(view?.routing ?? []),
      ...straysDocument(view?.strays ?? [], this.#options.strayAnswers ?? (() => true)),
      ...connectionsPart(this.#options.connections?.(name)),
      ...problemsPart(view?.problems ?? [], wallClock),
      ...pathLossPart(view?.pathLoss, wallClock),
      ...instanceWitnessPart(view?.witness, wallClock),
      ...authenticationPart(settings, view),
      counters: counted,
      group: view?.group ?? null,
      tracks: (view?.tracks ?? []).map((track) =>
        trackDocument(
          track,
          (probe) => this.#readProbe(probe),
          this.#linkTimes.read(name, track.name) ?? startedAt,
        ),
      ),
    };
  }
}

function notificationsPart(notifications: NotificationsDocument | undefined) {
  return notifications === undefined ? {} : { notifications };
}

function otherProgramsPart(programs: readonly OtherProgramDocument[]) {
  return programs.length === 0 ? {} : { other_programs: programs };
}

function checkerPart(checker: CheckerDocument | undefined) {
  return checker === undefined ? {} : { checker };
}

function witnessPart(witness: WitnessDocument | undefined): Pick<StatusDocument, 'witness'> {
  return witness === undefined ? {} : { witness };
}

function instanceWitnessPart(
  view: WitnessView | undefined,
  wallClock: WallClock,
): Pick<InstanceDocument, 'witness'> {
  if (view === undefined) return {};
  const { right, holds, holder, until } = view;
  const end = until === null ? null : wallClock(until).toISOString();
  return { witness: { right, holds, holder, until: end } };
}

function connectionsPart(connections: ConnectionsDocument | undefined) {
  return connections === undefined ? {} : { connections };
}

function problemsPart(
  problems: readonly PeerProblem[],
  wallClock: WallClock,
): Pick<InstanceDocument, 'peer_problems'> {
  if (problems.length === 0) return {};
  return {
    peer_problems: problems.map(({ peer, code, since, heard, expected, freeVrid }) => {
      const facts = { code, heard, expected, free_vrid: freeVrid };
      const at = wallClock(since).toISOString();
      return { peer, since: at, ...facts, message: problemText(facts) };
    }),
  };
}

function pathLossPart(
  loss: PathLoss | undefined,
  wallClock: WallClock,
): Pick<InstanceDocument, 'path_lost'> {
  if (loss === undefined) return {};
  return { path_lost: { ...loss, since: wallClock(loss.since).toISOString() } };
}

function authenticationPart(
  { authentication }: InstanceSettings,
  view: InstanceView | undefined,
): Pick<InstanceDocument, 'authentication'> {
  if (authentication.type !== 'hmac') return {};
  const { type, mode, keyIds, activeKey, antiReplay, window } = authentication;
  const senders = (view?.senders ?? []).map(({ address, keyId, clockMs }) => ({
    ...{ address, key: keyId, clock_ms: clockMs },
  }));
  return {
    authentication: {
      ...{ type, mode, keys: keyIds, active_key: activeKey },
      ...{ anti_replay: antiReplay, window_ms: window / 1_000, senders },
    },
  };
}

function masterDocument(master: MasterView | null): MasterDocument | null {
  if (master === null) return null;
  const { address, priority, intervalMs } = master;
  return { address, priority, interval_ms: intervalMs };
}

function transitionDocument(
  transition: TransitionView | null,
  wallClock: WallClock,
): TransitionDocument | null {
  if (transition === null) return null;
  const { from, to, at, event, cause, reason } = transition;
  return { from, to, at: wallClock(at).toISOString(), event, cause, reason };
}

function straysDocument(
  strays: readonly StrayAddress[],
  answers: (stray: StrayAddress) => boolean,
): Pick<InstanceDocument, 'stray_addresses'> {
  if (strays.length === 0) return {};
  return {
    stray_addresses: strays.map((stray) => ({
      address: stray.address,
      interface: stray.interface,
      answers: answers(stray),
    })),
  };
}

function routesDocument(routing: readonly RoutingView[]): Pick<InstanceDocument, 'routes'> {
  if (routing.length === 0) return {};
  return {
    routes: routing.map(({ text, present, refusal }) => ({
      route: text,
      present,
      refused: refusal === 0 ? null : systemErrorName(refusal),
    })),
  };
}
