/** `track` and `sync_groups` back in the words of the file. */

import { formatEndpoint } from '../../net/endpoint.ts';
import type { ProbeSettings, TrackTarget } from '../../net/probe.ts';
import { formatDuration } from '../../net/time.ts';
import type { SyncGroupSettings, TrackSettings } from '../../protocol/engine/settings.ts';
import type { Probes } from '../agent-settings.ts';
import type { SubjectNotification } from '../notification-settings.ts';
import type { SyncGroupFile } from '../schema/sync-group-schema.ts';
import type { TrackFile } from '../schema/track-schema.ts';
import { effectiveNotify } from './effective-notify.ts';

/** What an instance needs of a service is said there, as `min_servers`. */
export function effectiveTrack(track: readonly TrackSettings[], probes: Probes): TrackFile[] {
  const written = track.filter(({ source }) => source.kind !== 'ipvs');
  return written.map(({ name, weight, source }) => ({
    ...sourceWords(source, probes),
    name,
    ...(weight === undefined ? {} : { weight }),
  }));
}

export function effectiveSyncGroup(
  { name, instances, mode, track }: SyncGroupSettings,
  probes: Probes,
  notification: SubjectNotification | undefined,
): SyncGroupFile {
  const { before_master: _, ...notify } =
    notification === undefined ? {} : effectiveNotify(notification, undefined);
  return {
    name,
    instances: [...instances],
    mode,
    track: effectiveTrack(track, probes),
    ...(notification === undefined ? {} : { notify }),
  };
}

function sourceWords(source: TrackSettings['source'], probes: Probes): TrackFile {
  if (source.kind === 'interface') return { interface: source.interface };
  const settings = probes.get(source.probe);
  if (settings === undefined) return {};
  const words = targetWords(settings);
  return settings.kind === 'file' ? words : { ...words, init: source.init, ...timing(settings) };
}

function timing({ kind, interval, timeout, rise, fall }: ProbeSettings): TrackFile {
  return {
    interval: formatDuration(interval),
    ...(kind === 'process' ? {} : { timeout: formatDuration(timeout) }),
    rise,
    fall,
  };
}

function targetWords(target: TrackTarget): TrackFile {
  switch (target.kind) {
    case 'script': {
      const { argv, user } = target;
      return { script: [...argv], ...(user === undefined ? {} : { user }) };
    }
    case 'file': {
      const { path: file, reads } = target;
      return reads === 'number' ? { file, content: 'number' } : { file, up_when: reads };
    }
    case 'process':
      return 'pidFile' in target ? { pidfile: target.pidFile } : { process: target.process };
    case 'gateway':
      return { gateway: [...target.addresses], link: target.link, via: target.via };
    case 'http': {
      const { url, status, host, verify } = target;
      return { http: url, status: [...status], verify, ...(host === undefined ? {} : { host }) };
    }
    case 'tcp':
      return { tcp: formatEndpoint(target.endpoint) };
  }
}
