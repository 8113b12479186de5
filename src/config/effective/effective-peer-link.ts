/** Converts the settings of the peer link back to the form of the file. */
import { formatDuration } from '../../net/time.ts';
import type { PeerLinkSettings } from '../../protocol/engine/settings.ts';
import type { PeerLinkKeys } from '../peer-link-keys.ts';
import type { ConfigFile } from '../schema/schema.ts';
import { present } from './complete.ts';
import { MASK } from './mask.ts';

type PeerLinkFile = NonNullable<ConfigFile['peer_link']>;

export function effectivePeerLink(
  { source, port, heartbeat, deadAfter, directors }: PeerLinkSettings,
  { keys, activeKey }: PeerLinkKeys,
): PeerLinkFile {
  return present<PeerLinkFile>({
    ...{ source, port },
    key: undefined,
    keys: Object.fromEntries(keys.map(({ id, reference }) => [String(id), reference])),
    active_key: activeKey,
    heartbeat: formatDuration(heartbeat),
    dead_after: deadAfter && formatDuration(deadAfter),
    directors: directors.map(({ name, address }) => ({ name, address })),
  });
}

/** Where a key is kept may be shown, a key may not. */
export function maskPeerLink(link: PeerLinkFile): PeerLinkFile {
  const masked = { ...link };
  if (link.key !== undefined) masked.key = maskReference(link.key);
  if (link.keys !== undefined) {
    masked.keys = Object.fromEntries(
      Object.entries(link.keys).map(([id, reference]) => [id, maskReference(reference)]),
    );
  }
  return masked;
}

function maskReference(reference: string): string {
  return reference.startsWith('hex:') ? `hex:${MASK}` : reference;
}
