/** From the file to a scenario: what a schema cannot say is checked here. */
import type { Findings, Path } from '../../config/finding.ts';
import { type Cast, durationAt, SECOND, vipAt } from './cast.ts';
import { addressOfVip, checkInstances, instancesOf, watchedOf } from './instances.ts';
import { lowerExpectation } from './lower-expectation.ts';
import { lowerStep } from './lower-step.ts';
import { CLIENT_NAME, clientNames } from './names.ts';
import type { ProbeType, Scenario, ScenarioNode, ScenarioProbe } from './scenario.ts';
import type { NodeFile, ProbeFile, ScenarioFile } from './schema.ts';

const DURATION_MAX = 3_600 * SECOND;
const EVERY: Readonly<Record<ProbeType, number>> = {
  icmp: 1_000,
  tcp: 10_000,
  udp: 1_000,
  stream: 1_000,
};

const STARTS = { true: 'first', after: 'after', false: 'by-step' } as const;

/** Only to be used when `findings` holds no errors afterwards. */
export function lowerScenario(file: ScenarioFile, findings: Findings): Scenario {
  const duration = durationAt(file.duration, ['duration'], findings, [1, DURATION_MAX]);
  const nodes = lowerNodes(file, findings);
  checkInstances(file, nodes, findings);
  const watched = watchedOf(nodes);
  const addresses = new Set(
    nodes.flatMap(({ instances }) => instances.flatMap((one) => one.addresses.map(addressOfVip))),
  );
  const clients = clientNames(file.clients ?? 1);
  const files: readonly ProbeFile[] =
    file.probes ?? clients.map((from) => ({ type: 'icmp' as const, from }));
  const cast: Cast = {
    nodes,
    machines: new Set([...nodes.map(({ name }) => name), ...clients]),
    clients,
    addresses,
    watched,
    probes: files.map(({ type, from = CLIENT_NAME }) => ({ type, client: from })),
    duration,
  };
  const probes = files.map((one, at) => lowerProbe(one, ['probes', at], cast, findings));
  const steps = file.steps.map((one, at) => lowerStep(one, ['steps', at], cast, findings));
  const expectations = file.expect.map((one, at) =>
    lowerExpectation(one, ['expect', at], cast, findings),
  );
  return {
    name: file.name,
    title: file.title,
    story: (file.story ?? '').trim(),
    references: file.references ?? [],
    hasPeerNetwork: file.networks === 'two',
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
      const message = `directors are listed in order: this one has to be lb${at + 1}`;
      findings.error(['nodes', at, 'name'], 'conflict', message);
    }
    return lowerNode(file, node);
  });
}

function lowerNode(file: ScenarioFile, node: NodeFile): ScenarioNode {
  return {
    name: node.name,
    agent: node.agent ?? 'vrrp-agent',
    priority: node.priority,
    starts: STARTS[String(node.start ?? true) as keyof typeof STARTS],
    instances: instancesOf(file, node),
  };
}

function lowerProbe(file: ProbeFile, path: Path, cast: Cast, findings: Findings): ScenarioProbe {
  const { type, from = CLIENT_NAME } = file;
  const every =
    file.every === undefined
      ? EVERY[type]
      : durationAt(file.every, [...path, 'every'], findings, [1_000, SECOND]);
  if (!cast.clients.includes(from)) {
    findings.error([...path, 'from'], 'conflict', `there is no ${from} in this scenario`);
  }
  const first = cast.probes.findIndex((one) => one.type === type && one.client === from);
  if (first !== Number(path[1])) {
    const message = `${from} has a probe of type ${type} already`;
    findings.error([...path, 'type'], 'conflict', message);
  }
  return {
    type,
    client: from,
    every,
    address: vipAt(file.address, [...path, 'address'], cast, findings),
  };
}
