import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../../../src/config/finding.ts';
import { describeExpectation } from '../../../../src/lab/scenario/expectations.ts';
import { loadScenario, loadScenarioFile } from '../../../../src/lab/scenario/load.ts';
import { peerLinkOf } from '../../../../src/lab/scenario/peer-link.ts';
import type { Scenario } from '../../../../src/lab/scenario/scenario.ts';
import { describeAction } from '../../../../src/lab/scenario/steps.ts';
import { witnessOf } from '../../../../src/lab/scenario/witness.ts';
import { labLayout } from '../../../../src/lab/topology/layout.ts';

const LIBRARY = new URL('../../../../config/scenarios/', import.meta.url);

const PAIR = `name: try
title: A try
nodes:
  - { name: lb1, priority: 150 }
  - { name: lb2, priority: 100 }
duration: 4s
`;

function errorsOf(text: string): string[] {
  const loaded = loadScenario(text);
  return loaded.ok ? [] : loaded.error.map((finding) => formatFinding('f', finding));
}

function loaded(text: string): Scenario {
  const result = loadScenario(text);
  if (!result.ok) throw new Error(errorsOf(text).join('\n'));
  return result.value;
}

describe('a small scenario', () => {
  const scenario = loaded(
    `${PAIR}steps: [{ at: 2s, kill: lb1 }, { at: 500ms, link_down: client }]\nexpect: [{ owner: lb1 }]`,
  );

  test('defaults to one router, an echo probe and 30 s to settle', () => {
    expect(scenario.nodes.map(({ agent, starts }) => [agent, starts])).toEqual([
      ['vrrp-agent', 'first'],
      ['vrrp-agent', 'first'],
    ]);
    expect(scenario.watched).toEqual({ vrid: 55, address: '192.0.2.100' });
    expect(scenario.probes).toEqual([
      { type: 'icmp', client: 'client', every: 1_000, address: '192.0.2.100' },
    ]);
    expect(scenario.settle).toBe(30_000_000);
  });

  test('has its steps ordered by time', () => {
    expect(scenario.steps.map(({ action }) => describeAction(action))).toEqual([
      'link down: client',
      'kill lb1',
    ]);
  });

  test('checks an expectation without a window over the whole run', () => {
    const [owner] = scenario.expectations;
    expect(owner).toMatchObject({ from: 0, to: 4_000_000 });
    expect(owner && describeExpectation(owner, scenario.duration)).toBe('owner lb1');
  });
});

test('255 routers have one VRID and one address each', () => {
  const scenario = loaded(`${PAIR}routers: 255\nsteps: []\nexpect: [{ owner: lb1 }]`);
  const instances = scenario.nodes[0]?.instances ?? [];
  expect(instances).toHaveLength(255);
  expect(instances.at(-1)).toMatchObject({ vrid: 255, addresses: ['203.0.113.255/32'] });
});

test('clients probe the global address of an IPv6 router', () => {
  const addresses = "instance: { addresses: ['fe80::55:1/64', '2001:db8::100/64'] }";
  const scenario = loaded(`${PAIR}${addresses}\nsteps: []\nexpect: [{ owner: lb1 }]`);
  expect(scenario.watched.address).toBe('2001:db8::100');
});

test('each of several clients has its own probes and expectations', () => {
  const scenario = loaded(
    `${PAIR}clients: 2\nsteps: [{ at: 1s, partition: { from: lb1, to: [lb2, client2] } }]\n` +
      'expect: [{ outage: { at_most: 1s }, client: client2 }, { arp_owner: lb1 }]',
  );
  expect(scenario.probes.map(({ type, client }) => [type, client])).toEqual([
    ['icmp', 'client'],
    ['icmp', 'client2'],
  ]);
  const words = scenario.expectations.map((one) => describeExpectation(one, scenario.duration));
  expect(words).toEqual(['icmp outage of client2 ≤ 1s', 'ARP owner lb1']);
});

