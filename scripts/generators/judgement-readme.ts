/** `fsm/judgement/README.md`: the tables of evidence, from the tables themselves. */
import { RIVAL_EVIDENCE, RIVAL_TABLE } from '../../fsm/judgement/rival.ts';
import { SILENCE_EVIDENCE, SILENCE_TABLE } from '../../fsm/judgement/silence.ts';
import { table } from './decision-rows.ts';

export const path = 'fsm/judgement/README.md';

/** The text of the page. */
export function generate(): string {
  return [
    '# Judgement by more evidence than silence',
    '',
    'Generated from `silence.ts` and `rival.ts` by `npm run gen`; do not edit.',
    '',
    'With a peer link a director knows more than the silence of one segment. Rows are tried from top to',
    'bottom, and the first one that matches decides; an empty cell matches everything. The outcomes are events',
    'of the VRRP table (`fsm/vrrp/README.md`), which alone changes states and timers.',
    '',
    '## A BACKUP whose MASTER is silent',
    '',
    'Asked when a director says something new, when it comes or goes, while advertisements or heartbeats',
    'are missing, and when Active_Down_Timer fires (`silence` is `interval`).',
    '',
    '- `resigned`: `master-resigned`, take over at once',
    '- `cut-off`: `master-cut-off`, take over at once',
    '- `dead`: `master-dead`, take over at once',
    '- `hold`: `master-alive` in place of `master-timeout`: stays BACKUP, the event `vrrp-path-lost`',
    '- `stay`: `segment-broken` in place of `master-timeout`: stays BACKUP, the event `vrrp-path-lost`',
    '- `as-rfc`: `master-timeout`, when Active_Down_Timer fires',
    '',
    ...table(SILENCE_EVIDENCE, SILENCE_TABLE),
    '',
    '## A MASTER that is not the only one',
    '',
    'Asked while another director says over the peer link that it is MASTER.',
    '',
    '- `cut-off`, `outranked`: the events of these names, become BACKUP at once',
    '- `stay`: stays MASTER, the event `dual-master` with the evidence',
    '',
    ...table(RIVAL_EVIDENCE, RIVAL_TABLE),
    '',
  ].join('\n');
}
