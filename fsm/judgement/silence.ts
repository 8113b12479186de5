/**
 * What a BACKUP concludes about its MASTER from more evidence than the silence of one segment: what the
 * MASTER says over the peer link, what it and third hosts answer to ARP and ND, and how long nothing was
 * heard. A table without state: the rows are tried from top to bottom, and the last one takes the rest.
 * `fsm/vrrp` has the events that the outcomes lead to.
 */
import { type DecisionRow, decide, type Evidence } from './decision-table.ts';

/** The values of each column, as the generated page shows them. */
export const SILENCE_EVIDENCE = {
  /** The director that is MASTER, or was last. `silent`: the peer link to it is down, or it is unknown. */
  says: ['resigns', 'cannot-serve', 'can-serve', 'unknown', 'not-master', 'silent'],
  /** The MASTER, to ARP or ND on the service segment. */
  answers: ['yes', 'no'],
  /** The own segment by the answers of third hosts; `unknown`: there is none to ask, or not asked yet. */
  segment: ['serves', 'unknown', 'broken'],
  /**
   * `heard`: advertisements arrive. `missing`: at least one stayed away. `dead-after`: for that time
   * nothing was heard by VRRP, by ARP and ND, and over the peer link. `interval`: Active_Down_Timer fired.
   */
  silence: ['heard', 'missing', 'dead-after', 'interval'],
  /** The key `on_vrrp_loss`. */
  policy: ['judge', 'take_over'],
} as const;

type Columns = typeof SILENCE_EVIDENCE;
export type SilenceEvidence = Evidence<Columns>;
export type Says = SilenceEvidence['says'];
export type Segment = SilenceEvidence['segment'];
export type Silence = SilenceEvidence['silence'];

/**
 * `resigned`, `cut-off`, `dead`: take over at once. `hold`: stay BACKUP, and judge again. `stay`: the
 * same, because the own segment is broken. `as-rfc`: Active_Down_Timer decides.
 */
export type SilenceOutcome = 'resigned' | 'cut-off' | 'dead' | 'hold' | 'stay' | 'as-rfc';

export const SILENCE_TABLE: readonly DecisionRow<Columns, SilenceOutcome>[] = [
  {
    when: { says: ['resigns'], segment: ['serves', 'unknown'] },
    outcome: 'resigned',
    description:
      'DEVIATION: RFC 9568 6.4.2 waits Skew_Time after priority 0, and a Master_Down_Interval without it: the MASTER names this BACKUP as its successor over the peer link',
  },
  {
    when: { policy: ['take_over'] },
    outcome: 'as-rfc',
    description: '`on_vrrp_loss: take_over`: only advertisements count',
  },
  {
    when: { segment: ['broken'] },
    outcome: 'stay',
    description:
      'DEVIATION: RFC 9568 6.4.2 becomes Active: no third host answers this director, so it is the one that is cut off',
  },
  {
    when: {
      says: ['cannot-serve'],
      segment: ['serves'],
      silence: ['missing', 'dead-after', 'interval'],
    },
    outcome: 'cut-off',
    description:
      'DEVIATION: RFC 9568 6.4.2 waits for the Master_Down_Interval: third hosts answer this director and not the MASTER, which says so',
  },
  {
    when: { says: ['can-serve'], silence: ['interval'] },
    outcome: 'hold',
    description:
      'DEVIATION: RFC 9568 6.4.2 becomes Active: the MASTER is alive and serves, only its advertisements do not arrive',
  },
  {
    when: { says: ['unknown'], answers: ['yes'], silence: ['interval'] },
    outcome: 'hold',
    description:
      'DEVIATION: RFC 9568 6.4.2 becomes Active: the MASTER is alive and answers here, only its advertisements do not arrive',
  },
  {
    when: { says: ['silent'], answers: ['no'], silence: ['dead-after'] },
    outcome: 'dead',
    description:
      'DEVIATION: RFC 9568 6.4.2 waits for the Master_Down_Interval: the MASTER has been silent everywhere for `dead_after`',
  },
  {
    when: {},
    outcome: 'as-rfc',
    description: 'RFC 9568 6.4.2: Active_Down_Timer decides (F-B7)',
  },
];

export function judgeSilence(evidence: SilenceEvidence): SilenceOutcome {
  return decide(SILENCE_TABLE, evidence).outcome;
}
