/**
 * Compares the configurations of two directors: what has to be equal, what must not be, and what of the
 * hosts should be. Which keys of an instance have to be equal is what the peer link compares as well. Pure.
 */
import type { ConfigFile } from '../../config/schema/schema.ts';
import { matching, SHARED_KEYS, type SharedKey } from '../../protocol/engine/shared-keys.ts';
import type { ConfigurationDocument, Effective } from './configuration-document.ts';
import type { Both, ConfigurationFinding } from './finding.ts';
import { hostFindings } from './host-rules.ts';

type Instance = Effective['instances'][number];
type Ipvs = NonNullable<ConfigFile['ipvs']>;
type Service = NonNullable<Ipvs['services']>[number];

/** `now`: when the other document arrived, in milliseconds; undefined: it is older. */
export function compareDirectors(
  here: ConfigurationDocument,
  there: ConfigurationDocument,
  now: number | undefined,
): ConfigurationFinding[] {
  const of = { here: here.configuration, there: there.configuration };
  return [
    ...different('router', { here: here.router, there: there.router }),
    ...instanceFindings(of),
    ...groupFindings(of),
    ...peerLinkFindings(of),
    ...ipvsFindings(of),
    ...hostFindings(here, there, now),
  ];
}

/** What counts of each key. The password is masked: only its type can be compared. */
const SHARED: { readonly [Key in SharedKey]: (of: Instance) => unknown } = {
  vrid: ({ vrid, addresses }) => [vrid, familyOf(addresses)],
  version: ({ version = 3 }) => version,
  advertisement_interval: ({ advertisement_interval: interval }) => interval,
  addresses: ({ addresses }) => addressList(addresses),
  extra_addresses: ({ extra_addresses: extra = [] }) => addressList(extra),
  authentication: ({ authentication }) => authentication?.type ?? 'none',
  accept: ({ accept = true }) => accept,
  virtual_mac: ({ virtual_mac: virtual = false }) => virtual !== false,
  unicast: ({ unicast }) => unicast !== undefined,
  witness: ({ witness = false }) => witness,
};

function instanceFindings({ here, there }: Both<Effective>): ConfigurationFinding[] {
  const others = there.instances.map(identified);
  const left = new Set(others);
  const findings: ConfigurationFinding[] = [];
  for (const own of here.instances) {
    const path = `instances.${own.name}`;
    const other = matching(identified(own), others);
    if (other === undefined) findings.push(error(path, 'only-here', own.name, null));
    else {
      left.delete(other);
      findings.push(...pairFindings(path, { here: own, there: other.instance }));
    }
  }
  const missing = [...left].map(({ name }) => error(`instances.${name}`, 'only-there', null, name));
  return [...findings, ...missing];
}

function identified(instance: Instance) {
  const { name, vrid, addresses } = instance;
  return { name, vrid, family: familyOf(addresses), instance };
}

function pairFindings(path: string, { here, there }: Both<Instance>): ConfigurationFinding[] {
  const shared = SHARED_KEYS.flatMap((key) =>
    equal(`${path}.${key}`, { here: SHARED[key](here), there: SHARED[key](there) }),
  );
  const groups = { here: here.multicast_group, there: there.multicast_group };
  const sources = { here: here.source_address, there: there.source_address };
  return [
    ...shared,
    ...equal(`${path}.multicast_group`, groups),
    ...different(`${path}.priority`, { here: here.priority, there: there.priority }),
    ...(sources.here === undefined ? [] : different(`${path}.source_address`, sources)),
    ...unicastFindings(path, { here: here.unicast, there: there.unicast }),
  ];
}

/** Each has to send to the other. */
function unicastFindings(
  path: string,
  { here, there }: Both<Instance['unicast']>,
): ConfigurationFinding[] {
  if (here === undefined || there === undefined) return [];
  const addresses = ({ peers = [] }: NonNullable<Instance['unicast']>) =>
    peers.map((peer) => (typeof peer === 'string' ? peer : peer.address));
  return [
    ...different(`${path}.unicast.source`, { here: here.source, there: there.source }),
    ...mutual(`${path}.unicast.peers`, addresses(here), there.source),
    ...mutual(`${path}.unicast.peers`, addresses(there), here.source, 'there'),
  ];
}

function groupFindings({ here, there }: Both<Effective>): ConfigurationFinding[] {
  const groups = ({ sync_groups: list = [] }: Effective) =>
    new Map(
      list.map(({ name, instances, mode = 'all' }) => [
        name,
        { instances: [...instances].sort(), mode },
      ]),
    );
  return byName('sync_groups', { here: groups(here), there: groups(there) });
}

function peerLinkFindings({ here, there }: Both<Effective>): ConfigurationFinding[] {
  const links = { here: here.peer_link, there: there.peer_link };
  if (links.here === undefined || links.there === undefined) {
    return equal('peer_link', { here: links.here !== undefined, there: links.there !== undefined });
  }
  const [own, other] = [links.here, links.there];
  const addresses = ({ directors = [] }: typeof own) => directors.map(({ address }) => address);
  return [
    ...equal('peer_link.port', { here: own.port, there: other.port }),
    ...equal('peer_link.heartbeat', { here: own.heartbeat, there: other.heartbeat }, 'warning'),
    ...equal('peer_link.dead_after', { here: own.dead_after, there: other.dead_after }, 'warning'),
    ...different('peer_link.source', { here: own.source, there: other.source }),
    ...mutual('peer_link.directors', addresses(own), other.source),
    ...mutual('peer_link.directors', addresses(other), own.source, 'there'),
  ];
}

