/** Findings on a segment: contradictions between the senders of a virtual router, and faults of one. */
import type { Family, IpAddress, MacAddress } from '../../net/address.ts';
import {
  type Duration,
  elapsed,
  formatDuration,
  type Instant,
  seconds,
  wholeMilliseconds,
} from '../../net/time.ts';
import { mayBeOneRouter, virtualMac } from '../../net/vrrp.ts';
import type { DiscardReason } from '../../protocol/engine/intake-reasons.ts';
import type { SenderRow } from './sender.ts';

export type FindingCode =
  /** Several senders stay MASTER of one virtual router. */
  | 'two-masters'
  /** Address lists without a common address: two clusters chose the same VRID. */
  | 'vrid-shared'
  | 'address-lists-differ'
  | 'checksum-forms-mixed'
  | 'versions-mixed'
  | 'authentication-mixed'
  | 'passwords-differ'
  /** One sends multicast, another one unicast. */
  | 'delivery-mixed'
  | 'intervals-differ'
  /** The measured interval is not the advertised one. */
  | 'interval-not-kept'
  | 'ttl-not-255'
  | 'packets-refused'
  /** CARP uses the protocol number, the group and the virtual MAC addresses of VRRP. */
  | 'carp'
  /** ARP or ND announces an advertised address for a host that does not advertise it. */
  | 'address-elsewhere';

export interface SegmentFinding {
  readonly code: FindingCode;
  readonly family: Family;
  readonly vrid: number;
  readonly sources: readonly IpAddress[];
  /** For people; has the values of the senders. */
  readonly message: string;
  /** For people: what to change on which side. */
  readonly advice: string;
}

/** The last gratuitous ARP or Neighbor Advertisement of an address. */
export interface Announcement {
  readonly mac: MacAddress;
  readonly at: Instant;
}

interface Evidence {
  readonly at: Instant;
  /** Undefined: all are in use. */
  readonly freeVrid: number | undefined;
  readonly senders: readonly SenderRow[];
  readonly announcements: ReadonlyMap<IpAddress, Announcement | undefined>;
  readonly contenders: (family: Family, vrid: number) => readonly IpAddress[];
}

/** Older observations are ignored: the sender may have been corrected or switched off. */
const AGE_MAX = seconds(600);

/** Bounds the senders that a finding names and the address lists that are compared: there may be a flood. */
const NAMED_MAX = 16;

/** A sender with at least one valid advertisement. */
type Claimant = SenderRow & { readonly claims: NonNullable<SenderRow['claims']> };

export function findingsOf(evidence: Evidence): SegmentFinding[] {
  const routers = new Map<string, SenderRow[]>();
  for (const row of evidence.senders) {
    const key = `${row.family} ${row.vrid}`;
    const rows = routers.get(key);
    if (rows === undefined) routers.set(key, [row]);
    else rows.push(row);
  }
  return [...routers.values()].flatMap((all) => {
    const recent = all.filter(({ lastSeen }) => elapsed(lastSeen, evidence.at) <= AGE_MAX);
    return [...betweenSenders(recent, all, evidence), ...recent.flatMap(withinSender)];
  });
}

type Find = (code: FindingCode, sources: Iterable<IpAddress>, message: string) => void;

/** `all`: with those that were last heard long ago. */
function betweenSenders(
  rows: readonly SenderRow[],
  all: readonly SenderRow[],
  evidence: Evidence,
): SegmentFinding[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { family, vrid } = first;
  const claimants = rows.filter(isClaimant);
  const found: SegmentFinding[] = [];
  const find: Find = (code, sources, message) => {
    const named = [...new Set(sources)].slice(0, NAMED_MAX);
    const advice = adviceOf(code, evidence.freeVrid);
    found.push({ code, family, vrid, sources: named, message, advice });
  };

  const contenders = evidence.contenders(family, vrid);
  if (contenders.length > 0) {
    const masters = contenders.map((source) => `${source} ${priorityOf(claimants, source)}`);
    const message = `${contenders.length} MASTERs at the same time: ${masters.join(', ')}`;
    find('two-masters', contenders, message);
  }
  compareLists(claimants, all.filter(isClaimant), evidence, find);
  compareSettings(claimants, find);
  for (const [address, mac] of strayAddresses(claimants, evidence)) {
    find('address-elsewhere', sourcesOf(claimants), `${address} is announced by ${mac}`);
  }
  return found;
}

