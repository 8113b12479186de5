/** Converts `track` of an instance or a sync group to settings of the engine and the probes it needs. */
import { familyOf, type IpAddress, parseIp } from '../../net/address.ts';
import { bfdSessionName } from '../../net/bfd.ts';
import { parseEndpoint } from '../../net/endpoint.ts';
import { type ProbeTiming, probeName, type TrackTarget } from '../../net/probe.ts';
import { milliseconds, seconds } from '../../net/time.ts';
import { authorityOf } from '../../net/url.ts';
import type { TrackSettings, TrackSource } from '../../protocol/engine/settings.ts';
import type { Probes } from '../agent-settings.ts';
import type { Findings, Path } from '../finding.ts';
import { TRACK_DEFAULTS } from '../schema/defaults.ts';
import type { TrackFile } from '../schema/track-schema.ts';
import { familyName, lowerHostAddress } from './lower-address.ts';
import { lowerBfd, type SharedSessions } from './lower-bfd.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';

type Kind =
  | 'interface'
  | 'script'
  | 'file'
  | 'process'
  | 'pidfile'
  | 'gateway'
  | 'http'
  | 'tcp'
  | 'bfd';
type Key = keyof TrackFile;

const COMMON: readonly Key[] = ['name', 'weight', 'reverse'];
const PROBED: readonly Key[] = [...COMMON, 'init', 'interval', 'timeout', 'rise', 'fall'];

/** The other keys that an entry of each kind may have. */
const KEYS: { readonly [K in Kind]: readonly Key[] } = {
  interface: COMMON,
  script: [...PROBED, 'user'],
  file: [...COMMON, 'content', 'up_when'],
  process: [...COMMON, 'init', 'interval', 'rise', 'fall', 'quorum', 'quorum_max'],
  pidfile: [...COMMON, 'init', 'interval', 'rise', 'fall'],
  gateway: [...PROBED, 'via', 'link'],
  http: [...PROBED, 'status', 'host', 'verify'],
  tcp: PROBED,
  bfd: [...COMMON, 'init'],
};
const KINDS = Object.keys(KEYS) as Kind[];

/** inotify reports most changes immediately. */
const FILE_INTERVAL = seconds(5);
const TIMES: DurationRange = {
  minimum: milliseconds(10),
  maximum: seconds(3_600),
  zero: false,
};

/** What all entries of a file have in common. */
export interface Tracked {
  readonly probes: Probes;
  readonly sessions: SharedSessions;
}

export interface TrackContext {
  /** The path of a key below `track`. */
  readonly at: (...keys: (string | number)[]) => Path;
  /** Interface of the instance; undefined in a sync group. */
  readonly link: string | undefined;
  readonly tracked: Tracked;
  readonly findings: Findings;
}

export function lowerTrack(
  entries: readonly TrackFile[] | undefined,
  context: TrackContext,
): TrackSettings[] {
  const names = new Set<string>();
  return (entries ?? []).flatMap((entry, index) => {
    const track = lowerEntry(entry, index, context);
    if (track === undefined) return [];
    if (names.has(track.name)) {
      const message = `duplicate name "${track.name}": give one of the entries another "name"`;
      context.findings.error(context.at(index), 'conflict', message);
    }
    names.add(track.name);
    return [track];
  });
}

function lowerEntry(
  entry: TrackFile,
  index: number,
  context: TrackContext,
): TrackSettings | undefined {
  const kind = kindOf(entry, index, context);
  if (kind === undefined) return undefined;
  checkKeys(entry, kind, index, context);
  const name = entry.name ?? defaultName(entry, kind);
  const weight = weightOf(entry, index, context);
  const effect = { weight, ...(entry.reverse === true ? { reverse: true as const } : {}) };
  if (kind === 'interface') {
    return { name, ...effect, source: { kind, interface: entry.interface ?? '' } };
  }
  if (kind === 'bfd') {
    const source = bfdOf(entry, index, context);
    return source && { name, ...effect, source };
  }
  const target = targetOf(entry, kind, index, context);
  if (target === undefined) return undefined;
  const settings = { ...target, ...timingOf(entry, kind, index, context) };
  const probe = probeName(settings);
  context.tracked.probes.set(probe, settings);
  const init = entry.init ?? TRACK_DEFAULTS.init;
  return { name, ...effect, source: { kind: target.kind, probe, init } };
}

