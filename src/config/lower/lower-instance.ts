/** One instance of the file as settings of the engine. */

import { type Family, familyOf, isLinkLocal } from '../../net/address.ts';
import { type Duration, formatDuration, milliseconds, NO_TIME, seconds } from '../../net/time.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings, VirtualAddress } from '../../protocol/engine/settings.ts';
import type { AgentSettings, Probes } from '../agent-settings.ts';
import type { Findings } from '../finding.ts';
import type { Inherited } from './inherit.ts';
import { type AddressEntry, addressEntries, addressOf, lowerAddresses } from './lower-address.ts';
import { lowerAuthentication } from './lower-authentication.ts';
import { lowerSourceAddress, lowerUnicast } from './lower-delivery.ts';
import { lowerLease } from './lower-lease.ts';
import { lowerBeforeMaster } from './lower-notify.ts';
import { lowerRouting } from './lower-routing.ts';
import { type DurationRange, lowerDuration, lowerInterval } from './lower-timing.ts';
import { lowerTrack } from './lower-track.ts';
import { lowerVirtualMac, onVirtualLink } from './lower-virtual-mac.ts';

const UP_TO_ONE_HOUR: DurationRange = { minimum: NO_TIME, maximum: seconds(3_600), zero: true };
const LONGEST_WAIT: DurationRange = {
  minimum: seconds(1),
  maximum: seconds(3_600),
  zero: false,
};
const REFRESH: DurationRange = { minimum: seconds(1), maximum: seconds(86_400), zero: true };

/** Undefined when something essential is missing or wrong, which then has been reported. */
export function lowerInstance(
  inherited: Inherited,
  realtime: AgentSettings['realtime'],
  probes: Probes,
  findings: Findings,
): InstanceSettings | undefined {
  const { values, at } = inherited;
  const link = values.interface;
  if (link === undefined) reportMissingInterface(inherited, findings);
  const version = values.version === 2 ? 2 : 3;
  const alsoVersion2 = values.version === '2+3';
  const settings = {
    version,
    priority: values.priority ?? 100,
    advertisementInterval: lowerInterval(
      values.advertisement_interval,
      version,
      at('advertisement_interval'),
      findings,
    ),
    preempt: values.preempt ?? true,
    preemptDelay: lowerPreemptDelay(inherited, findings),
    accept: values.accept ?? true,
    checksum: values.checksum ?? 'auto',
    authentication: lowerAuthentication(inherited, alsoVersion2 ? 2 : version, findings),
    garp: lowerGarp(inherited, findings),
    neighborAdvertisement: { router: values.neighbor_advertisement?.router ?? 'auto' },
    addressConflict: values.address_conflict ?? 'report',
    track: lowerTrack(values.track, {
      at: (...keys) => at('track', ...keys),
      link,
      probes,
      findings,
    }),
  } as const;
  const beforeMaster = lowerBeforeMaster(
    values.notify,
    settings.priority,
    (...keys) => at('notify', ...keys),
    findings,
  );
  const preemptWhenSynced = lowerPreemptWhenSynced(inherited, findings);
  const lease = lowerLease(inherited, version, settings.advertisementInterval, findings);
  const places = lowerPlaces(inherited, link ?? '', findings);
  const { entries } = places;
  const family = checkFamily(places.addresses, entries, findings);
  if (family === undefined) return undefined;
  const virtualMac = lowerVirtualMac(inherited, family, findings);
  const addresses = onVirtualLink(places.addresses, link, virtualMac);
  const extraAddresses = onVirtualLink(places.extraAddresses, link, virtualMac);
  const delivery = {
    unicast: lowerUnicast(inherited, family, findings),
    sourceAddress: lowerSourceAddress(inherited, family, findings),
  };
  const routing = lowerRouting(inherited, link ?? '', family, findings);
  if (family === 'ipv6' && version === 2) {
    findings.error(at('version'), 'conflict', 'version 2 cannot carry IPv6 addresses');
  }
  if (family === 'ipv6') checkFirstAddress(addresses, entries, findings);
  checkChecksum(inherited, version, family, findings);
  advise(inherited, settings.advertisementInterval, realtime, findings);
  if (alsoVersion2) checkBothVersions(inherited, family, settings.advertisementInterval, findings);
  const { name, vrid } = values;
  if (name === undefined || vrid === undefined || link === undefined) return undefined;
  return {
    name,
    interface: link,
    family,
    vrid,
    ...settings,
    ...(lease === undefined ? {} : { lease }),
    ...(preemptWhenSynced === undefined ? {} : { preemptWhenSynced }),
    ...(alsoVersion2 ? { alsoVersion2 } : {}),
    addresses,
    extraAddresses,
    ...routing,
    ...delivery,
    ...(beforeMaster === undefined ? {} : { beforeMaster }),
    virtualMac,
  };
}

/** The addresses as they are written, on the interface of the instance where none is named. */
function lowerPlaces({ values, at }: Inherited, link: string, findings: Findings) {
  const entries = addressEntries(values.addresses, at('addresses'));
  const extraEntries = addressEntries(values.extra_addresses, at('extra_addresses'));
  return {
    entries,
    addresses: lowerAddresses(entries, link, findings),
    extraAddresses: lowerAddresses(extraEntries, link, findings),
  };
}

