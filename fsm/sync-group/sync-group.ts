/**
 * When the members of a sync group become MASTER, as a table. Two cases are not in it because they
 * have no alternatives: a member that goes from MASTER to BACKUP, or to FAULT, takes the other members
 * with it, and every MASTER among them sends priority 0.
 */

/** `all`: wait until no other router is MASTER of any member. `any`: of at least one member. */
type SyncGroupMode = 'all' | 'any';

/** Where one member stands when the group considers becoming MASTER. */
export type MemberStanding =
  | 'master'
  /** Its Master_Down_Interval or preempt delay has ended. */
  | 'ready'
  /** Hears a MASTER that would yield to it (RFC 9568 section 6.4.3). */
  | 'outranks'
  /** Hears a MASTER that would not yield, or has not listened long enough. */
  | 'waits'
  /** Has not started, is in FAULT, or releases its addresses. */
  | 'absent';

interface Row {
  readonly standing: MemberStanding;
  /** True if this member does not object to the group becoming MASTER. */
  readonly agrees: { readonly [Mode in SyncGroupMode]: boolean };
  readonly description: string;
}

export const SYNC_GROUP_TABLE: readonly Row[] = [
  {
    standing: 'master',
    agrees: { all: true, any: true },
    description: 'it is already MASTER',
  },
  {
    standing: 'ready',
    agrees: { all: true, any: true },
    description: 'it would become MASTER by itself',
  },
  {
    standing: 'outranks',
    agrees: { all: false, any: true },
    description: 'the MASTER that it hears will yield to it',
  },
  {
    standing: 'waits',
    agrees: { all: false, any: false },
    description: 'the MASTER that it hears would take the addresses back immediately',
  },
  {
    standing: 'absent',
    agrees: { all: false, any: false },
    description: 'it could not serve',
  },
];

const AGREES = Object.fromEntries(
  SYNC_GROUP_TABLE.map(({ standing, agrees }) => [standing, agrees]),
) as { readonly [Standing in MemberStanding]: Row['agrees'] };

/** True if all members become MASTER now: at least one is ready and none objects. */
export function becomesMaster(mode: SyncGroupMode, members: readonly MemberStanding[]): boolean {
  return members.includes('ready') && members.every((standing) => AGREES[standing][mode]);
}
