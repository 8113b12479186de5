/**
 * When the members of a sync group become MASTER, as a table. Two questions lie outside it because
 * they have one answer: a member that leaves MASTER for BACKUP takes the others with it, and so does
 * one in FAULT; both times every MASTER among them sends priority 0.
 */

/** `all`: nobody else is MASTER of any member. `any`: nobody else is MASTER of some member. */
export type SyncGroupMode = 'all' | 'any';

/** What one member says about the group becoming MASTER. */
export type MemberStanding =
  /** Is MASTER. */
  | 'master'
  /** Its Master_Down_Interval or preempt delay has ended. */
  | 'ready'
  /** Hears a MASTER that would yield to it (RFC 9568 section 6.4.3). */
  | 'outranks'
  /** Hears a MASTER that would not, or has not listened for long enough. */
  | 'waits'
  /** Takes no part: has not started, is in FAULT, or lets go of its addresses. */
  | 'absent';

interface Row {
  readonly standing: MemberStanding;
  /** Whether the group may become MASTER as far as this member is concerned. */
  readonly agrees: { readonly [Mode in SyncGroupMode]: boolean };
  readonly description: string;
}

export const SYNC_GROUP_TABLE: readonly Row[] = [
  {
    standing: 'master',
    agrees: { all: true, any: true },
    description: 'it has what the others are to get',
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
    description: 'the MASTER that it hears would take its addresses back at once',
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

/** Whether all members are to become MASTER now: one wants it and none objects. */
export function becomesMaster(mode: SyncGroupMode, members: readonly MemberStanding[]): boolean {
  return members.includes('ready') && members.every((standing) => AGREES[standing][mode]);
}
