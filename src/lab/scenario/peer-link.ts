/** The peer link of a scenario: what the file says of it, and what the lab adds for each director. */
import type * as z from 'zod';
import { peerLink as configured } from '../../config/schema/peer-link-schema.ts';
import { mapping } from '../../config/schema/schema-parts.ts';
import { type LabHost, peerAddress } from '../topology/layout.ts';

/** The key of every link in labs; a lab has no secrets. */
const KEY = `hex:${'5a'.repeat(32)}`;

const { heartbeat, dead_after } = configured.shape;

export const peerLink = mapping(
  { heartbeat, dead_after },
  'The vrrp-agents have a peer link over the second network; the lab adds addresses and key. Needs ' +
    '`networks: two`. Other programs have none.',
);

export type PeerLinkKeys = z.infer<typeof peerLink>;

/** The section of a director's configuration. */
export function peerLinkOf(
  keys: PeerLinkKeys,
  own: LabHost,
  directors: readonly LabHost[],
): Readonly<Record<string, unknown>> {
  return {
    ...keys,
    source: peerAddress(own),
    key: KEY,
    directors: directors
      .filter(({ name }) => name !== own.name)
      .map((host) => ({ name: host.name, address: peerAddress(host) })),
  };
}
