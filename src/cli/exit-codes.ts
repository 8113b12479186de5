/** What a command's exit status means; scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong arguments, or a configuration that cannot be used. */
  usage: 2,
  /** The state asked for was not reached in the time given. */
  notReached: 3,
  /** Doing it would be unsafe; the message says what `--force` would risk. */
  refused: 4,
  /** Nobody answers on the control socket. */
  noAgent: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
