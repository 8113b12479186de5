/** Converts tracked objects back to the `track` of the file. */
import type { BfdSettings } from '../../net/bfd.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import type { ProbeSettings, TrackTarget } from '../../net/probe.ts';
import { formatDuration } from '../../net/time.ts';
import { withoutSecrets } from '../../net/url.ts';
import type { TrackSettings } from '../../protocol/engine/settings.ts';
import type { Probes } from '../agent-settings.ts';
import type { BfdFile, TrackFile } from '../schema/track-schema.ts';
import { type Complete, present } from './complete.ts';
import { MASK } from './mask.ts';

/** Every key of an entry; each kind of tracked object gives values for its own. */
const NO_KEYS: Complete<TrackFile> = {
  interface: undefined,
  script: undefined,
  file: undefined,
  process: undefined,
  quorum: undefined,
  quorum_max: undefined,
  pidfile: undefined,
  gateway: undefined,
  http: undefined,
  tcp: undefined,
  bfd: undefined,
  status: undefined,
  host: undefined,
  verify: undefined,
  content: undefined,
  up_when: undefined,
  link: undefined,
  via: undefined,
  user: undefined,
  init: undefined,
  interval: undefined,
  timeout: undefined,
  rise: undefined,
  fall: undefined,
  name: undefined,
  weight: undefined,
  reverse: undefined,
};

/** Without the probes of services: `min_servers` of the service stands for them. */
export function effectiveTrack(track: readonly TrackSettings[], probes: Probes): TrackFile[] {
  return track
    .filter(({ source }) => source.kind !== 'ipvs')
    .map(({ name, weight, reverse, source }) =>
      present<TrackFile>({ ...NO_KEYS, ...sourceKeys(source, probes), name, weight, reverse }),
    );
}

function sourceKeys(source: TrackSettings['source'], probes: Probes): TrackFile {
  if (source.kind === 'interface') return { interface: source.interface };
  if (source.kind === 'bfd') return { bfd: bfdKeys(source.session), init: source.init };
  const settings = probes.get(source.probe);
  if (settings === undefined) return {};
  const target = targetKeys(settings);
  return settings.kind === 'file'
    ? target
    : { ...target, init: source.init, ...timingKeys(settings) };
}

function bfdKeys(session: BfdSettings): BfdFile {
  const { neighbour, source, link, hops, passive, interval, receiveInterval } = session;
  const multihop = hops === 'multi';
  return present<BfdFile>({
    ...{ neighbour, source, link, multihop, passive },
    interval: formatDuration(interval),
    receive_interval: formatDuration(receiveInterval),
    multiplier: session.multiplier,
    min_ttl: multihop ? session.minimumTtl : undefined,
  });
}

function timingKeys({ kind, interval, timeout, rise, fall }: ProbeSettings): TrackFile {
  return {
    interval: formatDuration(interval),
    timeout: kind === 'process' ? undefined : formatDuration(timeout),
    rise,
    fall,
  };
}

function targetKeys(target: TrackTarget): TrackFile {
  switch (target.kind) {
    case 'script':
      return { script: [...target.argv], user: target.user };
    case 'file': {
      const { path: file, reads } = target;
      return reads === 'number' ? { file, content: 'number' } : { file, up_when: reads };
    }
    case 'process':
      return 'pidFile' in target ? { pidfile: target.pidFile } : processKeys(target);
    case 'gateway':
      return { gateway: [...target.addresses], link: target.link, via: target.via };
    case 'http': {
      const { url, status, verify, host } = target;
      return { http: url, status: [...status], verify, host };
    }
    case 'tcp':
      return { tcp: formatEndpoint(target.endpoint) };
  }
}

function processKeys({
  process,
  quorum,
  quorumMax,
}: Extract<TrackTarget, { readonly process: string }>): TrackFile {
  return {
    process,
    ...(quorum === undefined ? {} : { quorum }),
    ...(quorumMax === undefined ? {} : { quorum_max: quorumMax }),
  };
}

/** Replaces user, password and query of the URLs by `MASK`. */
export function maskTrack(track: readonly TrackFile[]): TrackFile[] {
  return track.map((entry) =>
    entry.http === undefined ? entry : { ...entry, http: withoutSecrets(entry.http, MASK) },
  );
}
