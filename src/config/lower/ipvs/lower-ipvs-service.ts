/** One service of the file, with its servers. */
import { addressBits, type Family, familyOf } from '../../../net/address.ts';
import type { Persistence, Service, ServiceKey } from '../../../net/ipvs.ts';
import { seconds } from '../../../net/time.ts';
import type { Findings, Path } from '../../finding.ts';
import type { ServiceSettings } from '../../ipvs-settings.ts';
import type { ServiceFile } from '../../schema/ipvs-schema.ts';
import { describeValue } from '../../text/value-text.ts';
import { parseAddressAndPort } from '../lower-endpoint.ts';
import { lowerDuration } from '../lower-timing.ts';
import { lowerHealth } from './lower-ipvs-health.ts';
import { lowerServers } from './lower-ipvs-server.ts';

const DEFAULT_PERSISTENCE = seconds(300);
const PERSISTENCE_RANGE = { minimum: seconds(1), maximum: seconds(2_678_400), zero: false };

/** Bits of `schedulerFlags` (<linux/ip_vs.h>: IP_VS_SVC_F_SCHED_SH_FALLBACK and its like). */
const FLAG_BITS = {
  'mh-fallback': 1,
  'mh-port': 2,
  'sh-fallback': 1,
  'sh-port': 2,
  'flag-1': 1,
  'flag-2': 2,
  'flag-3': 4,
} as const;

export function lowerService(
  file: ServiceFile,
  path: Path,
  findings: Findings,
): ServiceSettings | undefined {
  const key = lowerKey(file, path, findings);
  if (key === undefined) return undefined;
  const service: Service = {
    key,
    scheduler: file.scheduler ?? 'wlc',
    schedulerFlags: lowerFlags(file, path, findings),
    onePacket: file.one_packet ?? false,
    persistence: lowerPersistence(file, key.family, path, findings),
  };
  checkCombinations(service, path, findings);
  const lowered = lowerServers(file, key, path, findings);
  return {
    name: file.name,
    service,
    servers: lowered.map(({ server }) => server),
    require: file.require,
    health: lowerHealth(file, key, lowered, path, findings),
  };
}

function lowerKey(file: ServiceFile, path: Path, findings: Findings): ServiceKey | undefined {
  const { address: text, fwmark, protocol, family } = file;
  if ((text === undefined) === (fwmark === undefined)) {
    findings.error(path, 'conflict', 'a service needs either "address" or "fwmark"');
    return undefined;
  }
  if (fwmark !== undefined) {
    if (protocol !== undefined) {
      findings.error([...path, 'protocol'], 'conflict', 'a mark stands for every protocol');
    }
    return { kind: 'mark', family: family ?? 'ipv4', mark: fwmark };
  }
  const endpoint = parseAddressAndPort(text ?? '');
  const at = [...path, 'address'];
  if (endpoint?.port === undefined) {
    const form = 'an IP address and a port, IPv6 in brackets';
    findings.error(at, 'type', `expected ${form}, found ${describeValue(text)}`);
    return undefined;
  }
  if (family !== undefined && family !== familyOf(endpoint.address)) {
    findings.error([...path, 'family'], 'conflict', `${endpoint.address} is not ${family}`);
  }
  return {
    kind: 'address',
    family: familyOf(endpoint.address),
    protocol: protocol ?? 'tcp',
    address: endpoint.address,
    port: endpoint.port,
  };
}

function lowerFlags({ flags, scheduler = 'wlc' }: ServiceFile, path: Path, findings: Findings) {
  let bits = 0;
  for (const [index, flag] of (flags ?? []).entries()) {
    bits |= FLAG_BITS[flag];
    const [owner] = flag.split('-');
    if (owner === 'flag' || owner === scheduler) continue;
    const message = `${flag} is for the scheduler ${owner}, not for ${scheduler}`;
    findings.error([...path, 'flags', index], 'conflict', message);
  }
  return bits;
}

function lowerPersistence(
  { persistence }: ServiceFile,
  family: Family,
  path: Path,
  findings: Findings,
): Persistence | undefined {
  if (persistence === undefined) return undefined;
  const at = [...path, 'persistence'];
  const { timeout, netmask, engine } = persistence;
  const time = lowerDuration(
    timeout,
    DEFAULT_PERSISTENCE,
    PERSISTENCE_RANGE,
    [...at, 'timeout'],
    findings,
  );
  if (time % seconds(1) !== 0) {
    findings.error([...at, 'timeout'], 'range', 'the kernel counts whole seconds here');
  }
  const bits = addressBits(family);
  if ((netmask ?? bits) > bits) {
    findings.error([...at, 'netmask'], 'range', `a prefix length from 1 to ${bits} is possible`);
  }
  return { seconds: time / seconds(1), prefixLength: netmask ?? bits, engine };
}

function checkCombinations(service: Service, path: Path, findings: Findings): void {
  const { key, onePacket, persistence } = service;
  if (key.kind === 'mark') return;
  if (onePacket && key.protocol !== 'udp') {
    findings.error([...path, 'one_packet'], 'conflict', 'only udp can be scheduled by the packet');
  }
  if (key.port === 0 && persistence === undefined) {
    const message = 'port 0, every port, is only possible with "persistence"';
    findings.error([...path, 'address'], 'conflict', message);
  }
}
