/** Which director is MASTER of a virtual router, or was last, and what it says of itself. */
import type { Says } from '../../../../fsm/judgement/silence.ts';
import { compareIp, type IpAddress } from '../../../net/address.ts';
import type { InstanceStatement } from '../../../wire/peer-link/statement.ts';
import type { DirectorStatement } from '../directors/directors.ts';

/** A MASTER that does not resign; of several the one that is best able to serve. */
export function servingMaster(
  statements: readonly DirectorStatement[],
): DirectorStatement | undefined {
  return statements
    .filter(({ statement }) => statement.state === 'MASTER' && statement.resigningTo === null)
    .reduce<DirectorStatement | undefined>(
      (best, one) => (best === undefined || ability(one) > ability(best) ? one : best),
      undefined,
    );
}

/** A director that was MASTER and names the own one as its successor. */
export function resigningMaster(
  statements: readonly DirectorStatement[],
  own: string,
): DirectorStatement | undefined {
  return statements.find(({ statement }) => statement.resigningTo === own);
}

/** The BACKUP that takes over first: by priority, and by the greater address. */
export function bestBackup(
  statements: readonly DirectorStatement[],
): DirectorStatement | undefined {
  return statements
    .filter(({ statement }) => statement.state === 'BACKUP' && statement.canServe !== 'no')
    .reduce<DirectorStatement | undefined>(
      (best, one) => (best === undefined || outranks(one.statement, best.statement) ? one : best),
      undefined,
    );
}

/** Rank among directors: RFC 9568 section 6.4.3. */
export function outranks(
  one: Pick<InstanceStatement, 'priority' | 'source'>,
  other: Pick<InstanceStatement, 'priority' | 'source'>,
): boolean {
  if (one.priority !== other.priority) return one.priority > other.priority;
  if (one.source === null || other.source === null) return false;
  return compareIp(one.source, other.source) > 0;
}

export function saysOf({ state, resigningTo, canServe }: InstanceStatement): Says {
  if (state !== 'MASTER' || resigningTo !== null) return 'not-master';
  if (canServe === 'yes') return 'can-serve';
  return canServe === 'no' ? 'cannot-serve' : 'unknown';
}

/**
 * The primary addresses of the directors that are third hosts on the segment: not the one in question. A
 * single other director with none in question is no third host: its silence does not show which of the
 * two is cut off.
 */
export function addressesOf(
  statements: readonly DirectorStatement[],
  inQuestion: string | undefined,
): IpAddress[] {
  const others = statements.flatMap(({ director, statement: { source, canServe } }) =>
    source === null || canServe === 'no' || director === inQuestion ? [] : [source],
  );
  return inQuestion === undefined && others.length < TWO ? [] : others;
}

/** Of two directors that start at once, none may take the silence of the other for its own isolation. */
const TWO = 2;

const ABILITIES = { no: 0, unknown: 1, yes: 2 } as const;

function ability({ statement }: DirectorStatement): number {
  return ABILITIES[statement.canServe];
}
