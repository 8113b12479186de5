import { assert } from '../../src/net/assert.ts';
import type { VrrpEvent } from './model.ts';

/** Distributes over the events: those that have the field say what it may be. */
type Field<Name extends string, Event = VrrpEvent> =
  Event extends Readonly<Record<Name, infer Value>> ? Value : never;

/** A field of the event. A row belongs to one event, so what the row reads is there. */
export function fieldOf<Name extends string>(event: VrrpEvent, name: Name): Field<Name> {
  assert(name in event, `${event.type} has no ${name}`);
  return (event as unknown as Readonly<Record<Name, Field<Name>>>)[name];
}
