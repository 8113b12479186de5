/** Runs a command of `notify` and reports how it ended. */
import type { CommandSettings } from '../../config/notification-settings.ts';
import { type CommandOutcome, describeOutcome, runCommand } from '../../kernel/command/command.ts';
import { checkCommand } from '../../kernel/permissions/command-permissions.ts';
import { findUser, type User } from '../../kernel/permissions/users.ts';

export type NotifyOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' | 'timed-out'; readonly detail: string };

export interface RunningCommand {
  /** Never rejects. */
  readonly ended: Promise<NotifyOutcome>;
  kill(): void;
}

export interface CommandRequest {
  readonly settings: CommandSettings;
  /** Appended to those of the file. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export function startCommand(request: CommandRequest): RunningCommand {
  const { settings, environment } = request;
  const argv = [...settings.command, ...request.arguments];
  const ready = userOf(settings);
  if ('refused' in ready) return ended({ kind: 'failed', detail: `not run: ${ready.refused}` });
  const { user } = ready;
  const timeoutMs = settings.timeout / 1_000;
  const ending = new AbortController();
  const { signal } = ending;
  const running = runCommand({ argv, user, timeoutMs, environment, signal });
  return { ended: running.then(outcomeOf), kill: () => ending.abort() };
}

/** Why the command would not be run; undefined if it would. */
export function commandRefusal(settings: CommandSettings): string | undefined {
  const ready = userOf(settings);
  return 'refused' in ready ? ready.refused : undefined;
}

function userOf({
  user: name,
  command,
}: CommandSettings): { readonly user: User | undefined } | { readonly refused: string } {
  try {
    const user = name === undefined ? undefined : findUser(name);
    if (name !== undefined && user === undefined) {
      return { refused: `there is no local user "${name}"` };
    }
    const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const checked = checkCommand(command, user ?? self);
    return checked.ok ? { user } : { refused: checked.error.message };
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

function ended(outcome: NotifyOutcome): RunningCommand {
  return { ended: Promise.resolve(outcome), kill: () => {} };
}

function outcomeOf(outcome: CommandOutcome): NotifyOutcome {
  if (outcome.kind === 'exited' && outcome.status === 0) return { kind: 'done' };
  const kind = outcome.kind === 'timed-out' ? 'timed-out' : 'failed';
  return { kind, detail: describeOutcome(outcome) };
}
