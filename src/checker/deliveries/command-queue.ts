/**
 * The commands of one instance or group: in order, one at a time. What has not begun when a newer
 * change comes is skipped: a director that is BACKUP again must not run its `master` command late.
 */
import type { NotifyOutcome, RunningCommand } from './command.ts';
import type { Outcomes } from './outcomes.ts';

export interface QueuedCommand {
  /** Key of the file: `notify.master`. */
  readonly target: string;
  /** The state it is about. */
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
      const detail = `${old.state} was over before it could run: now ${state}`;
      this.#tell(old.target, 'skipped', detail);
    }
    this.#waiting = commands;
    if (this.#running === undefined) this.#next();
  }

  /** Fulfilled once nothing runs and nothing waits. */
  drained(): Promise<void> {
    if (this.#running === undefined) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Nobody has the time to wait any longer. */
  abandon(): void {
    for (const { target, state } of this.#waiting) {
      this.#outcomes.count('command', 'lost');
      this.#tell(target, 'lost', `the agent stopped before it could run for ${state}`);
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
      this.#note(command, outcome);
      this.#next();
    });
  }

  #note({ target }: QueuedCommand, outcome: NotifyOutcome): void {
    if (outcome.kind === 'done') {
      this.#outcomes.count('command', 'done');
      return;
    }
    this.#outcomes.count('command', 'failed');
    this.#tell(target, outcome.kind === 'timed-out' ? 'timed-out' : 'failed', outcome.detail);
  }

  #tell(target: string, outcome: 'failed' | 'timed-out' | 'skipped' | 'lost', detail: string) {
    this.#outcomes.tell({ channel: 'command', subject: this.#subject, target, outcome, detail });
  }
}
