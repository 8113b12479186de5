/**
 * Newline-delimited JSON for a reader that stays. A reader that does not keep up is cut off: the
 * agent must not collect in memory what somebody forgot to read.
 */
import type { ServerResponse } from 'node:http';
import type { ControlSource, ErrorDocument, EventDocument } from './protocol.ts';

export interface EventStreamOptions {
  /** Send what is kept with a greater number first; undefined: only what is new. */
  readonly after: number | undefined;
  /** Unread bytes a reader may have. */
  readonly backlogLimit: number;
  /** How long a reader that was cut off has to fetch the last line. */
  readonly partingMs: number;
}

/** Returns how to end the stream. */
export function streamEvents(
  response: ServerResponse,
  source: ControlSource,
  { after, backlogLimit, partingMs }: EventStreamOptions,
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
    setTimeout(() => response.destroy(), partingMs).unref();
  };
  response.once('close', unsubscribe);
  response.on('error', unsubscribe);
  response.flushHeaders();
  if (past.length > 0) response.write(past.map(lineOf).join(''));
  return end;
}

const TOO_SLOW: ErrorDocument = {
  error: { code: 'too-slow', message: 'events were not read fast enough; ask again with after=' },
};

function lineOf(document: EventDocument | ErrorDocument): string {
  return `${JSON.stringify(document)}\n`;
}
