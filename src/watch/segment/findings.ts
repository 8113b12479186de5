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
import { virtualMac } from '../../net/vrrp.ts';
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
}

/** The last gratuitous ARP or Neighbor Advertisement of an address. */
export interface Announcement {
  readonly mac: MacAddress;
  readonly at: Instant;
}

interface Evidence {
  readonly at: Instant;
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
    if (elapsed(row.lastSeen, evidence.at) > AGE_MAX) continue;
    const key = `${row.family} ${row.vrid}`;
    const rows = routers.get(key);
    if (rows === undefined) routers.set(key, [row]);
    else rows.push(row);
  }
  return [...routers.values()].flatMap((rows) => [
    ...betweenSenders(rows, evidence),
    ...rows.flatMap(withinSender),
  ]);
}

function betweenSenders(rows: readonly SenderRow[], evidence: Evidence): SegmentFinding[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { family, vrid } = first;
  const claimants = rows.filter((row): row is Claimant => row.claims !== undefined);
  const found: SegmentFinding[] = [];
  const find = (code: FindingCode, sources: Iterable<IpAddress>, message: string) => {
    const named = [...new Set(sources)].slice(0, NAMED_MAX);
    found.push({ code, family, vrid, sources: named, message });
  };
  const compare = (code: FindingCode, what: string, of: (row: Claimant) => string | undefined) => {
    const known = claimants.filter((row) => of(row) !== undefined);
    if (new Set(known.map(of)).size < 2) return;
    const values = [...new Set(known.map((row) => `${row.source} ${of(row)}`))];
    find(code, sourcesOf(known), `${what}: ${values.slice(0, NAMED_MAX).join(', ')}`);
  };

  const contenders = evidence.contenders(family, vrid);
  if (contenders.length > 0) {
    const masters = contenders.map((source) => `${source} ${priorityOf(claimants, source)}`);
    const message = `${contenders.length} MASTERs at the same time: ${masters.join(', ')}`;
    find('two-masters', contenders, message);
  }
  compareLists(claimants, find);
  compare('checksum-forms-mixed', 'checksum forms', ({ claims }) => claims.checksumForm);
  const versions = versionsBySource(claimants);
  compare('versions-mixed', 'versions', ({ source }) => versions.get(source));
  compare('authentication-mixed', 'authentication types', ({ claims }) =>
    claims.authType === undefined ? undefined : `${claims.authType}`,
  );
  for (const version of [2, 3]) {
    compare('intervals-differ', 'advertisement intervals', (row) =>
      row.version === version ? formatDuration(row.claims.interval) : undefined,
    );
  }
  for (const [address, mac] of strayAddresses(claimants, evidence)) {
    find('address-elsewhere', sourcesOf(claimants), `${address} is announced by ${mac}`);
  }
  return found;
}

function compareLists(
  claimants: readonly Claimant[],
  find: (code: FindingCode, sources: Iterable<IpAddress>, message: string) => void,
): void {
  const lists = new Map<string, Claimant>();
  for (const row of claimants) lists.set([...row.claims.addresses].sort().join(' '), row);
  if (lists.size < 2) return;
  const rows = [...lists.values()].slice(0, NAMED_MAX);
  const isDisjoint = rows.every((row, at) =>
    rows.slice(at + 1).every((other) => !sharesAddress(row, other)),
  );
  const shown = rows.map(({ source, claims }) => `${source} ${listText(claims.addresses)}`);
  if (isDisjoint) find('vrid-shared', sourcesOf(claimants), `two clusters: ${shown.join('; ')}`);
  else find('address-lists-differ', sourcesOf(claimants), `address lists: ${shown.join('; ')}`);
}

function sharesAddress(one: Claimant, other: Claimant): boolean {
  const known = new Set(one.claims.addresses);
  return other.claims.addresses.some((address) => known.has(address));
}

function withinSender(row: SenderRow): SegmentFinding[] {
  const { family, vrid, source, claims, measuredInterval, state, ttl } = row;
  const found: SegmentFinding[] = [];
  const find = (code: FindingCode, message: string) =>
    found.push({ code, family, vrid, sources: [source], message: `${source}: ${message}` });

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
