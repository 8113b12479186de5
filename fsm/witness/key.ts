/**
 * What a director does about the key of an instance: it asks for it only while another director is not
 * seen, and gives it back afterwards. A table without state; the rows are tried from top to bottom.
 */
import { type DecisionRow, decide, type Evidence } from '../judgement/decision-table.ts';

export const KEY_EVIDENCE = {
  /**
   * `master`: serves. `leaving`: serves until its successor is heard. `claims`: would be MASTER, and waits
   * for the right. `other`: none of these, or it has agreed to another director.
   */
  role: ['master', 'leaving', 'claims', 'other'],
  /** The promises of the others: fresh for some time, fresh, older, or not enough to be MASTER. */
  peers: ['settled', 'agree', 'fading', 'missing'],
  key: ['held', 'none'],
  /** A director that can serve is ready to take over from the one that leaves. */
  heir: ['ready', 'none'],
  /** `later`: what this director has promised to another one lasts for more than half of the `ttl`. */
  promise: ['later', 'soon'],
} as const;

type Columns = typeof KEY_EVIDENCE;
export type KeyEvidence = Evidence<Columns>;

export type KeyOutcome = 'hold' | 'hand-over' | 'give-back' | 'leave';

export const KEY_TABLE: readonly DecisionRow<Columns, KeyOutcome>[] = [
  {
    when: { role: ['other'], key: ['held'] },
    outcome: 'give-back',
    description: 'it is not needed here, and another director may need it',
  },
  { when: { role: ['other'] }, outcome: 'leave', description: 'there is nothing to ask' },
  {
    when: { peers: ['settled'], key: ['held'] },
    outcome: 'give-back',
    description: 'every director is seen again: the witness is not needed',
  },
  {
    when: { peers: ['settled', 'agree'], key: ['none'] },
    outcome: 'leave',
    description: 'every director is seen: the witness is not asked',
  },
  {
    when: { role: ['leaving'], peers: ['fading', 'missing'], key: ['held'], heir: ['ready'] },
    outcome: 'hand-over',
    description: 'a planned move without every director: the successor needs the key',
  },
  {
    when: { role: ['claims'], promise: ['later'], key: ['none'] },
    outcome: 'leave',
    description: 'the MASTER, if it lives, asks first: it serves, and this one may not for now',
  },
  {
    when: {},
    outcome: 'hold',
    description: 'another director is not seen: only the key shows that it is not MASTER',
  },
];

export function judgeKey(evidence: KeyEvidence): KeyOutcome {
  return decide(KEY_TABLE, evidence).outcome;
}
