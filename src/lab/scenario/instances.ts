/** The instances of a scenario's directors, checked against what each program supports. */
import { parseDuration } from '../../config/duration.ts';
import type { Findings, Path } from '../../config/finding.ts';
import { loadConfig } from '../../config/load.ts';
import { ip } from '../../net/address.ts';
import type { FrrOptions } from '../peers/frr.ts';
import type { KeepalivedOptions } from '../peers/keepalived.ts';
import { type AgentInstance, agentText } from '../peers/vrrp-agent.ts';
import { labLayout } from '../topology/layout.ts';
import { addressOfVip, type ScenarioNode, type WatchedRouter } from './inventory.ts';
import type { AgentName } from './names.ts';
import { peerLinkOf } from './peer-link.ts';
import type { NodeFile, ScenarioFile } from './schema.ts';

const DEFAULT_ADDRESS = '192.0.2.100/32';

/** Keys that the other programs support. */
const TRANSLATED: Readonly<Record<Exclude<AgentName, 'vrrp-agent'>, ReadonlySet<string>>> = {
  keepalived: new Set([
    ...['name', 'vrid', 'addresses', 'priority', 'version', 'advertisement_interval', 'preempt'],
    ...['authentication', 'unicast', 'virtual_mac'],
  ]),
  frr: new Set([
    ...['name', 'vrid', 'addresses', 'priority', 'version', 'advertisement_interval', 'preempt'],
  ]),
};

/** Keys that need no translation when they have this value: the other programs do this anyway. */
const DEFAULT_ELSEWHERE: Readonly<Record<string, unknown>> = {
  checksum: 'auto',
  accept: true,
  lease: 'auto',
};

export function instancesOf(file: ScenarioFile, node: NodeFile): AgentInstance[] {
  const shared = { ...file.instance, ...node.instance, priority: node.priority };
  const { routers } = file;
  if (routers === undefined) {
    const { vrid = 55, addresses = [DEFAULT_ADDRESS] } = shared;
    return [defined({ ...shared, name: 'web', vrid, addresses })];
  }
  return Array.from({ length: routers }, (_, at) =>
    defined({
      ...shared,
      name: `router-${at + 1}`,
      vrid: at + 1,
      addresses: [`203.0.113.${at + 1}/32`],
    }),
  );
}

/** The first address that clients can use: the first of an IPv6 router is link-local. */
export function watchedOf(nodes: readonly ScenarioNode[]): WatchedRouter {
  const first = nodes[0]?.instances[0];
  const addresses = (first?.addresses ?? [DEFAULT_ADDRESS]).map(addressOfVip);
  const address = addresses.find((one) => !one.startsWith('fe80:')) ?? addresses[0];
  return { vrid: first?.vrid ?? 55, address: address ?? ip('192.0.2.100') };
}

export function checkInstances(
  file: ScenarioFile,
  nodes: readonly ScenarioNode[],
  findings: Findings,
): void {
  for (const [path, keys] of instanceKeys(file)) {
    if (keys.priority !== undefined) {
      findings.error([...path, 'priority'], 'conflict', 'priority is a key of the node', 'key');
    }
    for (const key of ['vrid', 'addresses'] as const) {
      if (file.routers === undefined || keys[key] === undefined) continue;
      findings.error([...path, key], 'conflict', `"routers" sets ${key}`, 'key');
    }
  }
  for (const [at, node] of nodes.entries()) {
    const more = topLevelOf(file, at + 1);
    checkOne(node, node.agent, more, ['nodes', at], findings);
    for (const [index, agent] of (file.compare ?? []).entries()) {
      if (agent !== node.agent) checkOne(node, agent, more, ['compare', index], findings);
    }
  }
}

type TopLevel = Readonly<Record<string, unknown>>;

/** Directors count from 1. */
function topLevelOf({ peer_link: keys, nodes }: ScenarioFile, director: number): TopLevel {
  if (keys === undefined) return {};
  const { directors } = labLayout('x', nodes.length);
  const own = directors[director - 1];
  return own === undefined ? {} : { peer_link: peerLinkOf(keys, own, directors) };
}

function instanceKeys(file: ScenarioFile): (readonly [Path, NonNullable<NodeFile['instance']>])[] {
  const ofNodes = file.nodes.map((node, at) => [['nodes', at, 'instance'], node.instance] as const);
  const all = [[['instance'], file.instance] as const, ...ofNodes];
  return all.flatMap(([path, keys]) => (keys === undefined ? [] : [[path, keys] as const]));
}

function checkOne(
  node: ScenarioNode,
  agent: AgentName,
  more: TopLevel,
  path: Path,
  findings: Findings,
): void {
  if (agent === 'vrrp-agent') {
    const text = agentText({ instances: node.instances, more });
    const loaded = loadConfig(text, { hostName: node.name });
    const errors = loaded.ok ? [] : loaded.error;
    // 255 instances with the same keys have the same errors.
    for (const message of new Set(errors.slice(0, 5).map((one) => one.message))) {
      findings.error(path, 'conflict', `${node.name}: ${message}`);
    }
    return;
  }
  const [first] = node.instances;
  if (agent === 'frr' && node.instances.length > 1) {
    findings.error(path, 'conflict', 'the lab runs FRRouting with one virtual router only');
  }
  for (const [key, value] of Object.entries(first ?? {})) {
    if (TRANSLATED[agent].has(key) || DEFAULT_ELSEWHERE[key] === value) continue;
    findings.error(
      path,
      'conflict',
      `${node.name}: ${agent} does not support "${key}: ${String(value)}"`,
    );
  }
}

/** Drops undefined values: an optional key of `AgentInstance` must be absent, not undefined. */
function defined(instance: Record<string, unknown>): AgentInstance {
  const present = Object.entries(instance).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as AgentInstance;
}

export function keepalivedOptions(instance: AgentInstance): KeepalivedOptions {
  const { name, vrid, version, priority, preempt, authentication, unicast } = instance;
  return {
    addresses: instance.addresses.map(addressOfVip),
    intervalSeconds: intervalOf(instance) / 1_000_000,
    ...(name === undefined ? {} : { name }),
    ...(vrid === undefined ? {} : { vrid }),
    ...(version === undefined ? {} : { version }),
    ...(priority === undefined ? {} : { priority }),
    ...(preempt === false ? { nopreempt: true } : {}),
    ...(instance['virtual_mac'] === true ? { virtualMac: true } : {}),
    ...(authentication?.password === undefined ? {} : { password: authentication.password }),
    ...(unicast === undefined ? {} : { unicastPeers: unicast.peers.map(addressOfVip) }),
  };
}

export function frrOptions(instance: AgentInstance): FrrOptions {
  const { vrid, version, priority, preempt } = instance;
  return {
    addresses: instance.addresses.map(addressOfVip),
    intervalMilliseconds: intervalOf(instance) / 1_000,
    ...(vrid === undefined ? {} : { vrid }),
    ...(version === undefined ? {} : { version }),
    ...(priority === undefined ? {} : { priority }),
    ...(preempt === undefined ? {} : { preempt }),
  };
}

/** Microseconds. */
function intervalOf(instance: AgentInstance): number {
  return parseDuration(instance.advertisement_interval ?? '1s') ?? 1_000_000;
}
