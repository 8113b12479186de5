/** The latest events, numbered: a client can fetch those it missed, or follow new ones. */
import { type EventFacts, notificationOf, sentenceOf } from '../control/events/event-table.ts';
import type { EventDocument } from '../control/protocol.ts';

export type EventListener = (event: EventDocument) => void;

export class EventHistory {
  readonly #limit: number;
  readonly #events: EventDocument[] = [];
  readonly #listeners = new Set<EventListener>();
  #last = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  record(facts: EventFacts, at: Date): void {
    this.#last += 1;
    const notification = notificationOf(facts);
    const event = {
      seq: this.#last,
      at: at.toISOString(),
      ...facts,
      message: sentenceOf(facts),
      ...(notification === undefined ? {} : { notification }),
    };
    this.#events.push(event);
    this.#forget();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /**
   * Stored events numbered above `sequence`. A number beyond the last one comes from a previous run:
   * its client has seen no event of this run and gets all of them.
   */
  after(sequence: number): readonly EventDocument[] {
    if (sequence > this.#last) return [...this.#events];
    const first = this.#events.findIndex(({ seq }) => seq > sequence);
    return first < 0 ? [] : this.#events.slice(first);
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Events that can be many must not push out those that explain a failover. */
  #forget(): void {
    if (this.#events.length <= this.#limit) return;
    const minor = this.#events.filter(isMinor).length;
    const oldest = minor > this.#limit / 2 ? this.#events.findIndex(isMinor) : 0;
    this.#events.splice(oldest, 1);
  }
}

/** Of real servers, or a repair of what another program has undone. */
function isMinor({ kind }: EventDocument): boolean {
  return kind.startsWith('ipvs-') || kind.endsWith('-restored');
}
