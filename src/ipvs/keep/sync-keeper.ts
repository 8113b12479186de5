/**
 * Keeps the kernel's sync daemons as the state of the instance requires. Reads them back before each
 * step: a daemon may be left from a crashed run, started by hand, or bound to an interface that is gone.
 */

import { pause } from '../../async/deadline.ts';
import { SerialQueue } from '../../async/serial-queue.ts';
import type { SyncSettings } from '../../config/ipvs-settings.ts';
import type { DaemonRole, SyncDaemon } from '../../net/ipvs.ts';
import { type Instant, NEVER } from '../../net/time.ts';
import type { IpvsClient } from '../kernel/ipvs-client.ts';
import {
  type DaemonStep,
  planDaemons,
  SETTLE,
  type StaleReason,
  type StopReason,
  type WantedRoles,
  wantedRoles,
} from '../plan/daemon-plan.ts';
import { type IpvsLog, messageOf } from './ipvs-log.ts';

interface SyncKeeperOptions {
  readonly client: Pick<IpvsClient, 'daemons' | 'startDaemon' | 'stopDaemon'>;
  readonly log: IpvsLog;
  readonly settings: SyncSettings;
  readonly now: () => Instant;
  readonly interfaceIndex: (name: string) => number | undefined;
  /** True while net.ipv4.vs.backup_only is set. */
  readonly isBackupOnly: () => boolean;
}

interface Started {
  readonly index: number | undefined;
  readonly at: Instant;
  /** It runs with a parameter that has changed since. */
  isOutdated: boolean;
}

/** Reasons to stop a daemon, for the log. */
const WHY: { readonly [Why in StopReason]: string } = {
  changed: 'its settings differ from the configuration',
  deaf: 'its interface may have been recreated, and it would no longer receive',
  unwanted: 'the state of the instance no longer needs it',
};
const BALANCES_NOTHING =
  'this director balances nothing: net.ipv4.vs.backup_only is 1, and with "mode: both" a backup daemon ' +
  'always runs. Use "mode: follow", or set the parameter to 0';

const SUBJECT = 'sync daemons';

/** More than any sequence of stops and starts needs. */
const STEPS_MAX = 8;

export class SyncKeeper {
  readonly settings: SyncSettings;
  readonly #options: SyncKeeperOptions;
  /** Daemons that this run started; any other one may be deaf. */
  readonly #started = new Map<DaemonRole, Started>();
  #isMaster = false;
  #since: Instant | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #passes = new SerialQueue();
  #isStopped = false;
  /** The next step follows from a change of state, and is not a repair. */
  #expected = false;
  #isAbandoned = false;
  repairs = 0;

  constructor(options: SyncKeeperOptions) {
    this.settings = options.settings;
    this.#options = options;
  }

