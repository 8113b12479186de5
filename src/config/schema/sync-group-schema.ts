/** The shape of one sync group. */
import * as z from 'zod';
import { groupNotify } from './notify-schema.ts';
import { choice, mapping, pattern } from './schema-parts.ts';
import { trackEntry } from './track-schema.ts';

export const syncGroup = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Unique name in faults, logs and notifications.' }),
    instances: z
      .array(z.string())
      .min(2, 'needs at least two: one alone has nobody to follow')
      .meta({ description: 'Names of the instances that are its members.' }),
    mode: choice(['all', 'any'])
      .meta({
        description:
          'When the group becomes MASTER: `all`: nobody else is MASTER of any member. `any`: nobody ' +
          'else is MASTER of some member, and whoever is MASTER of the others would yield.',
        default: 'all',
      })
      .optional(),
    track: z
      .array(trackEntry)
      .meta({ description: 'What all members depend on.', default: [] })
      .optional(),
    notify: groupNotify.optional(),
  },
  'Instances that change their state together.',
);

export type SyncGroupFile = z.infer<typeof syncGroup>;
