/** Up while an operator's command exits with status 0; its output may be a weight. */
import { type CommandOutcome, describeOutcome, runCommand } from '../../kernel/command/command.ts';
import { checkCommand } from '../../kernel/permissions/command-permissions.ts';
import { findUser, type User } from '../../kernel/permissions/users.ts';
import type { ProbeOutcome, ScriptTarget } from '../../net/probe.ts';
import { numberIn } from './expectation.ts';
import { couldNotLook, failed, failedBy, isLocalError, type Probe } from './probe.ts';

export class ScriptProbe implements Probe {
  readonly #target: Omit<ScriptTarget, 'kind'>;
  readonly #closed = new AbortController();

  constructor(target: Omit<ScriptTarget, 'kind'>) {
    this.#target = target;
  }

  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const user = this.#user();
    if (user !== undefined && 'passed' in user) return user;
    const runner = user ?? { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const { argv } = this.#target;
    const checked = checkCommand(argv, runner);
    if (!checked.ok) return failed(checked.error.message);
    const { signal } = this.#closed;
    return this.#judge(await runCommand({ argv, user, timeoutMs, signal }));
  }

  close(): void {
    this.#closed.abort();
  }

  #judge(outcome: CommandOutcome): ProbeOutcome {
    const detail = describeOutcome(outcome);
    if (outcome.kind === 'failed' && isLocalError(outcome.errno)) return couldNotLook(detail);
    const succeeded = outcome.kind === 'exited' && outcome.status === 0;
    if (!succeeded || this.#target.weight === undefined) return { passed: succeeded, detail };
    const value = numberIn(outcome.output);
    return value === undefined
      ? failed(`not a number: ${JSON.stringify(outcome.output.slice(0, 20))}`)
      : { passed: true, detail: `${value}`, value };
  }

  /** Undefined: the agent's own user. An outcome says why the command cannot run. */
  #user(): User | ProbeOutcome | undefined {
    const { user } = this.#target;
    if (user === undefined) return undefined;
    try {
      return findUser(user) ?? failed(`there is no local user ${user}`);
    } catch (error) {
      return failedBy(error, `user ${user} cannot be looked up: `);
    }
  }
}