describe('the second network', () => {
  const TWO = `${PAIR}networks: two\n`;
  const stepsOf = (text: string, head = TWO) =>
    loaded(`${head}steps:\n${text}expect: [{ owner: lb1 }]`).steps.map(({ action }) =>
      describeAction(action),
    );

  test('can be cut as the first one can', () => {
    const steps = stepsOf(
      [
        '  - { at: 1s, link_down: { node: lb1, network: peers } }',
        '  - { at: 2s, partition: { from: lb1, to: lb2, network: peers, one_way: true } }',
        '  - { at: 3s, isolate: { nodes: [lb1, lb2] } }',
        '  - { at: 3s, deaf: lb2 }',
        '',
      ].join('\n'),
    );
    expect(steps).toEqual([
      'link down: lb1 in the second network',
      'partition lb1 → lb2 in the second network',
      'isolate lb1+lb2',
      'deaf: lb2',
    ]);
  });

  test('has strangers who send datagrams to the peer link', () => {
    const flood = 'datagram: forged, from: lb1, to: lb2, per_second: 20000, for: 1s';
    expect(stepsOf(`  - { at: 1s, peer_flood: { ${flood} } }\n`)).toEqual([
      'peer flood: forged datagrams of lb1 to lb2, 20000/s for 1s',
    ]);
  });

  test('carries the peer link, which knows the other directors', () => {
    const { peerLink, hasGateway } = loaded(
      `${TWO}peer_link: { heartbeat: 50ms }\ngateway: client\nsteps: []\nexpect: [{ owner: lb1 }]`,
    );
    expect(hasGateway).toBe(true);
    const [own, ...others] = labLayout('x', 3).directors;
    if (peerLink === undefined || own === undefined) throw new Error('no peer link');
    expect(peerLinkOf(peerLink, own, [own, ...others])).toMatchObject({
      heartbeat: '50ms',
      source: '198.51.100.11',
      directors: [
        { name: 'lb2', address: '198.51.100.12' },
        { name: 'lb3', address: '198.51.100.13' },
      ],
    });
  });

  test('has a witness, whose machines are part of the network', () => {
    const file = `${TWO}peer_link: {}\nwitness: { etcd: 3, ttl: 2s }\n`;
    const { witness, steps } = loaded(
      `${file}steps: [{ at: 1s, partition: { from: [lb1, etcd], to: [lb2, etcd2, etcd3] } }, { at: 2s, hang: etcd }]\nexpect: [{ owner: lb1 }]`,
    );
    expect(steps.map(({ action }) => describeAction(action))).toEqual([
      'partition lb1+etcd ↔ lb2+etcd2+etcd3',
      'hang etcd',
    ]);
    const { witnesses } = labLayout('x', 2, true, 1, 3);
    expect(witness && witnessOf(witness, witnesses)).toEqual({
      etcd: {
        endpoints: ['http://192.0.2.61:2379', 'http://192.0.2.62:2379', 'http://192.0.2.63:2379'],
      },
      ttl: '2s',
    });
  });

  test.each<[string, string, string]>([
    ['a witness', 'witness: { etcd: 1 }\nsteps: []', 'directors with a witness need a peer link'],
    ['a peer link', 'peer_link: {}\nsteps: []', 'f:7:1: the peer link needs the second network'],
    [
      'a step',
      'steps: [{ at: 1s, link_down: { node: lb1, network: peers } }]',
      'this scenario has one network: add "networks: two"',
    ],
    [
      'a flood',
      'steps: [{ at: 1s, peer_flood: { datagram: garbage, from: lb1, to: lb1, per_second: 1, for: 1s } }]',
      'lb1 does not take datagrams from its own address',
    ],
  ])('is needed by %s', (_, text, message) => {
    const errors = errorsOf(`${PAIR}${text}\nexpect: [{ owner: lb1 }]`);
    expect(errors.some((one) => one.includes(message))).toBe(true);
  });

  test('carries a peer link as the configuration file has it', () => {
    const errors = errorsOf(
      `${TWO}peer_link: { heartbeat: 1ms }\nsteps: []\nexpect: [{ owner: lb1 }]`,
    );
    expect(errors).toEqual([expect.stringContaining('lb1: '), expect.stringContaining('lb2: ')]);
    expect(errors[0]).toContain('10ms to 5s');
  });

  test('has no clients', () => {
    const step = '{ at: 1s, partition: { from: lb1, to: client, network: peers } }';
    expect(errorsOf(`${TWO}steps: [${step}]\nexpect: [{ owner: lb1 }]`)).toEqual([
      expect.stringContaining('client is not connected to this network'),
    ]);
  });
});

describe('lost requests and events', () => {
  const conditionsOf = (text: string) =>
    loaded(`${PAIR}steps: []\nexpect: [${text}]`).expectations.map((one) =>
      describeExpectation(one, 4_000_000),
    );

  test('have limits in both ways of writing', () => {
    expect(
      conditionsOf('{ lost: 0 }, { lost: { at_most: 9 } }, { event: vrrp-path-lost }'),
    ).toEqual(['icmp requests lost = 0', 'icmp requests lost ≤ 9', 'event vrrp-path-lost ≥ 1']);
    expect(conditionsOf('{ event: { kind: stall, node: lb2, at_most: 0 } }')).toEqual([
      'event stall of lb2 ≤ 0',
    ]);
  });

  test('are of a probe and of a program that the scenario has', () => {
    const text = PAIR.replaceAll('}', ', agent: keepalived }');
    expect(
      errorsOf(
        `${text}steps: []\nexpect: [{ lost: { at_most: 1, probe: tcp } }, { event: stall }]`,
      ),
    ).toEqual([
      expect.stringContaining('this scenario has no probe of type tcp'),
      expect.stringContaining('no vrrp-agent runs in this scenario: none reports events'),
    ]);
  });
});

