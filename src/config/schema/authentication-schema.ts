/** The schema of `authentication` of an instance. */
import * as z from 'zod';
import { AUTHENTICATION_DEFAULTS } from './defaults.ts';
import { choice, duration, mapping, wholeNumber } from './schema-parts.ts';
import { sharedKeys } from './shared-keys-schema.ts';

export const authentication = mapping(
  {
    type: choice(['none', 'pass', 'hmac', 'ah']).meta({
      description:
        '`hmac`: each advertisement has a trailer with its time and an HMAC-SHA256 ' +
        '(draft-cassen-vrrp-auth-hmac), in version 2 and 3. `pass`: plain-text password of version 2 ' +
        '(RFC 2338). `ah` is rejected: RFC 3768 removed it because it gives no real protection.',
    }),
    password: z
      .string()
      .meta({ description: 'For `pass`: 1 to 8 bytes, sent unencrypted in every packet.' })
      .optional(),
    keys: sharedKeys()
      .meta({
        description:
          'For `hmac`: the keys by number, 32 to 64 bytes each, the same on all routers: `file:` ' +
          '(bytes, or hexadecimal digits, readable by the user of the agent alone), `hex:`, or ' +
          '`credential:` (a file in $CREDENTIALS_DIRECTORY). All of them are accepted, ' +
          '`active_key` signs.',
      })
      .optional(),
    active_key: wholeNumber(1, 255)
      .meta({ description: 'The number in `keys` that signs. Not needed with one key.' })
      .optional(),
    mode: choice(['enforce', 'permissive', 'receive_only'])
      .meta({
        description:
          'For `hmac`: `receive_only` checks signed advertisements and signs none, `permissive` ' +
          'signs too; both accept unsigned ones, which `enforce` refuses. A roll-out goes through ' +
          'the three in this order.',
        default: AUTHENTICATION_DEFAULTS.mode,
      })
      .optional(),
    anti_replay: choice(['time', 'monotonic'])
      .meta({
        description:
          'For `hmac`: `time` refuses what is older or newer than `window`, so the routers need ' +
          'clocks that agree; `monotonic` only what is not newer than the last one of its sender.',
        default: AUTHENTICATION_DEFAULTS.anti_replay,
      })
      .optional(),
    window: duration()
      .meta({
        description:
          'How far the clocks may differ with `anti_replay: time`, 1s to 300s. If this key is ' +
          'absent: three times `advertisement_interval`, at least 5s.',
      })
      .optional(),
  },
  'Authentication of advertisements, the same on all routers of the group.',
);
