/** What an engine is made for, besides its settings. */
export interface EngineOptions {
  /** Off in the property test that compares the short way with the long one. */
  readonly shortcut?: boolean;
  /** Opens its sockets and does nothing else until it is told to `adopt`. */
  readonly standby?: boolean;
}
