/** Converts an instance of the file to settings of the engine. */

import { type Family, familyOf, type IpAddress, isLinkLocal, parseIp } from '../../net/address.ts';
import { type Duration, formatDuration, milliseconds, NO_TIME, seconds } from '../../net/time.ts';
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings, VirtualAddress } from '../../protocol/engine/settings.ts';
import type { AgentSettings } from '../agent-settings.ts';
import type { Findings } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import { INSTANCE_DEFAULTS } from '../schema/defaults.ts';
import type { Inherited } from './inherit.ts';
import { type AddressEntry, addressEntries, addressOf, lowerAddresses } from './lower-address.ts';
import { lowerAuthentication } from './lower-authentication.ts';
import { lowerMulticastGroup, lowerSourceAddress, lowerUnicast } from './lower-delivery.ts';
import { lowerOnInterfaceDown } from './lower-interface.ts';
import { lowerBeforeMaster } from './lower-notify.ts';
import { lowerRouting } from './lower-routing.ts';
import { type DurationRange, lowerDuration, lowerInterval, lowerLease } from './lower-timing.ts';
import { gatewaysOn, lowerTrack, type Tracked } from './lower-track.ts';
import { lowerVirtualMac, onVirtualLink } from './lower-virtual-mac.ts';
import { lowerVrf } from './lower-vrf.ts';

const UP_TO_ONE_HOUR: DurationRange = { minimum: NO_TIME, maximum: seconds(3_600), zero: true };
const MAX_WAIT: DurationRange = { minimum: seconds(1), maximum: seconds(3_600), zero: false };
const UP_TO_ONE_SECOND: DurationRange = { minimum: NO_TIME, maximum: seconds(1), zero: true };
const REFRESH: DurationRange = { minimum: seconds(1), maximum: seconds(86_400), zero: true };

/** Below it `check` advises against running without real-time priority. */
const SHORT_INTERVAL = milliseconds(100);

/** What an instance depends on besides its own keys. */
interface Surroundings {
  /** Number of addresses of all instances. */
  readonly total: number;
  readonly realtime: AgentSettings['realtime'];
  readonly tracked: Tracked;
  readonly host: HostFacts;
}

/** Undefined if an essential key is missing or invalid, which has been reported. */
export function lowerInstance(
  inherited: Inherited,
  { total, realtime, tracked, host }: Surroundings,
  findings: Findings,
): InstanceSettings | undefined {
  const { values } = inherited;
  const { name, vrid, interface: link } = values;
  if (link === undefined) reportMissingInterface(inherited, findings);
  const protocol = lowerProtocol(inherited, findings);
  const behaviour = lowerBehaviour(inherited, tracked, findings);
  const { version: spoken, advertisementInterval } = protocol;
  const lease = lowerLease(inherited, spoken, advertisementInterval, total, findings);
  const located = lowerLocated(inherited, host, findings);
  if (located === undefined) return undefined;
  checkVersion(inherited, protocol, located.family, findings);
  advise(inherited, advertisementInterval, realtime, findings);
  if (name === undefined || vrid === undefined || link === undefined) return undefined;
  const { alsoVersion2, ...version } = protocol;
  const { beforeMaster, preemptWhenSynced, ...always } = behaviour;
  return {
    name,
    interface: link,
    vrid,
    ...version,
    ...always,
    ...located,
    ...(lease === undefined ? {} : { lease }),
    ...(preemptWhenSynced === undefined ? {} : { preemptWhenSynced }),
    ...(alsoVersion2 ? { alsoVersion2 } : {}),
    ...(beforeMaster === undefined ? {} : { beforeMaster }),
  };
}

/** The fields of advertisements. */
function lowerProtocol(inherited: Inherited, findings: Findings) {
  const { values } = inherited;
  const wanted = values.version ?? INSTANCE_DEFAULTS.version;
  const version = wanted === 2 ? 2 : 3;
  const alsoVersion2 = wanted === '2+3';
  const advertisementInterval = lowerInterval(inherited, version, findings);
  const spoken = alsoVersion2 ? 2 : version;
  return {
    version,
    alsoVersion2,
    priority: values.priority ?? INSTANCE_DEFAULTS.priority,
    advertisementInterval,
    checksum: values.checksum ?? INSTANCE_DEFAULTS.checksum,
    authentication: lowerAuthentication(inherited, spoken, advertisementInterval, findings),
  } as const;
}

