/** Who answered a client that asked who has the address, as stretches of time. */
import type { RunRecord, Span } from '../judge/record.ts';

export interface Answering extends Span {
  readonly node: string;
}

/** Clients ask every 10 ms; a pause of more is none of a single lost question. */
const PAUSE = 50_000;

/** Those of one director do not overlap; two directors may answer at one time. */
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

/** In the order in which they are named. */
export function clientsOf({ nodes }: RunRecord): string[] {
  return Object.keys(nodes[0]?.arpAnswers ?? {});
}