function kindOf(entry: TrackFile, index: number, { at, findings }: TrackContext): Kind | undefined {
  const [first, second] = KINDS.filter((kind) => entry[kind] !== undefined);
  if (first === undefined) {
    findings.error(at(index), 'missing', `needs one of ${KINDS.join(', ')}`);
  } else if (second !== undefined) {
    const message = `"${first}" and "${second}" need an entry each`;
    findings.error(at(index, second), 'conflict', message, 'key');
  }
  return second === undefined ? first : undefined;
}

/** The tracked gateways that are on the link: third hosts, which show whether this director serves there. */
export function gatewaysOn(
  entries: readonly TrackFile[] | undefined,
  link: string | undefined,
): IpAddress[] {
  return (entries ?? []).flatMap(({ gateway = [], link: other = link }) =>
    other === link ? [gateway].flat().flatMap((text) => parseIp(text) ?? []) : [],
  );
}

function checkKeys(entry: TrackFile, kind: Kind, index: number, context: TrackContext): void {
  const { at, findings } = context;
  for (const key of Object.keys(entry) as Key[]) {
    if (key === kind || KEYS[kind].includes(key)) continue;
    findings.error(at(index, key), 'conflict', `"${key}" does not apply to "${kind}"`, 'key');
  }
  if (entry.content === 'number' && entry.up_when !== undefined) {
    const message = '"up_when" does not apply to "content: number"';
    findings.error(at(index, 'up_when'), 'conflict', message, 'key');
  }
  if (entry.content === 'number' && entry.reverse === true) {
    const message = '"reverse" does not apply to "content: number": use a negative weight';
    findings.error(at(index, 'reverse'), 'conflict', message, 'key');
  }
  const { quorum = TRACK_DEFAULTS.quorum, quorum_max: most } = entry;
  if (most !== undefined && most < quorum) {
    const message = `must not be less than "quorum" (${quorum})`;
    findings.error(at(index, 'quorum_max'), 'conflict', message);
  }
}

function weightOf(entry: TrackFile, index: number, { at, findings }: TrackContext) {
  if (entry.weight === 0) {
    const message = 'weight 0 has no effect: remove it for FAULT while the object is down';
    findings.error(at(index, 'weight'), 'range', message);
  }
  return entry.weight ?? (entry.content === 'number' ? 1 : undefined);
}

function timingOf(entry: TrackFile, kind: Kind, index: number, context: TrackContext): ProbeTiming {
  const { at, findings } = context;
  const usual = TRACK_DEFAULTS;
  const read = (key: 'interval' | 'timeout', text: string) =>
    lowerDuration(text, TIMES, at(index, key), findings);
  const interval =
    kind === 'file' ? FILE_INTERVAL : read('interval', entry.interval ?? usual.interval);
  return {
    interval,
    timeout: entry.timeout === undefined ? interval : read('timeout', entry.timeout),
    rise: entry.rise ?? usual.rise,
    fall: entry.fall ?? (kind === 'gateway' ? usual.gateway_fall : usual.fall),
  };
}

function targetOf(
  entry: TrackFile,
  kind: Exclude<Kind, 'interface' | 'bfd'>,
  index: number,
  context: TrackContext,
): TrackTarget | undefined {
  const { file = '', process = '', pidfile = '', http = '', content, up_when } = entry;
  switch (kind) {
    case 'script':
      return scriptOf(entry, index, context);
    case 'file':
      return {
        kind,
        path: file,
        reads: content === 'number' ? 'number' : (up_when ?? TRACK_DEFAULTS.up_when),
      };
    case 'process':
      return {
        ...{ kind, process },
        ...(entry.quorum === undefined || entry.quorum === 1 ? {} : { quorum: entry.quorum }),
        ...(entry.quorum_max === undefined ? {} : { quorumMax: entry.quorum_max }),
      };
    case 'pidfile':
      return { kind: 'process', pidFile: pidfile };
    case 'gateway':
      return gatewayOf(entry, index, context);
    case 'http':
      if (!URL.canParse(http)) {
        // The URL may contain a secret.
        context.findings.error(context.at(index, 'http'), 'type', 'must be a valid URL');
        return undefined;
      }
      return {
        kind,
        url: http,
        status: entry.status ?? TRACK_DEFAULTS.status,
        host: entry.host,
        verify: entry.verify ?? TRACK_DEFAULTS.verify,
      };
    case 'tcp':
      return tcpOf(entry, index, context);
  }
}