function isClaimant(row: SenderRow): row is Claimant {
  return row.claims !== undefined;
}

function compareSettings(claimants: readonly Claimant[], find: Find): void {
  const compare = (code: FindingCode, what: string, of: (row: Claimant) => string | undefined) => {
    const known = claimants.filter((row) => of(row) !== undefined);
    if (new Set(known.map(of)).size < 2) return;
    const values = [...new Set(known.map((row) => `${row.source} ${of(row)}`))];
    find(code, sourcesOf(known), `${what}: ${values.slice(0, NAMED_MAX).join(', ')}`);
  };
  compare('checksum-forms-mixed', 'checksum forms', ({ claims }) => claims.checksumForm);
  const versions = versionsBySource(claimants);
  compare('versions-mixed', 'versions', ({ source }) => versions.get(source));
  compare('authentication-mixed', 'authentication types', ({ claims }) =>
    claims.authType === undefined ? undefined : `${claims.authType}`,
  );
  compare('authentication-mixed', 'signatures', ({ claims }) =>
    claims.signature === undefined ? 'none' : 'hmac',
  );
  // A password is compared and never shown.
  const secret = claimants.filter(({ claims }) => claims.password !== undefined);
  if (new Set(secret.map(({ claims }) => claims.password)).size > 1) {
    find(
      'passwords-differ',
      sourcesOf(secret),
      `passwords differ: ${sourcesOf(secret).join(', ')}`,
    );
  }
  compare('delivery-mixed', 'delivery', ({ claims }) => claims.delivery);
  for (const version of [2, 3]) {
    compare('intervals-differ', 'advertisement intervals', (row) =>
      row.version === version ? formatDuration(row.claims.interval) : undefined,
    );
  }
}

/**
 * The loser of two clusters is a silent BACKUP: what it said before counts as long as anybody advertises
 * the VRID, unless it has resigned or advertises another VRID now.
 */
function compareLists(
  claimants: readonly Claimant[],
  all: readonly Claimant[],
  { senders }: Evidence,
  find: Find,
): void {
  const staying = all.filter((row) => claimants.includes(row) || !hasLeft(row, senders));
  const clusters = clustersOf(differentLists(staying));
  if (clusters.length > 1) {
    const shown = clusters.flatMap((rows) => rows.map(listOf));
    find('vrid-shared', sourcesOf(staying), `two clusters: ${shown.join('; ')}`);
    return;
  }
  const rows = differentLists(claimants);
  if (rows.length < 2) return;
  const shown = rows.map(listOf);
  find('address-lists-differ', sourcesOf(claimants), `address lists: ${shown.join('; ')}`);
}

function hasLeft(row: SenderRow, senders: readonly SenderRow[]): boolean {
  if (row.state === 'resigned') return true;
  return senders.some(
    ({ source, vrid, lastSeen }) =>
      source === row.source && vrid !== row.vrid && lastSeen > row.lastSeen,
  );
}

/** One sender of each list. */
function differentLists(claimants: readonly Claimant[]): Claimant[] {
  const lists = new Map<string, Claimant>();
  for (const row of claimants) lists.set([...row.claims.addresses].sort().join(' '), row);
  return [...lists.values()].slice(0, NAMED_MAX);
}

/** Lists that share an address, directly or through others, belong to one cluster. */
function clustersOf(rows: readonly Claimant[]): Claimant[][] {
  const clusters: Claimant[][] = [];
  for (const row of rows) {
    const related = clusters.filter((one) => one.some((other) => sharesAddress(row, other)));
    for (const one of related) clusters.splice(clusters.indexOf(one), 1);
    clusters.push([...related.flat(), row]);
  }
  return clusters;
}

function sharesAddress(one: Claimant, other: Claimant): boolean {
  return mayBeOneRouter(one.claims.addresses, other.claims.addresses);
}

function listOf({ source, claims }: Claimant): string {
  return `${source} ${listText(claims.addresses)}`;
}