function reportMissingInterface({ at }: Inherited, findings: Findings): void {
  if (findings.reported([...at(), 'interface']) || findings.reported(['defaults', 'interface'])) {
    return;
  }
  findings.error(at(), 'missing', '"interface" is missing, here and in defaults');
}

/** RFC 9568 section 8.4. */
function checkBothVersions(
  { at }: Inherited,
  family: Family,
  interval: Duration,
  findings: Findings,
): void {
  const path = at('version');
  if (family === 'ipv6') {
    findings.error(path, 'conflict', 'version 2 cannot carry IPv6 addresses: write "version: 3"');
  }
  findings.warn(
    path,
    '"2+3" is for the way from version 2 to 3, and no permanent state (RFC 9568 section 8.4.1)',
  );
  if (interval >= seconds(1)) return;
  const message =
    `every ${formatDuration(interval)} a packet of version 2 that says 1s: routers of version 2 may ` +
    'be overwhelmed, and none of them should have the highest priority (RFC 9568 section 8.4.3)';
  findings.warn(path, message);
}

/** One family for the whole instance: its first address says which. */
function checkFamily(
  addresses: readonly VirtualAddress[],
  entries: readonly AddressEntry[],
  findings: Findings,
): Family | undefined {
  const first = addresses[0];
  if (first === undefined) return undefined;
  const family = familyOf(first.address);
  for (const entry of entries) {
    const address = addressOf(entry);
    if (address === undefined || familyOf(address) === family) continue;
    const message = `an instance has addresses of one family: make another one for ${address}`;
    findings.error(entry.path, 'conflict', message);
  }
  return family;
}

/** RFC 9568 section 5.2.9: receivers discard a list that begins with another one. */
function checkFirstAddress(
  [first]: readonly VirtualAddress[],
  [entry]: readonly AddressEntry[],
  findings: Findings,
): void {
  if (first === undefined || entry === undefined || isLinkLocal(first.address)) return;
  if (addressOf(entry) !== first.address) return;
  const message =
    `the first IPv6 address must be link-local (RFC 9568 section 5.2.9): ` +
    `put one like fe80::1:1 before ${first.address}, the same on all routers`;
  findings.error(entry.path, 'conflict', message);
}

function lowerPreemptDelay({ values, at }: Inherited, findings: Findings): Duration {
  const path = at('preempt_delay');
  const delay = lowerDuration(values.preempt_delay, NO_TIME, UP_TO_ONE_HOUR, path, findings);
  if (delay > 0 && values.preempt === false) {
    const message = '"preempt_delay" delays what "preempt: false" forbids: remove one of them';
    findings.error(path, 'conflict', message);
  }
  return delay;
}

function lowerPreemptWhenSynced(
  { values, at }: Inherited,
  findings: Findings,
): Duration | undefined {
  const wanted = values.preempt_when_synced;
  if (wanted === undefined) return undefined;
  if (values.preempt === false) {
    const message = '"preempt: false" never preempts: remove one of them';
    findings.error(at('preempt_when_synced'), 'conflict', message);
  }
  if (isOwner(values.priority)) {
    const message = 'priority 255 is MASTER from the start and waits for nothing: use 254';
    findings.error(at('preempt_when_synced'), 'conflict', message);
  }
  const path = at('preempt_when_synced', 'max_wait');
  return lowerDuration(wanted.max_wait, seconds(60), LONGEST_WAIT, path, findings);
}

function lowerGarp({ values, at }: Inherited, findings: Findings): InstanceSettings['garp'] {
  const { repeat, second_burst_after, refresh, form } = values.garp ?? {};
  return {
    repeat: repeat ?? 5,
    secondBurstAfter: lowerDuration(
      second_burst_after,
      seconds(5),
      UP_TO_ONE_HOUR,
      at('garp', 'second_burst_after'),
      findings,
    ),
    refresh: lowerDuration(refresh, NO_TIME, REFRESH, at('garp', 'refresh'), findings),
    form: form ?? 'both',
  };
}

/** Version 2 never has the pseudo-header, IPv6 always does: nothing to choose (RFC 9568 5.2.8). */
function checkChecksum(
  { values, at }: Inherited,
  version: 2 | 3,
  family: Family,
  findings: Findings,
): void {
  if ((values.checksum ?? 'auto') === 'auto') return;
  if (version === 3 && family === 'ipv4') return;
  findings.error(at('checksum'), 'conflict', '"checksum" is for version 3 over IPv4 only');
}

/** What can be used as it is, and still is probably not what was meant. */
function advise(
  { values, at }: Inherited,
  interval: Duration,
  realtime: AgentSettings['realtime'],
  findings: Findings,
): void {
  if (isOwner(values.priority)) {
    const text = 'priority 255 says that the addresses belong to this router: it is MASTER at once';
    findings.warn(at('priority'), text);
    if (values.preempt === false) {
      findings.warn(at('preempt'), 'an address owner always preempts (RFC 9568 section 6.1)');
    }
  }
  if (realtime === 'off' && interval < milliseconds(100)) {
    const text = `${formatDuration(interval)} without real-time priority: load may cost the mastership`;
    findings.warn(at('advertisement_interval'), text);
  }
}
