/** What an engine is made for, besides its settings. */
import type { Duration } from '../../net/time.ts';

export interface EngineOptions {
  /** Off in the property test that compares the short way with the long one. */
  readonly shortcut?: boolean;
  /** Opens its sockets and does nothing else until it is told to `adopt`. */
  readonly standby?: boolean;
  /** How long a router goes on answering whose successor has been heard. */
  readonly parting?: Duration;
}
