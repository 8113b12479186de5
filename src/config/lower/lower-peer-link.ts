/** Converts `peer_link` to settings of the engine and to keys, which the engine does not get. */
import { familyOf, type IpAddress, isLinkLocal, isMulticast, parseIp } from '../../net/address.ts';
import { digestOf } from '../../net/digest.ts';
import { formatDuration, milliseconds, seconds, times } from '../../net/time.ts';
import type {
  DirectorSettings,
  InstanceSettings,
  PeerLinkSettings,
} from '../../protocol/engine/settings.ts';
import { describeValue, type Findings, type Path } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import type { IpvsSettings } from '../ipvs-settings.ts';
import { PEER_LINK_DEFAULTS } from '../schema/defaults.ts';
import type { ConfigFile } from '../schema/schema.ts';
import type { SharedKeys } from '../shared-keys.ts';
import { lowerSharedKey, lowerSharedKeys } from './lower-shared-keys.ts';
import { lowerDuration } from './lower-timing.ts';

type PeerLinkFile = NonNullable<ConfigFile['peer_link']>;

const HEARTBEAT = { minimum: milliseconds(10), maximum: seconds(5), zero: false };
const DEAD_AFTER = { minimum: milliseconds(30), maximum: seconds(60), zero: false };

/** A single delayed heartbeat must not count as the death of a director. */
const HEARTBEATS_OF_SILENCE = 3;

const TOP = 'peer_link';

export interface LoweredPeerLink {
  readonly settings: PeerLinkSettings;
  readonly keys: SharedKeys;
}

/** `router`: the name of this director. */
export function lowerPeerLink(
  file: PeerLinkFile,
  router: string,
  ipvs: IpvsSettings | undefined,
  host: HostFacts,
  findings: Findings,
): LoweredPeerLink {
  const { port = PEER_LINK_DEFAULTS.port, heartbeat: beat = PEER_LINK_DEFAULTS.heartbeat } = file;
  const heartbeat = lowerDuration(beat, HEARTBEAT, [TOP, 'heartbeat'], findings);
  const source = lowerSource(file.source, host, findings);
  const deadAfter = lowerDeadAfter(file.dead_after, heartbeat, findings);
  return {
    settings: {
      ...{ source, port, heartbeat },
      ...(deadAfter === undefined ? {} : { deadAfter }),
      directors: lowerDirectors(file.directors, source, router, findings),
      services: servicesDigest(ipvs),
    },
    keys: lowerKeys(file, host, findings),
  };
}

/** A VIP moves from one director to another, and the address of a director must not. */
export function checkLinkAddresses(
  { source, directors }: PeerLinkSettings,
  instances: readonly InstanceSettings[],
  findings: Findings,
): void {
  const holders = new Map(
    instances.flatMap(({ name, addresses, extraAddresses }) =>
      [...addresses, ...extraAddresses].map(({ address }) => [address, name] as const),
    ),
  );
  const check = (address: IpAddress, path: Path) => {
    const holder = holders.get(address);
    if (holder === undefined || findings.reported(path)) return;
    const message = `${address} is a virtual address of "${holder}": use a permanent one`;
    findings.error(path, 'conflict', message);
  };
  check(source, [TOP, 'source']);
  for (const [position, { address }] of directors.entries()) {
    check(address, [TOP, 'directors', position, 'address']);
  }
}

function lowerSource(text: string, { isLocal }: HostFacts, findings: Findings): IpAddress {
  const path = [TOP, 'source'];
  const source = lowerAddress(text, path, findings);
  if (!findings.reported(path) && isLocal?.(source) === false) {
    const message = `${source} is not an address of this host: write its own address on the link`;
    findings.error(path, 'unavailable', message);
  }
  return source;
}

function lowerDirectors(
  directors: PeerLinkFile['directors'],
  source: IpAddress,
  router: string,
  findings: Findings,
): DirectorSettings[] {
  const names = new Set<string>();
  const addresses = new Set<IpAddress>();
  return directors.map(({ name, address: text }, position) => {
    const at = (key: string): Path => [TOP, 'directors', position, key];
    const address = lowerAddress(text, at('address'), findings);
    const error = (key: string, message: string) => {
      if (!findings.reported(at(key))) findings.error(at(key), 'conflict', message);
    };
    if (name === router) error('name', `${name} is this director: list the others only`);
    if (address === source)
      error('address', `${address} is "source": list the other directors only`);
    if (names.has(name)) error('name', `the director ${name} is listed twice`);
    if (addresses.has(address)) error('address', `${address} is listed twice`);
    if (familyOf(address) !== familyOf(source)) {
      error('address', `${address} and "source" ${source} must be of the same family`);
    }
    names.add(name);
    addresses.add(address);
    return { name, address };
  });
}

function lowerAddress(text: string, path: Path, findings: Findings): IpAddress {
  const address = parseIp(text);
  if (address === undefined) {
    findings.error(path, 'range', `expected an IP address, found ${describeValue(text)}`);
    return text as IpAddress;
  }
  if (isMulticast(address)) findings.error(path, 'range', `${address} is a multicast address`);
  // It means something on one interface only, and the file names none.
  if (familyOf(address) === 'ipv6' && isLinkLocal(address)) {
    findings.error(path, 'range', `${address} is link-local: use a global or unique local address`);
  }
  return address;
}

function lowerDeadAfter(
  text: string | undefined,
  heartbeat: PeerLinkSettings['heartbeat'],
  findings: Findings,
) {
  if (text === undefined) return undefined;
  const path = [TOP, 'dead_after'];
  const deadAfter = lowerDuration(text, DEAD_AFTER, path, findings);
  const least = times(heartbeat, HEARTBEATS_OF_SILENCE);
  if (!findings.reported(path) && deadAfter < least) {
    const message = `must be at least three heartbeats, ${formatDuration(least)}, not ${text}`;
    findings.error(path, 'range', message);
  }
  return deadAfter;
}

function lowerKeys(file: PeerLinkFile, host: HostFacts, findings: Findings): SharedKeys {
  const { key, keys, active_key: wanted } = file;
  if (key !== undefined && keys !== undefined) {
    findings.error([TOP, 'keys'], 'conflict', '"key" and "keys" exclude each other');
  }
  if (key === undefined) {
    const at = (...more: string[]): Path => (more.length === 0 ? [TOP] : [TOP, ...more]);
    const missing = '"key" is missing: the directors must share a secret';
    return lowerSharedKeys({ keys, activeKey: wanted, at, missing }, host, findings);
  }
  if (wanted !== undefined && wanted !== 1) {
    const message = '"active_key" selects from "keys"; the number of "key" is 1';
    findings.error([TOP, 'active_key'], 'conflict', message);
  }
  return { keys: [lowerSharedKey(1, key, [TOP, 'key'], host, findings)], activeKey: 1 };
}

/** Differs when clients would be balanced differently after a takeover. */
function servicesDigest(ipvs: IpvsSettings | undefined): number {
  if (ipvs === undefined || ipvs.services.length === 0) return 0;
  const services = ipvs.services.map(({ name, service, servers }) => ({ name, service, servers }));
  return digestOf(JSON.stringify(services)) || 1;
}
