/**
 * What a MASTER concludes about another director that says over the peer link that it is MASTER of the
 * same virtual router, while neither has settled it by advertisements. Both directors ask the same table
 * with exchanged columns, and no more than one of them yields. Tried from top to bottom.
 */
import { type DecisionRow, decide, type Evidence } from './decision-table.ts';

export const RIVAL_EVIDENCE = {
  /** This director, by the answers of third hosts on the service segment. */
  own: ['can-serve', 'unknown', 'cannot-serve'],
  /** What the other one says of itself. */
  rival: ['can-serve', 'unknown', 'cannot-serve'],
  /** The other one, to ARP or ND on the service segment. */
  answers: ['yes', 'no'],
  /** RFC 9568 section 6.4.3: priority first, the primary address breaks a tie. */
  rank: ['greater', 'smaller'],
  /** Both have been MASTER for longer than advertisements need to settle it. */
  lasts: ['yes', 'no'],
  /** With a witness: which of the two has promised the other one not to be MASTER. */
  agreed: ['this', 'rival', 'none'],
} as const;

type Columns = typeof RIVAL_EVIDENCE;
export type RivalEvidence = Evidence<Columns>;

/** `cut-off`, `outranked`: become BACKUP at once. `stay`: stay MASTER. */
export type RivalOutcome = 'cut-off' | 'outranked' | 'stay';

export const RIVAL_TABLE: readonly DecisionRow<Columns, RivalOutcome>[] = [
  {
    when: { agreed: ['rival'] },
    outcome: 'stay',
    description:
      'the other one has promised not to be MASTER, and yields as soon as it hears this one',
  },
  {
    when: { agreed: ['this'], lasts: ['yes'] },
    outcome: 'outranked',
    description:
      'DEVIATION: RFC 9568 6.4.3 yields to advertisements only: this one has promised not to be MASTER, also to one that cannot serve',
  },
  {
    when: { own: ['cannot-serve'], rival: ['can-serve'] },
    outcome: 'cut-off',
    description:
      'DEVIATION: RFC 9568 6.4.3 yields to advertisements only: third hosts answer the other MASTER and not this one',
  },
  {
    when: { lasts: ['no'] },
    outcome: 'stay',
    description: 'RFC 9568 6.4.3: advertisements settle it first',
  },
  {
    when: { own: ['can-serve'], rival: ['unknown', 'cannot-serve'] },
    outcome: 'stay',
    description: 'only this one is known to serve',
  },
  {
    when: { own: ['unknown'], rival: ['can-serve'] },
    outcome: 'outranked',
    description:
      'DEVIATION: RFC 9568 6.4.3 yields to advertisements only, and they do not arrive: only the other MASTER is known to serve',
  },
  {
    when: { own: ['can-serve'], rival: ['can-serve'], rank: ['smaller'] },
    outcome: 'outranked',
    description:
      'DEVIATION: RFC 9568 6.4.3 yields to advertisements only, and they do not arrive: both serve, and the other one is greater',
  },
  {
    when: {
      own: ['unknown', 'cannot-serve'],
      rival: ['unknown', 'cannot-serve'],
      answers: ['yes'],
      rank: ['smaller'],
    },
    outcome: 'outranked',
    description:
      'DEVIATION: RFC 9568 6.4.3 yields to advertisements only, and they do not arrive: the other one answers here and is greater',
  },
  {
    when: {},
    outcome: 'stay',
    description: 'RFC 9568 6.4.3: only an advertisement makes this router yield',
  },
];

export function judgeRival(evidence: RivalEvidence): RivalOutcome {
  return decide(RIVAL_TABLE, evidence).outcome;
}
