/** An operator's command: exit status 0 is up. */
import { describeOutcome, runCommand } from '../kernel/command/command.ts';
import { checkCommand } from '../kernel/permissions/command-permissions.ts';
import { findUser, type User } from '../kernel/permissions/users.ts';
import type { ProbeOutcome } from '../net/probe.ts';
import { failed, type Probe, reasonOf } from './probe.ts';

export class ScriptProbe implements Probe {
  readonly #argv: readonly string[];
  readonly #userName: string | undefined;
  #pid: number | undefined;

  constructor(argv: readonly string[], userName: string | undefined) {
    this.#argv = argv;
    this.#userName = userName;
  }

  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const user = this.#user();
    if (typeof user === 'string') return failed(user);
    const runner = user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const checked = checkCommand(this.#argv, runner);
    if (!checked.ok) return failed(checked.error.message);
    const outcome = await runCommand({
      argv: this.#argv,
      user,
      timeoutMs,
      onStart: (pid) => {
        this.#pid = pid;
      },
    });
    this.#pid = undefined;
    return {
      passed: outcome.kind === 'exited' && outcome.status === 0,
      detail: describeOutcome(outcome),
    };
  }

  /** Nobody waits for a run that has not ended. */
  close(): void {
    if (this.#pid === undefined) return;
    try {
      process.kill(-this.#pid, 'SIGKILL');
    } catch (error) {
      reasonOf(error);
    }
  }

  /** A text says why there is none; undefined is the user of the agent. */
  #user(): User | string | undefined {
    if (this.#userName === undefined) return undefined;
    try {
      return findUser(this.#userName) ?? `there is no local user ${this.#userName}`;
    } catch (error) {
      return `user ${this.#userName} cannot be looked up: ${reasonOf(error)}`;
    }
  }
}
