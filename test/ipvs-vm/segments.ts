/** What TCP had to say twice, in the words of both ends. */
import { pause } from './processes.ts';
import { type Host, inside } from './topology.ts';

/** Where busy connections end. */
const ENDS: readonly Host[] = ['client', 'nat1', 'nat2', 'dr1', 'dr2'];

/** Looks, a second apart: the report of a duplicate may be on its way. */
const LOOKS = 5;

/** Segments of some connections of the client that got lost from `begin` on. */
export class SegmentCount {
  readonly #ports: readonly number[];
  readonly #before: number;

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
    this.#before = lostSegments(ports);
  }

  static begin(clientPorts: readonly number[]): SegmentCount {
    return new SegmentCount(clientPorts);
  }

  async lost(): Promise<number> {
    for (let look = 1; ; look++) {
      const lost = lostSegments(this.#ports) - this.#before;
      if (lost <= 0 || look === LOOKS) return lost;
      await pause(1);
    }
  }
}

/** Sent again, and not reported by the other end as duplicates, as late ones are (RFC 2883). */
function lostSegments(clientPorts: readonly number[]): number {
  const lines = ENDS.flatMap((host) => {
    const side = host === 'client' ? 'sport' : 'dport';
    const which = clientPorts.map((port) => `${side} = :${port}`).join(' or ');
    return inside(host, 'ss', '-tinHO', `( ${which} )`).split('\n');
  });
  return lines.reduce(
    (sum, line) => sum + count(line, /retrans:\d+\/(\d+)/) - count(line, /dsack_dups:(\d+)/),
    0,
  );
}

function count(line: string, pattern: RegExp): number {
  return Number(pattern.exec(line)?.[1] ?? 0);
}
