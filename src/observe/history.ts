/** The last events, numbered, for readers who come late and readers who stay. */
import type { EventDocument, EventFacts } from '../control/protocol.ts';
import { sentenceOf } from './event.ts';
import { notificationOf } from './ietf-notification.ts';

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
    if (this.#events.length > this.#limit) this.#events.shift();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /**
   * Kept events with a greater number. A number beyond the last one comes from a former run, whose
   * reader has seen nothing of this one: it gets all.
   */
  after(sequence: number): readonly EventDocument[] {
    if (sequence > this.#last) return [...this.#events];
    const first = this.#last - this.#events.length + 1;
    return this.#events.slice(Math.max(0, sequence - first + 1));
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
