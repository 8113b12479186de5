/** What TCP had to say twice, in the words of both ends. */
import { type Host, inside } from './topology.ts';

/** Where busy connections end. */
const ENDS: readonly Host[] = ['client', 'nat1', 'nat2', 'dr1', 'dr2'];

/**
 * Segments of the client's connections with these ports that got lost: sent again, and not reported
 * as duplicates by the other end, as those that were only late are (RFC 2883).
 */
export function lostSegments(clientPorts: readonly number[]): number {
  return ENDS.flatMap((host) => {
    const side = host === 'client' ? 'sport' : 'dport';
    const which = clientPorts.map((port) => `${side} = :${port}`).join(' or ');
    return inside(host, 'ss', '-tinHO', `( ${which} )`).split('\n');
  }).reduce((sum, line) => sum + lostOf(line), 0);
}

function lostOf(line: string): number {
  return Math.max(0, count(line, /retrans:\d+\/(\d+)/) - count(line, /dsack_dups:(\d+)/));
}

function count(line: string, pattern: RegExp): number {
  return Number(pattern.exec(line)?.[1] ?? 0);
}
