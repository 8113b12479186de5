/** What the file says about servers that fail. */

import { endpointName, type Server, type ServiceKey } from '../../../net/ipvs.ts';
import type { ServerProbe } from '../../../net/probe.ts';
import type { InstanceSettings, TrackSettings } from '../../../protocol/engine/settings.ts';
import type { Findings, Path } from '../../finding.ts';
import {
  type HealthSettings,
  type MinimumSettings,
  minimumProbe,
  type ServiceSettings,
} from '../../ipvs-settings.ts';
import type { ServiceFile } from '../../schema/ipvs-schema.ts';
import { type LoweredServer, lowerServer } from './lower-ipvs-server.ts';

export function lowerHealth(
  file: ServiceFile,
  key: ServiceKey,
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): HealthSettings {
  return {
    checks: recordOf(servers, ({ check }) => check),
    weights: recordOf(servers, ({ weight }) => weight),
    onFailure: file.on_failure ?? 'quiesce',
    fallback: lowerFallback(file, key, servers, path, findings),
    minimum: lowerMinimum(file, servers, path, findings),
  };
}

function recordOf(
  servers: readonly LoweredServer[],
  probeOf: (server: LoweredServer) => ServerProbe | undefined,
): Record<string, ServerProbe> {
  return Object.fromEntries(
    servers.flatMap((one): [string, ServerProbe][] => {
      const probe = probeOf(one);
      return probe === undefined ? [] : [[endpointName(one.server), probe]];
    }),
  );
}

function lowerFallback(
  { fallback, ...file }: ServiceFile,
  key: ServiceKey,
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): Server | undefined {
  if (fallback === undefined) return undefined;
  const at = [...path, 'fallback'];
  const values = typeof fallback === 'string' ? { address: fallback } : fallback;
  const server = lowerServer(values, file, key, at, findings);
  if (server === undefined) return undefined;
  const name = endpointName(server);
  if (servers.some(({ server: one }) => endpointName(one) === name)) {
    findings.error(at, 'conflict', `${name} is one of the servers: a fallback is another one`);
  }
  if (server.weight === 0) {
    findings.error([...at, 'weight'], 'range', 'a weight of 0 would get no connections');
  }
  return server;
}

function lowerMinimum(
  { min_servers: file, require }: ServiceFile,
  servers: readonly LoweredServer[],
  path: Path,
  findings: Findings,
): MinimumSettings | undefined {
  if (file === undefined) return undefined;
  const at = [...path, 'min_servers'];
  const { count, weight } = typeof file === 'number' ? { count: file, weight: undefined } : file;
  if (require === undefined) {
    const message = '"require" must say which instance needs the servers';
    findings.error(at, 'missing', message, 'key');
  }
  if (count > servers.length) {
    const message = `the service has ${servers.length} servers: there are never ${count}`;
    findings.error(at, 'range', message);
  }
  if (weight !== undefined && weight >= 0) {
    const message = 'must be negative; leave it out for FAULT';
    findings.error([...at, 'weight'], 'range', message);
  }
  return { count, weight };
}

/** An instance tracks whether the services that it is required for have enough servers. */
export function trackMinimums(
  instances: readonly InstanceSettings[],
  services: readonly ServiceSettings[],
): InstanceSettings[] {
  return instances.map((instance) => {
    const tracks = services.flatMap(({ name, require, health: { minimum } }): TrackSettings[] => {
      if (require !== instance.name || minimum === undefined) return [];
      const source = { kind: 'ipvs', probe: minimumProbe(name), init: 'wait' } as const;
      return [{ name: `ipvs:${name}`, weight: minimum.weight, source }];
    });
    return tracks.length === 0 ? instance : { ...instance, track: [...instance.track, ...tracks] };
  });
}
