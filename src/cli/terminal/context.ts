/** What a command may do to the process it runs in, so that tests can run it in theirs. */
export interface CliContext {
  /** Written as it is: the caller ends its lines. */
  stdout(text: string): void;
  stderr(text: string): void;
  /** The status the process ends with once nothing is left to do; one of `EXIT`. */
  setExitCode(code: number): void;
  /** Standard output is a terminal: colours and redrawing make sense. */
  readonly isTty: boolean;
}
