/** `fsm/witness/README.md`: the tables of the witness, from the tables themselves. */
import { KEY_EVIDENCE, KEY_TABLE } from '../../fsm/witness/key.ts';
import { RIGHT_EVIDENCE, RIGHT_TABLE } from '../../fsm/witness/right.ts';
import { table } from './decision-rows.ts';

export const path = 'fsm/witness/README.md';

/** The text of the page. */
export function generate(): string {
  return [
    '# The right to be MASTER with a witness',
    '',
    'Generated from `right.ts` and `key.ts` by `npm run gen`; do not edit. The argument is in',
    '[ADR 9](../../docs/adr/0009-a-witness.md).',
    '',
    'Rows are tried from top to bottom, and the first one that matches decides; an empty cell matches',
    'everything.',
    '',
    '## May this director be MASTER?',
    '',
    'Asked for a BACKUP that would take over and for a MASTER, whenever a director says something about the',
    'instance, the witness answers, or a promise or a lease is about to end.',
    '',
    '- `peers`, `held`: yes, until the promise of a director or the lease of the key ends; a BACKUP gets',
    '  `before-master-granted`',
    '- `went-on`: yes, without permission: the event `witness-lost`',
    '- `none`: a BACKUP waits in `asking`; a MASTER gets `witness-lost`, and releases',
    '',
    ...table(RIGHT_EVIDENCE, RIGHT_TABLE),
    '',
    '## What about the key?',
    '',
    '- `hold`: ask for it, and renew it',
    '- `hand-over`: let the named successor take it',
    '- `give-back`: delete it',
    '- `leave`: nothing',
    '',
    ...table(KEY_EVIDENCE, KEY_TABLE),
    '',
  ].join('\n');
}
