/** How a command affects its process; tests supply their own. */
export interface CliContext {
  /** Writes the text unchanged: the caller ends its lines. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** Sets the exit status of the process; one of `EXIT`. */
  setExitCode(code: number): void;
  /** True if standard output is a terminal, where colours and redrawing make sense. */
  readonly isTty: boolean;
  /** True if standard error is a terminal, where progress is shown. */
  readonly isErrorTty?: boolean;
}
