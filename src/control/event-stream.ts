/**
 * Newline-delimited JSON for a client that follows the events. A client that does not keep up is cut
 * off: unread events must not accumulate in memory.
 */
import type { ServerResponse } from 'node:http';
import type { ControlSource, ErrorDocument, EventDocument } from './protocol.ts';

export interface EventStreamOptions {
  /** Stored events numbered above this are sent first; undefined: new events only. */
  readonly after: number | undefined;
  /** How many bytes a client may leave unread. */
  readonly backlogLimit: number;
  /** How long a client that was cut off has to read the last line. */
  readonly lingerMs: number;
}

/** Returns a function that ends the stream. */
export function streamEvents(
  response: ServerResponse,
  source: ControlSource,
  { after, backlogLimit, lingerMs }: EventStreamOptions,
): () => void {
  const past = after === undefined ? [] : source.eventsAfter(after);
  const unsubscribe = source.subscribe((event) => {
    response.write(lineOf(event));
    if (response.writableLength > backlogLimit) cutOff();
  });
  const end = () => {
    unsubscribe();
    response.end();
  };
  const cutOff = () => {
    unsubscribe();
    response.end(lineOf(TOO_SLOW));
    setTimeout(() => response.destroy(), lingerMs).unref();
  };
  response.once('close', unsubscribe);
  response.on('error', unsubscribe);
  response.flushHeaders();
  if (past.length > 0) response.write(past.map(lineOf).join(''));
  return end;
}

const TOO_SLOW: ErrorDocument = {
  error: { code: 'too-slow', message: 'events were not read fast enough; reconnect with after=' },
};

function lineOf(document: EventDocument | ErrorDocument): string {
  return `${JSON.stringify(document)}\n`;
}