  follow(isMaster: boolean): void {
    if (isMaster === this.#isMaster) return;
    this.#isMaster = isMaster;
    this.#since = this.#options.now();
    this.#expected = true;
    void this.run();
  }

  /** One pass: reads the daemons back and takes the missing steps. */
  run(expected = false): Promise<void> {
    this.#expected ||= expected;
    return this.#passes.run(() => this.#work());
  }

  /** Starts the daemons again, because a parameter that they read only at the start has changed. */
  restart(): Promise<void> {
    for (const started of this.#started.values()) started.isOutdated = true;
    return this.run(true);
  }

  daemons(): SyncDaemon[] {
    return this.#options.client.daemons();
  }

  get roles(): readonly DaemonRole[] {
    return this.#wanted().roles;
  }

  /** Ends both daemons; that of a MASTER sends its buffer first. */
  async stop(hurried: AbortSignal): Promise<void> {
    if (this.#isMaster) this.follow(false);
    await this.#passes.idle();
    const { until } = this.#wanted();
    if (until !== NEVER && this.#started.has('master')) {
      await pause((until - this.#options.now()) / 1_000, hurried);
    }
    this.#isStopped = true;
    this.#expected = true;
    await this.run();
    clearTimeout(this.#timer);
  }

  /** Leaves the daemons to another keeper. */
  abandon(): void {
    clearTimeout(this.#timer);
    this.#isAbandoned = true;
  }

  #wanted(): WantedRoles {
    const { now, settings } = this.#options;
    if (this.#isStopped) return { roles: [], until: NEVER };
    return wantedRoles({
      mode: settings.mode,
      isMaster: this.#isMaster,
      isBackupOnly: this.#options.isBackupOnly(),
      since: this.#since,
      now: now(),
    });
  }

  async #work(): Promise<void> {
    if (this.#isAbandoned) return;
    const { log } = this.#options;
    const expected = this.#expected;
    this.#expected = false;
    let isLogged = true;
    try {
      for (let count = 0; count < STEPS_MAX; count++) {
        const step = this.#next();
        if (step === undefined) break;
        const isRepair = count === 0 && !expected;
        if (isRepair && !log.mayRepair(SUBJECT)) break;
        await this.#settleBefore(step);
        // Meanwhile another keeper, of a reload or of the next process, has become their owner.
        if (this.#isAbandoned) return;
        const { code, message } = this.#perform(step);
        if (isRepair) {
          this.repairs++;
          isLogged = log.countRepair(SUBJECT) !== undefined;
        }
        if (isLogged) log.info(code, message);
      }
      log.settled(SUBJECT);
      this.#reportIdle();
    } catch (error) {
      log.trouble(SUBJECT, 'ipvs-sync-failed', messageOf(error));
    }
    this.#arm();
  }

  #next(): DaemonStep | undefined {
    const { client, settings } = this.#options;
    const [first, ...lingering] = this.#wanted().roles;
    const roles = first === undefined ? [] : [first, ...lingering];
    return planDaemons({
      wanted: roles.map((role) => ({ ...settings.daemon, role })),
      tolerated: settings.mode === 'both' ? [] : lingering,
      actual: client.daemons(),
      stale: this.#stale(),
      stopsFirst: this.#options.isBackupOnly(),
    });
  }

  /** The configuration cannot have both, but another program may have set the parameter. */
  #reportIdle(): void {
    const { log, settings, isBackupOnly } = this.#options;
    if (settings.mode === 'both' && isBackupOnly()) {
      log.trouble('backup_only', 'ipvs-backup-only', BALANCES_NOTHING);
    } else {
      log.settled('backup_only');
    }
  }

  /**
   * The kernel still lists a daemon whose interface was recreated under the same name, although the
   * daemon receives nothing. A daemon that this run did not start may be in that state.
   */
  #stale(): ReadonlyMap<DaemonRole, StaleReason> {
    const { interfaceIndex, settings } = this.#options;
    const index = interfaceIndex(settings.daemon.interface);
    const stale = new Map<DaemonRole, StaleReason>();
    if (index === undefined) return stale;
    for (const role of ['master', 'backup'] as const) {
      const started = this.#started.get(role);
      if (started?.index !== index) stale.set(role, 'deaf');
      else if (started.isOutdated) stale.set(role, 'changed');
    }
    return stale;
  }

  /** The kernel does not answer a stop right after the start, before the daemon's thread runs. */
  async #settleBefore(step: DaemonStep): Promise<void> {
    if (step.kind !== 'stop') return;
    const started = this.#started.get(step.role);
    const age = started === undefined ? SETTLE : this.#options.now() - started.at;
    if (age >= SETTLE) return;
    await pause((SETTLE - age) / 1_000);
  }

  /** Returns what to log. */
  #perform(step: DaemonStep): { readonly code: string; readonly message: string } {
    const { client, now, interfaceIndex } = this.#options;
    if (step.kind === 'stop') {
      client.stopDaemon(step.role);
      this.#started.delete(step.role);
      const message = `the ${step.role} sync daemon was stopped: ${WHY[step.why]}`;
      return { code: 'ipvs-sync-stopped', message };
    }
    const { role, interface: link } = step.daemon;
    client.startDaemon(step.daemon);
    this.#started.set(role, { index: interfaceIndex(link), at: now(), isOutdated: false });
    return { code: 'ipvs-sync-started', message: `the ${role} sync daemon runs on ${link}` };
  }

  #arm(): void {
    clearTimeout(this.#timer);
    const { until } = this.#wanted();
    if (until === NEVER) return;
    const delay = Math.max(1, Math.ceil((until - this.#options.now()) / 1_000));
    this.#timer = setTimeout(() => void this.run(true), delay);
  }
}
