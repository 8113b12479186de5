/**
 * The Poll Sequence of a session (RFC 5880 section 6.5): new parameters are confirmed by a packet with the
 * Final bit. Between two sequences a packet without the Poll bit leaves, so that an answer belongs to one
 * of them only.
 */

export class Poll {
  #phase: 'idle' | 'running' | 'pausing' = 'idle';
  /** The parameters have changed since the sequence began: its answer does not confirm them. */
  #isStale = false;

  /** Whether parameters wait for their confirmation. */
  get isOpen(): boolean {
    return this.#phase !== 'idle';
  }

  /** The parameters have changed. */
  begin(): void {
    if (this.#phase === 'idle') this.#phase = 'running';
    else this.#isStale = true;
  }

  /** Returns the Poll bit of the next periodic packet. */
  bit(): boolean {
    if (this.#phase !== 'pausing') return this.#phase === 'running';
    this.#phase = 'running';
    this.#isStale = false;
    return false;
  }

  /** A packet with the Final bit; true if the present parameters are confirmed. */
  answered(): boolean {
    if (this.#phase !== 'running') return false;
    this.#phase = this.#isStale ? 'pausing' : 'idle';
    return this.#phase === 'idle';
  }
}
