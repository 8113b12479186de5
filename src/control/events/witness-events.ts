/** Events of the witness: who may be MASTER when directors do not see each other. */
import { INSTANCE, reported } from './event-entry.ts';

export const WITNESS_EVENTS = {
  'witness-granted': reported<'witness-granted', { readonly instance: string }>({
    when: 'Another director is not seen, and the witness has given the key of the instance to this one.',
    level: 'warn',
    facts: ({ instance }) => ({ instance }),
    sentence: () =>
      'another director is not seen: the witness allows only this one to be MASTER, as long as it answers',
    fields: { instance: INSTANCE },
    example: { instance: 'web' },
  }),
  'witness-refused': reported<
    'witness-refused',
    { readonly instance: string; readonly holder: string | null }
  >({
    when: 'Another director is not seen, and it has the key of the instance: this one may not be MASTER.',
    level: 'warn',
    facts: ({ instance, holder }) => ({ instance, holder }),
    sentence: ({ holder }) =>
      holder === null
        ? 'the key in the witness has a value that is not of this program: remove it, or choose another prefix'
        : `the witness has given the key to ${holder}: this director may not be MASTER`,
    fields: {
      instance: INSTANCE,
      holder: 'the director that has the key; null: its value is not of this program',
    },
    example: { instance: 'web', holder: 'lb2' },
  }),
  'witness-lost': reported<
    'witness-lost',
    {
      readonly instance: string;
      readonly consequence: 'released' | 'went-on';
      readonly reason: string;
    }
  >({
    when: 'Neither the other directors nor the witness allow that this director is MASTER.',
    level: 'error',
    facts: ({ instance, consequence, reason }) => ({ instance, consequence, reason }),
    sentence: ({ consequence, reason }) =>
      consequence === 'released'
        ? `may no longer be MASTER, the VIPs are released: ${reason}`
        : `is MASTER without permission (on_loss: go_on), another director may be MASTER too: ${reason}`,
    fields: {
      instance: INSTANCE,
      consequence:
        '`released`: it has become BACKUP; `went-on`: it is MASTER nevertheless (`on_loss: go_on`)',
      reason: 'who is not seen, and what the witness says',
    },
    example: {
      ...{ instance: 'web', consequence: 'released' },
      reason: 'lb2 is not seen, and the witness does not answer: connect ETIMEDOUT',
    },
  }),
} as const;
