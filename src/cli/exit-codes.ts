/** The meaning of exit statuses; scripts rely on these numbers. */
export const EXIT = {
  done: 0,
  failed: 1,
  /** Wrong arguments, or a configuration that cannot be used. */
  usage: 2,
  /** The requested state was not reached in time. */
  notReached: 3,
  /** The request is unsafe; the message says what `--force` would risk. */
  refused: 4,
  /** No agent answers on the control socket. */
  noAgent: 5,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
