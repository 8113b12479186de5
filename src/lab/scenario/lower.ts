/** From the parsed file to a scenario, with the checks that a schema cannot express. */
import type { Findings, Path } from '../../config/finding.ts';
import { witnessNames } from '../topology/layout.ts';
import { lowerExpectation } from './expectations.ts';
import { checkInstances, instancesOf, watchedOf } from './instances.ts';
import {
  addressOfVip,
  durationAt,
  type Inventory,
  type ProbeType,
  type ScenarioNode,
  SECOND,
  vipAt,
} from './inventory.ts';
import { CLIENT_NAME, clientNames } from './names.ts';
import type { Scenario, ScenarioProbe } from './scenario.ts';
import type { NodeFile, ProbeFile, ScenarioFile } from './schema.ts';
import { lowerStep } from './steps.ts';

const DURATION_MAX = 3_600 * SECOND;
/** Ten years: the kernel refuses offsets beyond some 290. */
const UPTIME_MAX = 87_600 * 3_600 * SECOND;
const DEFAULT_INTERVAL: Readonly<Record<ProbeType, number>> = {
  icmp: 1_000,
  tcp: 10_000,
  udp: 1_000,
  stream: 1_000,
};

const STARTS = { true: 'first', after: 'after', false: 'by-step' } as const;

/** Usable only if `findings` has no errors afterwards. */
export function lowerScenario(file: ScenarioFile, findings: Findings): Scenario {
  const duration = durationAt(file.duration, ['duration'], findings, [1, DURATION_MAX]);
  const nodes = lowerNodes(file, findings);
  checkInstances(file, nodes, findings);
  if (file.peer_link !== undefined && file.networks !== 'two') {
    const message = 'the peer link needs the second network: add "networks: two"';
    findings.error(['peer_link'], 'conflict', message, 'key');
  }
  if (file.witness !== undefined && file.peer_link === undefined) {
    const message = 'directors with a witness need a peer link: add "peer_link: {}"';
    findings.error(['witness'], 'conflict', message, 'key');
  }
  const watched = watchedOf(nodes);
  const addresses = new Set(
    nodes.flatMap(({ instances }) => instances.flatMap((one) => one.addresses.map(addressOfVip))),
  );
  const clients = clientNames(file.clients ?? 1);
  const files: readonly ProbeFile[] =
    file.probes ?? clients.map((from) => ({ type: 'icmp' as const, from }));
  const inventory: Inventory = {
    nodes,
    machines: new Set([
      ...nodes.map(({ name }) => name),
      ...clients,
      ...witnessNames(file.witness?.etcd ?? 0),
    ]),
    clients,
    hasPeerNetwork: file.networks === 'two',
    addresses,
    watched,
    probes: files.map(({ type, from = CLIENT_NAME }) => ({ type, client: from })),
    duration,
  };
  const probes = files.map((one, at) => lowerProbe(one, ['probes', at], inventory, findings));
  const steps = file.steps.map((one, at) => lowerStep(one, ['steps', at], inventory, findings));
  const expectations = file.expect.map((one, at) =>
    lowerExpectation(one, ['expect', at], inventory, findings),
  );
  return {
    name: file.name,
    title: file.title,
    story: (file.story ?? '').trim(),
    references: file.references ?? [],
    hasPeerNetwork: inventory.hasPeerNetwork,
    peerLink: file.peer_link,
    witness: file.witness,
    hasGateway: file.gateway !== undefined,
    nodes,
    clients,
    probes,
    watched,
    compare: file.compare ?? [],
    settle: durationAt(file.settle ?? '30s', ['settle'], findings, [0, 600 * SECOND]),
    duration,
    steps: steps.flatMap((one) => one ?? []).sort((a, b) => a.at - b.at),
    expectations: expectations.flatMap((one) => one ?? []),
  };
}

function lowerNodes(file: ScenarioFile, findings: Findings): ScenarioNode[] {
  return file.nodes.map((node, at) => {
    if (node.name !== `lb${at + 1}`) {
      const message = `list directors in order: this one must be lb${at + 1}`;
      findings.error(['nodes', at, 'name'], 'conflict', message);
    }
    return lowerNode(file, node, ['nodes', at], findings);
  });
}

function lowerNode(
  file: ScenarioFile,
  node: NodeFile,
  path: Path,
  findings: Findings,
): ScenarioNode {
  const { uptime } = node;
  return {
    name: node.name,
    agent: node.agent ?? 'vrrp-agent',
    priority: node.priority,
    starts: STARTS[String(node.start ?? true) as keyof typeof STARTS],
    instances: instancesOf(file, node),
    ...(uptime === undefined
      ? {}
      : { uptime: durationAt(uptime, [...path, 'uptime'], findings, [SECOND, UPTIME_MAX]) }),
  };
}

function lowerProbe(
  file: ProbeFile,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): ScenarioProbe {
  const { type, from = CLIENT_NAME } = file;
  const every =
    file.every === undefined
      ? DEFAULT_INTERVAL[type]
      : durationAt(file.every, [...path, 'every'], findings, [1_000, SECOND]);
  if (!inventory.clients.includes(from)) {
    findings.error([...path, 'from'], 'conflict', `this scenario has no ${from}`);
  }
  const first = inventory.probes.findIndex((one) => one.type === type && one.client === from);
  if (first !== Number(path[1])) {
    const message = `${from} already has a probe of type ${type}`;
    findings.error([...path, 'type'], 'conflict', message);
  }
  return {
    type,
    client: from,
    every,
    address: vipAt(file.address, [...path, 'address'], inventory, findings),
  };
}
