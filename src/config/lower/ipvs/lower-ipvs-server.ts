/** The servers of one service of the file, and what looks at them. */
import { familyOf } from '../../../net/address.ts';
import { endpointName, type Server, type ServiceKey, type Tunnel } from '../../../net/ipvs.ts';
import type { ServerProbe } from '../../../net/probe.ts';
import type { Findings, Path } from '../../finding.ts';
import type { ServerFile, ServiceFile, TunnelFile } from '../../schema/ipvs-schema.ts';
import { describeValue } from '../../text/value-text.ts';
import { parseAddressAndPort } from '../lower-endpoint.ts';
import { lowerCheck, lowerWeightFrom } from './lower-check.ts';

type ServerMapping = Exclude<ServerFile, string>;

export interface LoweredServer {
  readonly server: Server;
  readonly check: ServerProbe | undefined;
  readonly weight: ServerProbe | undefined;
}

export function lowerServers(
  file: ServiceFile,
  key: ServiceKey,
  path: Path,
  findings: Findings,
): LoweredServer[] {
  const names = new Set<string>();
  return file.servers.flatMap((entry, index): LoweredServer[] => {
    const at = [...path, 'servers', index];
    const values = typeof entry === 'string' ? { address: entry } : entry;
    const server = lowerServer(values, file, key, at, findings);
    if (server === undefined) return [];
    const name = endpointName(server);
    if (names.has(name)) findings.error(at, 'conflict', `${name} is in this service already`);
    names.add(name);
    return [{ server, ...lowerProbes(server, values, file, { path, at, findings }) }];
  });
}

/** What a server says itself replaces what the service says, as a whole. */
function lowerProbes(
  server: Server,
  own: ServerMapping,
  service: ServiceFile,
  { path, at, findings }: { readonly path: Path; readonly at: Path; readonly findings: Findings },
): Omit<LoweredServer, 'server'> {
  const placeOf = (key: 'check' | 'weight_from') => ({
    server,
    path: [...(own[key] === undefined ? path : at), key],
    findings,
  });
  const from = own.weight_from ?? service.weight_from;
  return {
    check: lowerCheck(own.check ?? service.check, placeOf('check')),
    weight: lowerWeightFrom(from === 'file' ? undefined : from, placeOf('weight_from')),
  };
}

export function lowerServer(
  values: ServerMapping,
  file: Pick<ServiceFile, 'forwarding' | 'tunnel'>,
  key: ServiceKey,
  path: Path,
  findings: Findings,
): Server | undefined {
  const endpoint = parseAddressAndPort(values.address);
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
