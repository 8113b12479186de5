/** What the comparison of two directors has found. */

export interface ConfigurationFinding {
  /** `error`: the pair does not work as it should. `warning`: an operator should look. */
  readonly level: 'error' | 'warning';
  /** In the file, or of the host. */
  readonly path: string;
  readonly rule: 'equal' | 'different' | 'mutual' | 'only-here' | 'only-there';
  readonly here: unknown;
  readonly there: unknown;
}

export interface Both<Value> {
  readonly here: Value;
  readonly there: Value;
}
