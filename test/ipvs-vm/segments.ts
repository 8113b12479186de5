/** Lost segments, from the TCP statistics of both ends. */
import { pause } from './processes.ts';
import { type Host, inside } from './topology.ts';

/** Hosts at the ends of busy connections. */
const ENDS: readonly Host[] = ['client', 'nat1', 'nat2', 'dr1', 'dr2'];

/** Attempts, a second apart: the report of a duplicate may be in transit. */
const ATTEMPTS = 5;

/** Counts the segments of these connections that were lost since `begin`. */
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
    for (let attempt = 1; ; attempt++) {
      const lost = lostSegments(this.#ports) - this.#before;
      if (lost <= 0 || attempt === ATTEMPTS) return lost;
      await pause(1);
    }
  }
}

/** Retransmitted segments without those that the other end reported as duplicates (RFC 2883). */
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