describe('every error of a file is reported with its position', () => {
  test.each<[string, string, string[]]>([
    [
      'unknown keys, with a suggestion',
      'steps: [{ at: 1s, kil: lb1 }]\nexpect: [{ ownr: lb1 }]',
      [
        'f:7:19: unknown key "kil": did you mean "kill"?',
        'f:8:12: unknown key "ownr": did you mean "owner"?',
      ],
    ],
    [
      'machines that the scenario does not have',
      'steps: [{ at: 1s, kill: lb3 }]\nexpect: [{ owner: lb4 }]',
      ['f:7:25: this scenario has no lb3', 'f:8:19: this scenario has no lb4'],
    ],
    [
      'steps with no action, or with two',
      'steps:\n  - { at: 1s }\n  - { at: 1s, kill: lb1, stop: lb2 }\nexpect: [{ owner: lb1 }]',
      [
        'f:8:5: this step has no action: add one, such as "kill: lb1"',
        'f:9:5: a step has one action, this one has kill and stop',
      ],
    ],
    [
      'times after the end',
      'steps: [{ at: 5s, kill: lb1 }]\nexpect: [{ owner: lb1, from: 3s, to: 2s }]',
      [
        'f:7:15: expected a duration between 0 ms and 4 s, found "5s"',
        'f:8:38: "to" is before "from"',
      ],
    ],
    [
      'durations without a unit',
      'steps: [{ at: 1, kill: lb1 }]\nexpect: [{ outage: { at_most: 5 } }]',
      [
        'f:7:15: a duration needs a unit: write 1s or 1ms',
        'f:8:31: a duration needs a unit: write 5s or 5ms',
      ],
    ],
    [
      'empty limits, and a stream without a probe',
      'steps: []\nexpect: [{ outage: {} }, { stream: survives }]',
      [
        'f:8:20: expected at_most, at_least, or both',
        'f:8:36: this scenario has no probe of type stream',
      ],
    ],
    [
      'unknown clients, and clients of expectations that are the same for all',
      'clients: 2\nprobes: [{ type: icmp, from: client3 }, { type: udp }, { type: udp }]\n' +
        'steps: [{ at: 1s, link_down: client4 }]\nexpect:\n' +
        '  - { outage: { at_most: 1s }, client: client2 }\n  - { owner: lb1, client: client2 }',
      [
        'f:8:30: this scenario has no client3',
        'f:8:64: client already has a probe of type udp',
        'f:9:30: this scenario has no client4',
        'f:11:15: this scenario has no probe from client2',
        'f:12:19: owner is the same for all clients',
      ],
    ],
    [
      'instance keys that the agent refuses',
      'instance: { advertisement_interval: 15ms }\nsteps: []\nexpect: [{ owner: lb1 }]',
      [expect.stringContaining('f:4:5: lb1: ') as unknown as string, expect.anything() as never],
    ],
    [
      'instance keys that other programs do not support',
      'compare: [keepalived]\ninstance: { preempt_delay: 1s }\nsteps: []\nexpect: [{ owner: lb1 }]',
      [
        'f:7:11: lb1: keepalived does not support "preempt_delay: 1s"',
        'f:7:11: lb2: keepalived does not support "preempt_delay: 1s"',
      ],
    ],
  ])('%s', (_, rest, expected) => {
    expect(errorsOf(PAIR + rest)).toEqual(expected);
  });

  test('a vrrp-agent command on a director that runs another program', () => {
    const text = PAIR.replace('priority: 150', 'priority: 150, agent: frr');
    expect(errorsOf(`${text}steps: [{ at: 1s, failover: lb1 }]\nexpect: [{ owner: lb1 }]`)).toEqual(
      ['f:7:29: frr, which runs on lb1, has no such command'],
    );
  });

  test('directors out of order', () => {
    const text = PAIR.replace('lb2', 'lb3');
    expect(errorsOf(`${text}steps: []\nexpect: [{ owner: lb1 }]`)).toEqual([
      'f:5:13: list directors in order: this one must be lb2',
    ]);
  });
});

describe('the library', () => {
  const files = readdirSync(LIBRARY).filter((name) => name.endsWith('.yaml'));

  test.each(files)('%s is valid and has a story and references', (file) => {
    const path = new URL(file, LIBRARY).pathname;
    const result = loadScenarioFile(path);
    if (!result.ok) throw new Error(result.error.map((one) => formatFinding(file, one)).join('\n'));
    expect(`${result.value.name}.yaml`).toBe(file);
    expect(result.value.story.length).toBeGreaterThan(80);
    expect(result.value.references.length).toBeGreaterThan(0);
    expect(readFileSync(path, 'utf8')).toMatch(/^# yaml-language-server: \$schema=/);
  });

  test('shows at least twenty failures', () => {
    expect(files.length).toBeGreaterThanOrEqual(20);
  });
});