/** The settings that do not depend on the address family. */
function lowerBehaviour(inherited: Inherited, tracked: Tracked, findings: Findings) {
  const { values, at } = inherited;
  const { router } = INSTANCE_DEFAULTS.neighbor_advertisement;
  return {
    preempt: values.preempt ?? INSTANCE_DEFAULTS.preempt,
    preemptDelay: lowerPreemptDelay(inherited, findings),
    preemptWhenSynced: lowerPreemptWhenSynced(inherited, findings),
    beforeMaster: lowerBeforeMaster(
      values.notify,
      values.priority,
      (...keys) => at('notify', ...keys),
      findings,
    ),
    accept: values.accept ?? INSTANCE_DEFAULTS.accept,
    garp: lowerGarp(inherited, findings),
    neighborAdvertisement: { router: values.neighbor_advertisement?.router ?? router },
    addressConflict: values.address_conflict ?? INSTANCE_DEFAULTS.address_conflict,
    onVrrpLoss: values.on_vrrp_loss ?? INSTANCE_DEFAULTS.on_vrrp_loss,
    track: lowerTrack(values.track, {
      at: (...keys) => at('track', ...keys),
      link: values.interface,
      tracked,
      findings,
    }),
    ...thirdHostsPart(gatewaysOn(values.track, values.interface)),
    ...(values.witness === true ? { witness: true } : {}),
  } as const;
}

function thirdHostsPart(thirdHosts: readonly IpAddress[]) {
  return thirdHosts.length === 0 ? {} : { thirdHosts };
}

/** The addresses and what depends on their family; undefined without a valid address. */
function lowerLocated(inherited: Inherited, host: HostFacts, findings: Findings) {
  const { values, at } = inherited;
  const link = values.interface ?? '';
  const entries = addressEntries(values.addresses, at('addresses'));
  const extraEntries = addressEntries(values.extra_addresses, at('extra_addresses'));
  const addresses = lowerAddresses(entries, link, findings);
  const extraAddresses = lowerAddresses(extraEntries, link, findings);
  const family = checkFamily(addresses, entries, findings) ?? familyWithout(inherited, findings);
  if (family === undefined) return undefined;
  const virtualMac = lowerVirtualMac(inherited, family, findings);
  if (family === 'ipv6') checkFirstAddress(addresses, entries, findings);
  const vrf = lowerVrf(inherited, host, findings);
  const multicastGroup = lowerMulticastGroup(inherited, family, findings);
  return {
    family,
    virtualMac,
    onInterfaceDown: lowerOnInterfaceDown(inherited, [...addresses, ...extraAddresses], findings),
    addresses: onVirtualLink(addresses, link, virtualMac),
    extraAddresses: onVirtualLink(extraAddresses, link, virtualMac),
    ...lowerRouting(inherited, { link, family, host, vrf }, findings),
    ...(vrf === undefined ? {} : { vrf }),
    unicast: lowerUnicast(inherited, family, findings),
    sourceAddress: lowerSourceAddress(inherited, family, findings),
    ...(multicastGroup === undefined ? {} : { multicastGroup }),
  };
}

function reportMissingInterface({ at }: Inherited, findings: Findings): void {
  if (findings.reported([...at(), 'interface']) || findings.reported(['defaults', 'interface'])) {
    return;
  }
  findings.error(at(), 'missing', '"interface" is missing here and in "defaults"');
}

type Protocol = ReturnType<typeof lowerProtocol>;

function checkVersion(
  inherited: Inherited,
  protocol: Protocol,
  family: Family,
  findings: Findings,
): void {
  const { version, alsoVersion2, advertisementInterval } = protocol;
  if (family === 'ipv6' && (version === 2 || alsoVersion2)) {
    const message = 'version 2 does not support IPv6: write "version: 3"';
    findings.error(inherited.at('version'), 'conflict', message);
  }
  checkChecksum(inherited, version, family, findings);
  if (alsoVersion2) adviseMigration(inherited, advertisementInterval, findings);
}

/** RFC 9568 section 8.4. */
function adviseMigration({ at }: Inherited, interval: Duration, findings: Findings): void {
  const path = at('version');
  findings.warn(
    path,
    '"2+3" is for the migration from version 2 to 3, not for permanent use (RFC 9568 section 8.4.1)',
  );
  if (interval >= seconds(1)) return;
  const message =
    `a version 2 packet with an advertised interval of 1s is sent every ${formatDuration(interval)}: ` +
    'this may overload version 2 routers, and none of them should have the highest priority ' +
    '(RFC 9568 section 8.4.3)';
  findings.warn(path, message);
}

/** The family of the first address, which all others must have. */
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
    const message = `all addresses of an instance have one family: put ${address} into another instance`;
    findings.error(entry.path, 'conflict', message);
  }
  return family;
}

