/** One service of the file, with its servers. */
import { addressBits, type Family, familyOf, type IpAddress, parseIp } from '../net/address.ts';
import {
  endpointName,
  type Persistence,
  type Server,
  type Service,
  type ServiceKey,
  type Tunnel,
} from '../net/ipvs.ts';
import { seconds } from '../net/time.ts';
import type { Findings, Path } from './finding.ts';
import type { ServerFile, ServiceFile, TunnelFile } from './ipvs-schema.ts';
import type { ServiceSettings } from './ipvs-settings.ts';
import { lowerDuration } from './lower-timing.ts';
import { describeValue } from './value-text.ts';

type ServerMapping = Exclude<ServerFile, string>;

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
  return {
    name: file.name,
    service,
    servers: lowerServers(file, key, path, findings),
    require: file.require,
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
  const endpoint = parseEndpoint(text ?? '');
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

/** The port is undefined where there is none. */
function parseEndpoint(
  text: string,
): { readonly address: IpAddress; readonly port: number | undefined } | undefined {
  const plain = parseIp(text);
  if (plain !== undefined) return { address: plain, port: undefined };
  const parts = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::([0-9]{1,5}))?$/.exec(text);
  const [, inBrackets, bare, digits] = parts ?? [];
  const address = parseIp(inBrackets ?? bare ?? '');
  const port = digits === undefined ? undefined : Number(digits);
  if (address === undefined || (port ?? 0) > 65_535) return undefined;
  if ((inBrackets !== undefined) !== (familyOf(address) === 'ipv6')) return undefined;
  return { address, port };
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

function lowerServers(
  file: ServiceFile,
  key: ServiceKey,
  path: Path,
  findings: Findings,
): Server[] {
  const names = new Set<string>();
  return file.servers.flatMap((entry, index): Server[] => {
    const at = [...path, 'servers', index];
    const values = typeof entry === 'string' ? { address: entry } : entry;
    const server = lowerServer(values, file, key, at, findings);
    if (server === undefined) return [];
    const name = endpointName(server);
    if (names.has(name)) findings.error(at, 'conflict', `${name} is in this service already`);
    names.add(name);
    return [server];
  });
}

function lowerServer(
  values: ServerMapping,
  file: ServiceFile,
  key: ServiceKey,
  path: Path,
  findings: Findings,
): Server | undefined {
  const endpoint = parseEndpoint(values.address);
  if (endpoint === undefined) {
    const message = `expected an IP address with or without a port, found ${describeValue(values.address)}`;
    findings.error(path, 'type', message);
    return undefined;
  }
  const forwarding = values.forwarding ?? file.forwarding ?? 'nat';
  const servicePort = key.kind === 'address' ? key.port : 0;
  const port = endpoint.port ?? servicePort;
  if (forwarding !== 'nat' && port !== servicePort) {
    const message = `${forwarding} cannot change the port: ${servicePort} is the service's`;
    findings.error(path, 'conflict', message);
  }
  if (forwarding !== 'tun' && familyOf(endpoint.address) !== key.family) {
    findings.error(path, 'conflict', `only tun can reach a server of another family`);
  }
  const { upper_threshold: upper = 0, lower_threshold: lower = 0 } = values;
  if (lower > upper) {
    const message = `must not be more than upper_threshold, which is ${upper}`;
    findings.error([...path, 'lower_threshold'], 'conflict', message);
  }
  return {
    address: endpoint.address,
    port,
    forwarding,
    weight: values.weight ?? 1,
    upperThreshold: upper,
    lowerThreshold: lower,
    tunnel:
      forwarding === 'tun' ? lowerTunnel(values.tunnel ?? file.tunnel, path, findings) : undefined,
  };
}

function lowerTunnel(
  tunnel: TunnelFile | undefined,
  path: Path,
  findings: Findings,
): Tunnel | undefined {
  if (tunnel === undefined) return undefined;
  const { type = 'ipip', port, checksum = 'none' } = tunnel;
  if ((type === 'gue') !== (port !== undefined)) {
    findings.error(path, 'conflict', 'gue needs a port, and only gue has one');
  }
  return { type, port: port ?? 0, checksum };
}