function adviceOf(code: FindingCode, freeVrid: number | undefined): string {
  switch (code) {
    case 'two-masters':
      return 'they do not hear or do not accept each other: compare their settings, and look for a filter between them';
    case 'vrid-shared': {
      const free = freeVrid === undefined ? 'none is free' : `${freeVrid} is free`;
      return `choose another VRID for all routers of one cluster, ${free}`;
    }
    case 'address-lists-differ':
      return 'configure the same addresses on all routers';
    case 'checksum-forms-mixed':
      return 'a router that accepts one form only needs the same one on all, or "checksum: auto"';
    case 'versions-mixed':
      return 'each refuses the other: configure the same version on all, or "version: 2+3" for a migration';
    case 'authentication-mixed':
      return 'each refuses the other: configure the same authentication on all';
    case 'passwords-differ':
      return 'each refuses the other: configure the same password on all';
    case 'delivery-mixed':
      return 'each refuses the other: configure unicast on all, or on none';
    case 'intervals-differ':
      return 'version 2 refuses another interval: configure the same one on all';
    case 'interval-not-kept':
      return 'look for load, losses, or another host with its address';
    case 'ttl-not-255':
      return 'configure TTL 255 on the sender; if routers forward its unicast packets, "min_ttl" on the receivers';
    case 'packets-refused':
      return 'repair the sender';
    case 'carp':
      return 'choose another VRID for VRRP, or another VHID for CARP';
    case 'address-elsewhere':
      return 'remove the address from the host with this MAC address';
  }
}

function withinSender(row: SenderRow): SegmentFinding[] {
  const { family, vrid, source, claims, measuredInterval, state, ttl } = row;
  const found: SegmentFinding[] = [];
  const find = (code: FindingCode, message: string) =>
    found.push({
      ...{ code, family, vrid, sources: [source], message: `${source}: ${message}` },
      advice: adviceOf(code, undefined),
    });

  if (claims !== undefined && measuredInterval !== undefined && state === 'master') {
    if (!isKept(claims.interval, measuredInterval)) {
      const shown = formatDuration(wholeMilliseconds(measuredInterval));
      find(
        'interval-not-kept',
        `advertises an interval of ${formatDuration(claims.interval)}, sends every ${shown}`,
      );
    }
  }
  const refused = row.refused.map(({ reason, count }) => `${reason} ${count}`);
  const has = (wanted: DiscardReason) => row.refused.some(({ reason }) => reason === wanted);
  if (has('carp')) {
    find('carp', `sends CARP, not VRRP, with VHID ${vrid}: no VRRP router may have this VRID`);
  } else if (has('ip-ttl-error')) {
    find('ttl-not-255', `TTL ${ttl}; refused: ${refused.join(', ')}`);
  } else if (refused.length > 0) {
    find('packets-refused', `refused: ${refused.join(', ')}`);
  }
  return found;
}

function isKept(advertised: Duration, measured: Duration): boolean {
  return measured < advertised * 1.5 && measured > advertised / 1.5;
}

function priorityOf(claimants: readonly Claimant[], source: IpAddress): string {
  const row = claimants.find((one) => one.source === source && one.state === 'master');
  return row === undefined ? '' : `(priority ${row.claims.priority})`;
}

/** A router that sends both versions (RFC 9568 section 8.4) does so on purpose. */
function versionsBySource(claimants: readonly Claimant[]): Map<IpAddress, string> {
  const versions = new Map<IpAddress, string>();
  for (const { source, version } of claimants) {
    const known = versions.get(source);
    versions.set(source, known === undefined ? `${version}` : `${known}+${version}`);
  }
  return versions;
}

/** Advertised addresses that were last announced by a host that does not advertise them. */
function strayAddresses(
  claimants: readonly Claimant[],
  { announcements, at }: Evidence,
): [IpAddress, MacAddress][] {
  const stray = new Map<IpAddress, MacAddress>();
  for (const address of new Set(claimants.flatMap(({ claims }) => claims.addresses))) {
    const announced = announcements.get(address);
    if (announced === undefined || elapsed(announced.at, at) > AGE_MAX) continue;
    stray.set(address, announced.mac);
  }
  for (const { family, vrid, mac, claims } of claimants) {
    for (const address of claims.addresses) {
      const announcer = stray.get(address);
      if (announcer === mac || announcer === virtualMac(family, vrid)) stray.delete(address);
    }
  }
  return [...stray];
}

function sourcesOf(rows: readonly SenderRow[]): IpAddress[] {
  return rows.map(({ source }) => source);
}

function listText(addresses: readonly IpAddress[]): string {
  const [first, second, ...rest] = addresses;
  const shown = [first, second].filter((address) => address !== undefined).join(' ');
  return rest.length > 0 ? `${shown} +${rest.length}` : shown;
}
