/** Converts the settings of the peer link back to the form of the file. */
import { formatDuration } from '../../net/time.ts';
import type { PeerLinkSettings } from '../../protocol/engine/settings.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { SharedKeys } from '../shared-keys.ts';
import { present } from './complete.ts';
import { effectiveKeys, maskKeys, maskReference } from './effective-keys.ts';

type PeerLinkFile = NonNullable<ConfigFile['peer_link']>;

export function effectivePeerLink(
  { source, port, heartbeat, deadAfter, directors }: PeerLinkSettings,
  keys: SharedKeys,
): PeerLinkFile {
  return present<PeerLinkFile>({
    ...{ source, port },
    key: undefined,
    keys: effectiveKeys(keys),
    active_key: keys.activeKey,
    heartbeat: formatDuration(heartbeat),
    dead_after: deadAfter && formatDuration(deadAfter),
    directors: directors.map(({ name, address }) => ({ name, address })),
  });
}

/** Where a key is kept may be shown, a key may not. */
export function maskPeerLink(link: PeerLinkFile): PeerLinkFile {
  const masked = { ...link };
  if (link.key !== undefined) masked.key = maskReference(link.key);
  if (link.keys !== undefined) masked.keys = maskKeys(link.keys);
  return masked;
}
