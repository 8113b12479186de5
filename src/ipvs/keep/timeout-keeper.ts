/** Keeps the kernel's timeouts of connections as the file says, and restores their former values at the end. */
import type { ConnectionTimeouts } from '../../net/ipvs.ts';
import type { IpvsClient } from '../kernel/ipvs-client.ts';
import { type IpvsLog, messageOf } from './ipvs-log.ts';

type Name = keyof ConnectionTimeouts;

const NAMES: readonly Name[] = ['tcp', 'tcpFin', 'udp'];
const SUBJECT = 'timeouts';
const NONE: ConnectionTimeouts = { tcp: 0, tcpFin: 0, udp: 0 };

export class TimeoutKeeper {
  readonly #log: IpvsLog;
  readonly #client: Pick<IpvsClient, 'timeouts' | 'setTimeouts'>;
  #wanted: ConnectionTimeouts = NONE;
  /** Seconds from before this agent, or a run of it that crashed, set the timeouts. */
  readonly #before: Map<string, number>;
  #isRefused = false;
  repairs = 0;

  constructor(
    log: IpvsLog,
    before: Readonly<Record<string, number>>,
    client: Pick<IpvsClient, 'timeouts' | 'setTimeouts'>,
  ) {
    this.#log = log;
    this.#client = client;
    this.#before = new Map(Object.entries(before));
  }

  get before(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#before);
  }

  /** Timeouts that are no longer configured get their former values back. */
  want(wanted: ConnectionTimeouts = NONE): void {
    this.#wanted = wanted;
    this.#attempt(() => this.#adopt());
  }

  /** Restores and counts values that another program changed; tries again what the kernel refused. */
  check(): void {
    if (!this.#log.mayRepair(SUBJECT)) return;
    const wasRefused = this.#isRefused;
    const changed = this.#attempt(() => this.#adopt());
    if (wasRefused || changed === 0) return;
    this.repairs += changed;
    const message = `restored ${changed} IPVS timeouts that another program changed`;
    this.#log.repaired(SUBJECT, 'ipvs-timeouts-repaired', message);
  }

  restore(): void {
    this.#attempt(() => this.#giveBack(NAMES));
  }

  /** A refusal is a problem in the status, and stops nothing else. Returns 0 then. */
  #attempt<Result>(action: () => Result): Result | 0 {
    try {
      const result = action();
      this.#isRefused = false;
      this.#log.settled(SUBJECT);
      return result;
    } catch (error) {
      this.#isRefused = true;
      this.#log.trouble(SUBJECT, 'ipvs-timeouts-failed', messageOf(error));
      return 0;
    }
  }

  /** Returns how many timeouts it set. */
  #adopt(): number {
    this.#giveBack(NAMES.filter((name) => this.#wanted[name] === 0));
    return this.#apply();
  }

  #giveBack(names: readonly Name[]): void {
    const values = { ...NONE };
    for (const name of names) values[name] = this.#before.get(name) ?? 0;
    if (NAMES.some((name) => values[name] !== 0)) this.#client.setTimeouts(values);
    for (const name of names) this.#before.delete(name);
  }

  #apply(): number {
    if (NAMES.every((name) => this.#wanted[name] === 0)) return 0;
    const actual = this.#client.timeouts();
    const differing = NAMES.filter(
      (name) => this.#wanted[name] !== 0 && this.#wanted[name] !== actual[name],
    );
    if (differing.length === 0) return 0;
    const values = { ...NONE };
    for (const name of differing) values[name] = this.#wanted[name];
    this.#client.setTimeouts(values);
    for (const name of differing) {
      if (!this.#before.has(name)) this.#before.set(name, actual[name]);
    }
    return differing.length;
  }
}