function bfdOf(entry: TrackFile, index: number, context: TrackContext): TrackSource | undefined {
  const { at, link, findings, tracked } = context;
  if (entry.bfd === undefined) return undefined;
  const session = lowerBfd(entry.bfd, {
    ...{ link, findings },
    at: (...keys) => at(index, 'bfd', ...keys),
  });
  if (session === undefined) return undefined;
  tracked.sessions.check(session, at(index, 'bfd'));
  const init = entry.init ?? TRACK_DEFAULTS.init;
  return { kind: 'bfd', probe: bfdSessionName(session), init, session };
}

function scriptOf({ script = [], user }: TrackFile, index: number, context: TrackContext) {
  const [program = ''] = script;
  if (!program.startsWith('/')) {
    const message = 'must be the absolute path of a program: it runs without a shell';
    context.findings.error(context.at(index, 'script', 0), 'type', message);
  }
  context.findings.command(context.at(index, 'script'), script, user);
  return { kind: 'script', argv: script, user } as const;
}

function tcpOf(
  { tcp = '' }: TrackFile,
  index: number,
  { at, findings }: TrackContext,
): TrackTarget | undefined {
  const endpoint = parseEndpoint(tcp);
  if (endpoint !== undefined) return { kind: 'tcp', endpoint };
  const message = 'expected an IP address and a port, like 127.0.0.1:80 or [::1]:80';
  findings.error(at(index, 'tcp'), 'type', message);
  return undefined;
}

function gatewayOf(
  entry: TrackFile,
  index: number,
  { at, link: usual, findings }: TrackContext,
): TrackTarget | undefined {
  const { gateway = [] } = entry;
  const list = typeof gateway === 'string' ? [gateway] : gateway;
  const addresses = list.flatMap((text, position): IpAddress[] => {
    const path =
      typeof gateway === 'string' ? at(index, 'gateway') : at(index, 'gateway', position);
    const address = lowerHostAddress(text, path, findings);
    return address === undefined ? [] : [address];
  });
  const [first] = addresses;
  const link = entry.link ?? usual;
  if (link === undefined) {
    findings.error(at(index), 'missing', '"link", the interface of the gateway, is missing');
  }
  if (first === undefined || link === undefined) return undefined;
  const family = familyOf(first);
  if (addresses.some((address) => familyOf(address) !== family)) {
    const message = 'the gateways of an entry must have the same address family';
    findings.error(at(index, 'gateway'), 'conflict', message);
  }
  const via = entry.via ?? (family === 'ipv4' ? 'arp' : 'nd');
  if (via === (family === 'ipv4' ? 'nd' : 'arp')) {
    const message = `"${via}" does not apply to ${familyName(family)}`;
    findings.error(at(index, 'via'), 'conflict', message);
  }
  return { kind: 'gateway', addresses, link, via };
}

/** Metric labels and file names contain it, so it has no characters that need quoting. */
function defaultName(entry: TrackFile, kind: Kind): string {
  const { gateway, http = '', script, file, pidfile } = entry;
  const words: { readonly [K in Kind]: string | undefined } = {
    interface: entry.interface,
    script: lastPart(script?.[0]),
    file: lastPart(file),
    process: entry.process,
    pidfile: lastPart(pidfile)?.replace(/\.pid$/, ''),
    gateway: typeof gateway === 'string' ? gateway : gateway?.[0],
    http: authorityOf(http),
    tcp: entry.tcp,
    bfd: entry.bfd?.neighbour,
  };
  const clean = (words[kind] ?? '').replaceAll(/[^A-Za-z0-9._:-]+/g, '').slice(0, 64);
  return clean.replace(/^[^A-Za-z0-9]+/, '') || kind;
}

function lastPart(path: string | undefined): string | undefined {
  return path?.split('/').findLast((part) => part !== '');
}
