/**
 * Which statements the next datagrams carry: those that have changed first, then the others in turn, so
 * that each is sent once a second, however many there are.
 */
import { type Duration, seconds } from '../../../net/time.ts';
import {
  emptyLength,
  LONGEST_DATAGRAM,
  type PeerDatagram,
} from '../../../wire/peer-link/datagram.ts';
import { type InstanceStatement, statementLength } from '../../../wire/peer-link/statement.ts';

const ROUND = seconds(1);

/** The count of a datagram has eight bits. */
const STATEMENTS_MAX = 255;

/** A place in a ring that keeps its meaning when the ring changes. */
export class Turns {
  #next = 0;

  /** The positions whose turn it is, of `count`, when one tick is `interval` long. */
  take(count: number, interval: Duration, round: Duration = ROUND): number[] {
    const share = Math.min(count, Math.ceil((count * interval) / round));
    const positions = Array.from({ length: share }, (_, step) => (this.#next + step) % count);
    this.#next = count === 0 ? 0 : (this.#next + share) % count;
    return positions;
  }
}

/** Splits the statements so that each list fits into one datagram; at least one list, perhaps empty. */
export function packed(
  statements: readonly InstanceStatement[],
  sender: Pick<PeerDatagram, 'name' | 'version'>,
): InstanceStatement[][] {
  const room = LONGEST_DATAGRAM - emptyLength(sender);
  const lists: InstanceStatement[][] = [[]];
  let used = 0;
  for (const statement of statements) {
    const length = statementLength(statement);
    const last = lists.at(-1);
    if (last !== undefined && used + length <= room && last.length < STATEMENTS_MAX) {
      last.push(statement);
      used += length;
    } else {
      lists.push([statement]);
      used = length;
    }
  }
  return lists;
}
