import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatFinding } from '../../../../src/config/finding.ts';
import { loadScenario, loadScenarioFile } from '../../../../src/lab/scenario/load.ts';
import type { Scenario } from '../../../../src/lab/scenario/scenario.ts';
import { describeAction, describeExpectation } from '../../../../src/lab/scenario/wording.ts';

const LIBRARY = new URL('../../../../config/scenarios/', import.meta.url);

const PAIR = `name: try
title: A try
nodes:
  - { name: lb1, priority: 150 }
  - { name: lb2, priority: 100 }
duration: 4s
`;

function complaints(text: string): string[] {
  const loaded = loadScenario(text);
  return loaded.ok ? [] : loaded.error.map((finding) => formatFinding('f', finding));
}

function loaded(text: string): Scenario {
  const result = loadScenario(text);
  if (!result.ok) throw new Error(complaints(text).join('\n'));
  return result.value;
}

describe('a small scenario', () => {
  const scenario = loaded(
    `${PAIR}steps: [{ at: 2s, kill: lb1 }, { at: 500ms, link_down: client }]\nexpect: [{ owner: lb1 }]`,
  );

  test('gets one router, an echo probe, and the time to settle', () => {
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

  test('has its steps in the order of time', () => {
    expect(scenario.steps.map(({ action }) => describeAction(action))).toEqual([
      'link down: client',
      'kill lb1',
    ]);
  });

  test('expects for all of its time what has no window', () => {
    const [owner] = scenario.expectations;
    expect(owner).toMatchObject({ from: 0, to: 4_000_000 });
    expect(owner && describeExpectation(owner, scenario.duration)).toBe('owner lb1');
  });
});

test('255 routers have a VRID and an address each', () => {
  const scenario = loaded(`${PAIR}routers: 255\nsteps: []\nexpect: [{ owner: lb1 }]`);
  const instances = scenario.nodes[0]?.instances ?? [];
  expect(instances).toHaveLength(255);
  expect(instances.at(-1)).toMatchObject({ vrid: 255, addresses: ['203.0.113.255/32'] });
});

test('the clients of an IPv6 router ask its global address', () => {
  const addresses = "instance: { addresses: ['fe80::55:1/64', '2001:db8::100/64'] }";
  const scenario = loaded(`${PAIR}${addresses}\nsteps: []\nexpect: [{ owner: lb1 }]`);
  expect(scenario.watched.address).toBe('2001:db8::100');
});

test('of several clients each asks, and each is expected to see something of its own', () => {
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

describe('every error of a file is told, with its place', () => {
  test.each<[string, string, string[]]>([
    [
      'keys nobody knows, and what was probably meant',
      'steps: [{ at: 1s, kil: lb1 }]\nexpect: [{ ownr: lb1 }]',
      [
        'f:7:19: unknown key "kil": did you mean "kill"?',
        'f:8:12: unknown key "ownr": did you mean "owner"?',
      ],
    ],
    [
      'machines that are not there',
      'steps: [{ at: 1s, kill: lb3 }]\nexpect: [{ owner: lb4 }]',
      ['f:7:25: there is no lb3 in this scenario', 'f:8:19: there is no lb4 in this scenario'],
    ],
    [
      'steps that do nothing, or two things',
      'steps:\n  - { at: 1s }\n  - { at: 1s, kill: lb1, stop: lb2 }\nexpect: [{ owner: lb1 }]',
      [
        'f:8:5: this step does nothing: say what happens, like "kill: lb1"',
        'f:9:5: one step does one thing, this one has kill and stop',
      ],
    ],
    [
      'times after the end',
      'steps: [{ at: 5s, kill: lb1 }]\nexpect: [{ owner: lb1, from: 3s, to: 2s }]',
      [
        'f:7:15: expected a duration between 0 ms and 4 s, found "5s"',
        'f:8:38: "to" lies before "from"',
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
      'limits without a limit, and a stream that nobody has',
      'steps: []\nexpect: [{ outage: {} }, { stream: survives }]',
      ['f:8:20: expected at_most, at_least, or both', 'f:8:36: there is no probe of type stream'],
    ],
    [
      'clients that are not there, or are asked what is the same for all of them',
      'clients: 2\nprobes: [{ type: icmp, from: client3 }, { type: udp }, { type: udp }]\n' +
        'steps: [{ at: 1s, link_down: client4 }]\nexpect:\n' +
        '  - { outage: { at_most: 1s }, client: client2 }\n  - { owner: lb1, client: client2 }',
      [
        'f:8:30: there is no client3 in this scenario',
        'f:8:64: client has a probe of type udp already',
        'f:9:30: there is no client4 in this scenario',
        'f:11:15: there is no probe from client2',
        'f:12:19: owner is the same for all clients',
      ],
    ],
    [
      'what the agent would refuse',
      'instance: { advertisement_interval: 15ms }\nsteps: []\nexpect: [{ owner: lb1 }]',
      [expect.stringContaining('f:4:5: lb1: ') as unknown as string, expect.anything() as never],
    ],
    [
      'what the other programs cannot do',
      'compare: [keepalived]\ninstance: { preempt_delay: 1s }\nsteps: []\nexpect: [{ owner: lb1 }]',
      [
        'f:7:11: lb1: keepalived has no "preempt_delay: 1s"',
        'f:7:11: lb2: keepalived has no "preempt_delay: 1s"',
      ],
    ],
  ])('%s', (_, rest, expected) => {
    expect(complaints(PAIR + rest)).toEqual(expected);
  });

  test('a command of ours on a director that runs another program', () => {
    const text = PAIR.replace('priority: 150', 'priority: 150, agent: frr');
    expect(
      complaints(`${text}steps: [{ at: 1s, failover: lb1 }]\nexpect: [{ owner: lb1 }]`),
    ).toEqual(['f:7:29: frr, which runs on lb1, has no such command']);
  });

  test('directors out of order', () => {
    const text = PAIR.replace('lb2', 'lb3');
    expect(complaints(`${text}steps: []\nexpect: [{ owner: lb1 }]`)).toEqual([
      'f:5:13: directors are listed in order: this one has to be lb2',
    ]);
  });
});

describe('the library', () => {
  const files = readdirSync(LIBRARY).filter((name) => name.endsWith('.yaml'));

  test.each(files)('%s can be run, and says what it shows and why', (file) => {
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
