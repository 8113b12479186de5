/** `track` of an instance or a sync group as settings of the engine, and of the probes it needs. */

import { familyOf, type IpAddress } from '../../net/address.ts';
import { parseEndpoint } from '../../net/endpoint.ts';
import { type ProbeTiming, probeName, type TrackTarget } from '../../net/probe.ts';
import { milliseconds, seconds } from '../../net/time.ts';
import type { TrackSettings } from '../../protocol/engine/settings.ts';
import type { Probes } from '../agent-settings.ts';
import type { Findings, Path } from '../finding.ts';
import type { TrackFile } from '../schema/track-schema.ts';
import { lowerHostAddress } from './lower-address.ts';
import { type DurationRange, lowerDuration } from './lower-timing.ts';

type Kind = 'interface' | 'script' | 'file' | 'process' | 'pidfile' | 'gateway' | 'http' | 'tcp';
type Key = keyof TrackFile;

const COMMON: readonly Key[] = ['name', 'weight'];
const PROBED: readonly Key[] = [...COMMON, 'init', 'interval', 'timeout', 'rise', 'fall'];

/** What else an entry of each kind may have. */
const KEYS: { readonly [K in Kind]: readonly Key[] } = {
  interface: COMMON,
  script: [...PROBED, 'user'],
  file: [...COMMON, 'content', 'up_when'],
  process: [...COMMON, 'init', 'interval', 'rise', 'fall'],
  pidfile: [...COMMON, 'init', 'interval', 'rise', 'fall'],
  gateway: [...PROBED, 'via', 'link'],
  http: [...PROBED, 'status', 'host', 'verify'],
  tcp: PROBED,
};
const KINDS = Object.keys(KEYS) as Kind[];

const INTERVAL = seconds(1);
/** inotify tells of most changes at once. */
const FILE_INTERVAL = seconds(5);
const TIMES: DurationRange = {
  minimum: milliseconds(10),
  maximum: seconds(3_600),
  zero: false,
};
const GATEWAY_FALL = 3;

export interface TrackContext {
  /** Where a key below `track` was written. */
  readonly at: (...keys: (string | number)[]) => Path;
  /** Of the instance; undefined in a sync group. */
  readonly link: string | undefined;
  readonly probes: Probes;
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
      const message = `the name "${track.name}" is already taken here: give it another "name"`;
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
  if (kind === 'interface') {
    return { name, weight, source: { kind, interface: entry.interface ?? '' } };
  }
  const target = targetOf(entry, kind, index, context);
  if (target === undefined) return undefined;
  const settings = { ...target, ...timingOf(entry, kind, index, context) };
  const probe = probeName(settings);
  context.probes.set(probe, settings);
  return { name, weight, source: { kind: target.kind, probe, init: entry.init ?? 'wait' } };
}

function kindOf(entry: TrackFile, index: number, { at, findings }: TrackContext): Kind | undefined {
  const [first, second] = KINDS.filter((kind) => entry[kind] !== undefined);
  if (first === undefined) {
    findings.error(
      at(index),
      'missing',
      `does not say what is tracked: needs one of ${KINDS.join(', ')}`,
    );
  } else if (second !== undefined) {
    const message = `"${first}" and "${second}" are two things: make an entry for each`;
    findings.error(at(index, second), 'conflict', message, 'key');
  }
  return second === undefined ? first : undefined;
}

function checkKeys(entry: TrackFile, kind: Kind, index: number, context: TrackContext): void {
  const { at, findings } = context;
  for (const key of Object.keys(entry) as Key[]) {
    if (key === kind || KEYS[kind].includes(key)) continue;
    findings.error(at(index, key), 'conflict', `"${key}" does not go with "${kind}"`, 'key');
  }
  if (entry.content === 'number' && entry.up_when !== undefined) {
    const message = '"up_when" does not go with "content: number"';
    findings.error(at(index, 'up_when'), 'conflict', message, 'key');
  }
}

function weightOf(entry: TrackFile, index: number, { at, findings }: TrackContext) {
  if (entry.weight === 0) {
    const message = 'a weight of 0 would do nothing: leave it out for FAULT while it is down';
    findings.error(at(index, 'weight'), 'range', message);
  }
  return entry.weight ?? (entry.content === 'number' ? 1 : undefined);
}

function timingOf(entry: TrackFile, kind: Kind, index: number, context: TrackContext): ProbeTiming {
  const { at, findings } = context;
  const usual = kind === 'file' ? FILE_INTERVAL : INTERVAL;
  const interval = lowerDuration(entry.interval, usual, TIMES, at(index, 'interval'), findings);
  return {
    interval,
    timeout: lowerDuration(entry.timeout, interval, TIMES, at(index, 'timeout'), findings),
    rise: entry.rise ?? 1,
    fall: entry.fall ?? (kind === 'gateway' ? GATEWAY_FALL : 1),
  };
}

function targetOf(
  entry: TrackFile,
  kind: Exclude<Kind, 'interface'>,
  index: number,
  context: TrackContext,
): TrackTarget | undefined {
  const { file = '', process = '', pidfile = '', http = '', content, up_when } = entry;
  switch (kind) {
    case 'script':
      return scriptOf(entry, index, context);
    case 'file':
      return { kind, path: file, reads: content === 'number' ? 'number' : (up_when ?? 'present') };
    case 'process':
      return { kind, process };
    case 'pidfile':
      return { kind: 'process', pidFile: pidfile };
    case 'gateway':
      return gatewayOf(entry, index, context);
    case 'http':
      return {
        kind,
        url: http,
        status: entry.status ?? [200],
        host: entry.host,
        verify: entry.verify ?? true,
      };
    case 'tcp':
      return tcpOf(entry, index, context);
  }
}

function scriptOf({ script = [], user }: TrackFile, index: number, context: TrackContext) {
  const [program = ''] = script;
  if (!program.startsWith('/')) {
    const message = 'the program needs its absolute path: there is no shell that would find it';
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
    findings.error(at(index), 'missing', '"link" is missing: the interface of the gateway');
  }
  if (first === undefined || link === undefined) return undefined;
  const family = familyOf(first);
  if (addresses.some((address) => familyOf(address) !== family)) {
    findings.error(at(index, 'gateway'), 'conflict', 'the gateways of one entry are of one family');
  }
  const via = entry.via ?? (family === 'ipv4' ? 'arp' : 'nd');
  if (via === (family === 'ipv4' ? 'nd' : 'arp')) {
    const message = `"${via}" is not for ${family === 'ipv4' ? 'IPv4' : 'IPv6'}`;
    findings.error(at(index, 'via'), 'conflict', message);
  }
  return { kind: 'gateway', addresses, link, via };
}

/** Also in metrics and file names: nothing that would need quotes. */
function defaultName(entry: TrackFile, kind: Kind): string {
  const { gateway, http = '', script, file, pidfile } = entry;
  const words: { readonly [K in Kind]: string | undefined } = {
    interface: entry.interface,
    script: lastPart(script?.[0]),
    file: lastPart(file),
    process: entry.process,
    pidfile: lastPart(pidfile)?.replace(/\.pid$/, ''),
    gateway: typeof gateway === 'string' ? gateway : gateway?.[0],
    http: http.replace(/^https?:\/\/([^/?#]*).*$/, '$1'),
    tcp: entry.tcp,
  };
  const clean = (words[kind] ?? '').replaceAll(/[^A-Za-z0-9._:-]+/g, '').slice(0, 64);
  return clean.replace(/^[^A-Za-z0-9]+/, '') || kind;
}

function lastPart(path: string | undefined): string | undefined {
  return path?.split('/').findLast((part) => part !== '');
}
