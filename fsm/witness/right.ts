/**
 * Whether a virtual router with a witness may be MASTER. There are two sources of this right, and no two
 * directors can have one at the same time: the promise of every other director, or the key of the witness.
 * A table without state; the rows are tried from top to bottom.
 */
import { type DecisionRow, decide, type Evidence } from '../judgement/decision-table.ts';

export const RIGHT_EVIDENCE = {
  /**
   * This director has promised another one not to be MASTER, and the promise lasts; `unknown`: it may have
   * done so before it was started.
   */
  promised: ['no', 'yes', 'unknown'],
  /** `agree`: the promise of every other director to this one lasts. */
  peers: ['agree', 'missing'],
  /** Of the instance, with the witness. */
  key: ['held', 'none'],
  /** `silent`: it does not answer. */
  witness: ['answers', 'silent'],
  /** The key `on_loss`. */
  loss: ['release', 'go_on'],
} as const;

type Columns = typeof RIGHT_EVIDENCE;
export type RightEvidence = Evidence<Columns>;

export type RightOutcome = 'peers' | 'held' | 'went-on' | 'none';

export const RIGHT_TABLE: readonly DecisionRow<Columns, RightOutcome>[] = [
  {
    when: { promised: ['yes', 'unknown'] },
    outcome: 'none',
    description: 'another director may be MASTER until the promise ends, or it says that it is not',
  },
  {
    when: { peers: ['agree'] },
    outcome: 'peers',
    description: 'every other director has promised not to be MASTER: the witness is not needed',
  },
  {
    when: { key: ['held'] },
    outcome: 'held',
    description:
      'only one director has the key, and a director without it needs the promise of this one',
  },
  {
    when: { witness: ['silent'], loss: ['go_on'] },
    outcome: 'went-on',
    description: '`on_loss: go_on`: as the RFC; another director may be MASTER as well',
  },
  {
    when: {},
    outcome: 'none',
    description: 'neither the other directors nor the witness allow it',
  },
];

export function judgeRight(evidence: RightEvidence): RightOutcome {
  return decide(RIGHT_TABLE, evidence).outcome;
}
