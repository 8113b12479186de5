/** A stall of the protocol thread, and where its time went, as the API shows them. */
export type StallSecondsDocument = Readonly<Record<'host' | 'self' | 'paused' | 'unknown', number>>;

export interface StallFacts {
  readonly duration_ms: number;
  /**
   * `host`: this thread was ready to run and was not scheduled. `self`: it was busy. `paused`: the process
   * or the whole machine was stopped. Null: not known.
   */
  readonly cause: 'host' | 'self' | 'paused' | null;
  /** Ready to run without a processor; null: not known. */
  readonly waited_ms: number | null;
  /** On a processor; null: not known. */
  readonly ran_ms: number | null;
}
