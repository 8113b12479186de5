/** How the agent starts its checker process. */
import type { Privileges } from '../../kernel/process/privileges.ts';

/** The socket to the agent, beside the standard streams. */
export const CHANNEL_FD = 3;

/** The argument of a process that has given up its privileges. */
export const CONFINED = 'confined';

/** As JSON in the first argument. */
export interface CheckerArguments {
  /** Process ID of the agent. */
  readonly parent: number;
  readonly privileges: Privileges;
}
