/** The schema of `peer_link`: the second network between the directors. */
import * as z from 'zod';
import { PEER_LINK_DEFAULTS } from './defaults.ts';
import { duration, mapping, pattern, wholeNumber } from './schema-parts.ts';
import { sharedKey, sharedKeys } from './shared-keys-schema.ts';

const ipAddress = pattern(/^[0-9A-Fa-f:.]{2,45}$/, 'an IP address');

const director = mapping(
  {
    name: pattern(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'a name of at most 64 letters, digits, dots, hyphens and underscores',
    ).meta({ description: 'Name of the other director: its `router`.' }),
    address: ipAddress.meta({ description: 'Its address on this network: its `source`.' }),
  },
  'Another director.',
);

export const peerLink = mapping(
  {
    source: ipAddress.meta({
      description: 'Own address on the network between the directors, IPv4 or IPv6.',
    }),
    port: wholeNumber(1, 65_535)
      .meta({
        description: 'UDP port, the same on all directors.',
        default: PEER_LINK_DEFAULTS.port,
      })
      .optional(),
    key: sharedKey
      .meta({
        description:
          'The secret that all directors share, 32 to 64 bytes: `file:` (bytes, or hexadecimal digits, ' +
          'readable by the user of the agent alone), `hex:`, or `credential:` (a file in ' +
          '$CREDENTIALS_DIRECTORY). The same as `keys: { 1: … }`.',
        examples: ['file:/etc/vrrp-agent/peer.key', 'credential:peer'],
      })
      .optional(),
    keys: sharedKeys()
      .meta({
        description:
          'Keys by number, for a change of the key: all of them are accepted, `active_key` signs.',
      })
      .optional(),
    active_key: wholeNumber(1, 255)
      .meta({ description: 'The number in `keys` that signs. Not needed with one key.' })
      .optional(),
    heartbeat: duration()
      .meta({
        description: 'How often each director sends, 10ms to 5s. Three missing: it is down.',
        default: PEER_LINK_DEFAULTS.heartbeat,
      })
      .optional(),
    dead_after: duration()
      .meta({
        description:
          'A MASTER counts as dead after this time without a heartbeat, an advertisement and an answer ' +
          'to ARP or ND. If this key is absent: after the Master_Down_Interval.',
        examples: ['300ms'],
      })
      .optional(),
    directors: z
      .array(director)
      .min(1, 'must not be empty: a link has another end')
      .max(15, 'must not have more than 15 entries')
      .meta({ description: 'The other directors.' }),
  },
  'A second network between the directors, on which they tell each other more than VRRP does. Off if ' +
    'this key is absent.',
);