/** The family of an instance without addresses, which only unicast allows (RFC 9568 section 5.2.5). */
function familyWithout({ values, at }: Inherited, findings: Findings): Family | undefined {
  if (values.addresses?.length !== 0) return undefined;
  const { unicast } = values;
  if (unicast === undefined) {
    const message =
      'must not be empty: what is sent to the multicast group has at least one address ' +
      '(RFC 9568 section 5.2.5). Only an instance with "unicast" may have none';
    findings.error(at('addresses'), 'conflict', message);
    return undefined;
  }
  const [peer] = unicast.peers ?? [];
  const named = unicast.source ?? (typeof peer === 'object' ? peer.address : peer);
  const address = parseIp(named ?? '');
  return address === undefined ? 'ipv4' : familyOf(address);
}

/** RFC 9568 section 5.2.9: receivers discard an IPv6 list that begins with another address. */
function checkFirstAddress(
  [first]: readonly VirtualAddress[],
  [entry]: readonly AddressEntry[],
  findings: Findings,
): void {
  if (first === undefined || entry === undefined || isLinkLocal(first.address)) return;
  if (addressOf(entry) !== first.address) return;
  const message =
    'the first IPv6 address must be link-local (RFC 9568 section 5.2.9): ' +
    `put one like fe80::1:1 before ${first.address}, the same on all routers`;
  findings.error(entry.path, 'conflict', message);
}

function lowerPreemptDelay({ values, at }: Inherited, findings: Findings): Duration {
  const path = at('preempt_delay');
  const text = values.preempt_delay ?? INSTANCE_DEFAULTS.preempt_delay;
  const delay = lowerDuration(text, UP_TO_ONE_HOUR, path, findings);
  if (delay > 0 && values.preempt === false) {
    const message = '"preempt_delay" has no effect with "preempt: false": remove one of them';
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
    const message = '"preempt_when_synced" has no effect with "preempt: false": remove one of them';
    findings.error(at('preempt_when_synced'), 'conflict', message);
  }
  if (isOwner(values.priority)) {
    const message =
      '"preempt_when_synced" has no effect with priority 255, which is MASTER immediately: use 254';
    findings.error(at('preempt_when_synced'), 'conflict', message);
  }
  const path = at('preempt_when_synced', 'max_wait');
  const text = wanted.max_wait ?? INSTANCE_DEFAULTS.preempt_when_synced.max_wait;
  return lowerDuration(text, MAX_WAIT, path, findings);
}

function lowerGarp({ values, at }: Inherited, findings: Findings): InstanceSettings['garp'] {
  const { garp = {} } = values;
  const usual = INSTANCE_DEFAULTS.garp;
  const time = (text: string, range: DurationRange, ...keys: string[]) =>
    lowerDuration(text, range, at('garp', ...keys), findings);
  const secondBurst = garp.second_burst_after ?? usual.second_burst_after;
  const repeat = garp.repeat ?? usual.repeat;
  const interval = time(garp.interval ?? usual.interval, UP_TO_ONE_SECOND, 'interval');
  const { contested, refresh_repeat: refreshRepeat = usual.refresh_repeat } = garp;
  return {
    repeat,
    secondBurstAfter: time(secondBurst, UP_TO_ONE_HOUR, 'second_burst_after'),
    refresh: time(garp.refresh ?? usual.refresh, REFRESH, 'refresh'),
    form: garp.form ?? usual.form,
    ...(refreshRepeat === usual.refresh_repeat ? {} : { refreshRepeat }),
    ...(interval === 0 ? {} : { interval }),
    ...(contested === undefined
      ? {}
      : {
          contested: {
            repeat: contested.repeat ?? repeat,
            secondBurstAfter: time(
              contested.second_burst_after ?? secondBurst,
              UP_TO_ONE_HOUR,
              'contested',
              'second_burst_after',
            ),
          },
        }),
  };
}

/** Version 2 never includes the pseudo-header, and IPv6 always does (RFC 9568 section 5.2.8). */
function checkChecksum(
  { values, at }: Inherited,
  version: 2 | 3,
  family: Family,
  findings: Findings,
): void {
  if ((values.checksum ?? INSTANCE_DEFAULTS.checksum) === 'auto') return;
  if (version === 3 && family === 'ipv4') return;
  findings.error(at('checksum'), 'conflict', '"checksum" applies only to version 3 over IPv4');
}

/** Warns about valid settings that are probably not intended. */
function advise(
  { values, at }: Inherited,
  interval: Duration,
  realtime: AgentSettings['realtime'],
  findings: Findings,
): void {
  if (isOwner(values.priority)) {
    const text =
      'priority 255 makes this router the owner of the addresses: it becomes MASTER immediately';
    findings.warn(at('priority'), text);
    if (values.preempt === false) {
      findings.warn(at('preempt'), 'an address owner always preempts (RFC 9568 section 6.1)');
    }
  }
  if (realtime === 'off' && interval < SHORT_INTERVAL) {
    const text = `with ${formatDuration(interval)} and "realtime: off", CPU load can cause a failover`;
    findings.warn(at('advertisement_interval'), text);
  }
}
