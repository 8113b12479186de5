/**
 * The commands of one instance or group, in order, one at a time. A newer change skips the commands
 * that have not begun: a director that is BACKUP again must not run its `master` command late.
 */
import type { NotifyOutcome, RunningCommand } from './command.ts';
import type { Outcomes } from './outcomes.ts';

export interface QueuedCommand {
  /** The configuration key, such as `notify.master`. */
  readonly target: string;
  /** The state that it reports. */
  readonly state: string;
  readonly start: () => RunningCommand;
}

export class CommandQueue {
  readonly #subject: string;
  readonly #outcomes: Outcomes;
  #waiting: readonly QueuedCommand[] = [];
  #running: RunningCommand | undefined;
  #idle: (() => void)[] = [];

  constructor(subject: string, outcomes: Outcomes) {
    this.#subject = subject;
    this.#outcomes = outcomes;
  }

  /** The commands of one change, in order. */
  push(commands: readonly QueuedCommand[], state: string): void {
    for (const old of this.#waiting) {
      this.#outcomes.count('command', 'skipped');
      const detail = `${old.state} ended before the command could run; now ${state}`;
      this.#report(old.target, 'skipped', detail);
    }
    this.#waiting = commands;
    if (this.#running === undefined) this.#next();
  }

  /** Resolves when no command runs or waits. */
  drained(): Promise<void> {
    if (this.#running === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Drops what waits and kills what runs: the agent stops. */
  abandon(): void {
    for (const { target, state } of this.#waiting) {
      this.#outcomes.count('command', 'lost');
      this.#report(target, 'lost', `the agent stopped before the command for ${state} could run`);
    }
    this.#waiting = [];
    this.#running?.kill();
  }

  #next(): void {
    const [command, ...rest] = this.#waiting;
    this.#waiting = rest;
    if (command === undefined) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    const running = command.start();
    this.#running = running;
    void running.ended.then((outcome) => {
      this.#running = undefined;
      this.#settle(command, outcome);
      this.#next();
    });
  }

  #settle({ target }: QueuedCommand, outcome: NotifyOutcome): void {
    if (outcome.kind === 'done') {
      this.#outcomes.count('command', 'done');
      return;
    }
    this.#outcomes.count('command', 'failed');
    this.#report(target, outcome.kind === 'timed-out' ? 'timed-out' : 'failed', outcome.detail);
  }

  #report(target: string, outcome: 'failed' | 'timed-out' | 'skipped' | 'lost', detail: string) {
    this.#outcomes.report({ channel: 'command', subject: this.#subject, target, outcome, detail });
  }
}