/** Of the daemons: with these unequal, no connection arrives. */
const SYNC_KEYS = ['sync_id', 'group', 'port', 'mode'] as const;

function ipvsFindings({ here, there }: Both<Effective>): ConfigurationFinding[] {
  const of = { here: here.ipvs, there: there.ipvs };
  if (of.here === undefined || of.there === undefined) {
    return equal('ipvs', { here: of.here !== undefined, there: of.there !== undefined });
  }
  const both = { here: of.here, there: of.there };
  const services = ({ services: list = [] }: Ipvs) =>
    new Map(list.map((one) => [one.name ?? '', balanced(one)]));
  const checks = ({ services: list = [] }: Ipvs) =>
    new Map(list.map((one) => [one.name ?? '', checked(one)]));
  const names = (one: Ipvs) => [...services(one).keys()];
  const shared = names(both.here).filter((name) => names(both.there).includes(name));
  return [
    ...byName('ipvs.services', { here: services(both.here), there: services(both.there) }),
    ...shared.flatMap((name) =>
      equal(
        `ipvs.services.${name}.checks`,
        { here: checks(both.here).get(name), there: checks(both.there).get(name) },
        'warning',
      ),
    ),
    ...equal('ipvs.sysctl', { here: both.here.sysctl ?? {}, there: both.there.sysctl ?? {} }),
    ...equal('ipvs.timeouts', { here: both.here.timeouts ?? {}, there: both.there.timeouts ?? {} }),
    ...syncFindings(both),
  ];
}

function syncFindings({ here, there }: Both<Ipvs>): ConfigurationFinding[] {
  const of = { here: here.sync, there: there.sync };
  if (of.here === undefined || of.there === undefined) {
    return equal('ipvs.sync', { here: of.here !== undefined, there: of.there !== undefined });
  }
  const [own, other] = [of.here, of.there];
  return SYNC_KEYS.flatMap((key) =>
    equal(`ipvs.sync.${key}`, { here: own[key], there: other[key] }),
  );
}

/** What decides to which server a connection goes. */
function balanced({ servers = [], ...service }: Service): unknown {
  const { address, protocol, fwmark, family, scheduler, flags, one_packet, persistence } = service;
  return {
    ...{ address, protocol, fwmark, family, scheduler, flags, one_packet, persistence },
    servers: servers.map((server) => (typeof server === 'string' ? server : withoutChecks(server))),
  };
}

function withoutChecks(server: object): object {
  const { check, weight_from, notify, ...rest } = server as Record<string, unknown>;
  return rest;
}

function checked(service: Service): unknown {
  const { servers = [], on_failure, min_servers, fallback, require, quorum } = service;
  const checks = servers.map((server) => (typeof server === 'string' ? null : server.check));
  return { checks, on_failure, min_servers, fallback, require, quorum };
}

function byName(path: string, { here, there }: Both<ReadonlyMap<string, unknown>>) {
  const names = [...new Set([...here.keys(), ...there.keys()])];
  return names.flatMap((name): ConfigurationFinding[] => {
    const place = `${path}.${name}`;
    if (!there.has(name)) return [error(place, 'only-here', name, null)];
    if (!here.has(name)) return [error(place, 'only-there', null, name)];
    return equal(place, { here: here.get(name), there: there.get(name) });
  });
}

export function equal(
  path: string,
  { here, there }: Both<unknown>,
  level: ConfigurationFinding['level'] = 'error',
): ConfigurationFinding[] {
  if (JSON.stringify(sorted(here)) === JSON.stringify(sorted(there))) return [];
  return [{ level, path, rule: 'equal', here: here ?? null, there: there ?? null }];
}

function different(path: string, { here, there }: Both<unknown>): ConfigurationFinding[] {
  return here === there ? [error(path, 'different', here ?? null, there ?? null)] : [];
}

function mutual(
  path: string,
  list: readonly string[],
  wanted: string | undefined,
  side: keyof Both<unknown> = 'here',
): ConfigurationFinding[] {
  if (wanted === undefined || list.includes(wanted)) return [];
  const [here, there] = side === 'here' ? [list, wanted] : [wanted, list];
  return [error(path, 'mutual', here, there)];
}

function error(
  path: string,
  rule: ConfigurationFinding['rule'],
  here: unknown,
  there: unknown,
): ConfigurationFinding {
  return { level: 'error', path, rule, here, there };
}

/** The order of keys says nothing; that of a list does. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value ?? null;
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}

function familyOf(addresses: Instance['addresses']): string {
  return addressList(addresses)[0]?.includes(':') === true ? 'ipv6' : 'ipv4';
}

function addressList(addresses: NonNullable<Instance['extra_addresses']>): string[] {
  return addresses.map((one) => (typeof one === 'string' ? one : one.address));
}
