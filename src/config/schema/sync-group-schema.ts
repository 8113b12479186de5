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
    ).meta({ description: 'Unique name, used in fault reasons, logs and notifications.' }),
    instances: z
      .array(z.string())
      .min(2, 'must have at least two entries')
      .meta({ description: 'Names of the member instances.' }),
    mode: choice(['all', 'any'])
      .meta({
        description:
          'When the group takes over. `all`: once no member hears another MASTER. `any`: once at ' +
          'least one member hears no other MASTER and the MASTERs of the other members would yield.',
        default: 'all',
      })
      .optional(),
    track: z
      .array(trackEntry)
      .meta({ description: 'Objects whose state affects every member.', default: [] })
      .optional(),
    notify: groupNotify.optional(),
  },
  'Instances that change state together.',
);

export type SyncGroupFile = z.infer<typeof syncGroup>;
