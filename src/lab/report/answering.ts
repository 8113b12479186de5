/** Which director answered a client's ARP requests, as spans of time. */
import type { RunRecord, Span } from '../judge/record.ts';

interface Answering extends Span {
  readonly node: string;
}

/** Clients send a request every 10 ms; a longer pause is more than a few lost requests. */
const PAUSE = 50_000;

/** Spans of one director do not overlap; those of two directors may. */
export function answeringIn({ nodes }: RunRecord, client: string): Answering[] {
  return nodes.flatMap(({ name, arpAnswers }) => {
    const spans: { node: string; from: number; to: number }[] = [];
    for (const at of arpAnswers[client] ?? []) {
      const open = spans.at(-1);
      if (open !== undefined && at - open.to <= PAUSE) open.to = at;
      else spans.push({ node: name, from: at, to: at });
    }
    return spans;
  });
}

/** In the order of their numbers. */
export function clientsOf({ nodes }: RunRecord): string[] {
  return Object.keys(nodes[0]?.arpAnswers ?? {});
}
