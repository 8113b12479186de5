import { expect, test } from 'vitest';
import type { ToWitness, WitnessKey } from '../../../src/checker/channel/witness-messages.ts';
import { WitnessLink } from '../../../src/checker/supervisor/witness-link.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { CommandRefusal } from '../../../src/control/commands.ts';
import type { EventFacts } from '../../../src/control/protocol.ts';
import { AgentWitness } from '../../../src/daemon/agent-witness.ts';

const FILE = `router: lb1
peer_link:
  source: 198.51.100.11
  key: hex:${'5a'.repeat(32)}
  directors: [{ name: lb2, address: 198.51.100.12 }]
witness: { etcd: { endpoints: ["https://203.0.113.21"] }, ttl: 3s }
instances:
  - { name: web, interface: eth0, vrid: 55, addresses: [192.0.2.100], witness: true }
  - { name: mail, interface: eth0, vrid: 56, addresses: [192.0.2.101] }
`;

interface Answer {
  readonly key?: WitnessKey | null;
  readonly revision?: string;
  readonly failure?: string;
}

function configOf(text: string) {
  const loaded = loadConfig(text, { hostName: 'lb1' });
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('; '));
  return loaded.value;
}

/** `answers`: to each look; the last one is repeated. */
function rig(...answers: readonly Answer[]) {
  const sent: ToWitness[] = [];
  const facts: EventFacts[] = [];
  let looks = 0;
  const link = new WitnessLink((message) => {
    sent.push(message);
    if (message.kind !== 'witness-inspect') return;
    const { id, removes } = message;
    const found = answers[Math.min(looks++, answers.length - 1)] ?? {};
    const { key = null, revision = key === null ? null : '7' } = found;
    const removed = removes !== null && removes === revision;
    const answer = { id, failure: found.failure ?? null, key, revision, removed };
    queueMicrotask(() => link.take({ kind: 'witness-inspected', ...answer }));
  });
  const witness = new AgentWitness({ link, feed: () => {}, record: (one) => facts.push(one) });
  witness.follow(configOf(FILE));
  link.ready();
  return { witness, link, sent, facts };
}

async function refusalOf(promise: Promise<unknown>): Promise<CommandRefusal['refusal']> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CommandRefusal) return error.refusal;
    throw error;
  }
  throw new Error('not refused');
}

const OTHER: WitnessKey = {
  ...{ instance: 'web', director: 'lb2', since: null, router: 'ipv4 55', isOwn: false },
};

test('the checker process learns who this director is, and of the instances that have a witness', () => {
  const { sent } = rig();
  expect(sent[0]).toMatchObject({
    kind: 'witness',
    orders: {
      endpoints: ['https://203.0.113.21:2379'],
      ttlSeconds: 3,
      director: 'lb1',
      host: expect.stringMatching(/^[0-9a-f]{16}$/),
      instances: [['web', 'ipv4 55']],
    },
  });
});

test('the document, and each event once', () => {
  const { witness, link, facts } = rig();
  const condition = {
    up: true,
    detail: null,
    version: '3.4.23',
    endpoints: [],
    problems: [],
    keys: [],
  };
  const clock = (seconds: number) => `the clock of x is ${seconds} s behind that of this host`;
  link.take({ kind: 'witness-condition', condition });
  link.take({ kind: 'witness-condition', condition: { ...condition, problems: [clock(60)] } });
  link.take({ kind: 'witness-condition', condition: { ...condition, problems: [clock(61)] } });
  link.take({ kind: 'witness-condition', condition: { ...condition, up: false, detail: 'slow' } });
  expect(facts.map(({ kind }) => kind)).toEqual(['witness-up', 'witness-problem', 'witness-down']);
  expect(witness.document).toMatchObject({
    up: false,
    detail: 'slow',
    ttl_ms: 3_000,
    on_loss: 'release',
    prefix: '/vrrp-agent/',
  });
  witness.follow(configOf(FILE.replace(/witness: \{.*\n/, '').replace(', witness: true', '')));
  expect(witness.document).toBeUndefined();
});

test('a reload of the section is followed by an event, so that an old cause is not taken for the present one', () => {
  const { witness, link, facts } = rig();
  const down = (detail: string) =>
    link.take({
      kind: 'witness-condition',
      condition: {
        ...{ up: false, detail, version: null, endpoints: [], problems: ['a clock'], keys: [] },
      },
    });
  down('the wrong authority');
  witness.follow(configOf(FILE));
  down('the wrong authority, still');
  expect(facts.splice(0).map(({ kind }) => kind)).toEqual(['witness-down', 'witness-problem']);
  witness.follow(configOf(FILE.replace('203.0.113.21', '203.0.113.22')));
  down('the wrong password');
  expect(facts).toEqual([
    { kind: 'witness-down', detail: 'the wrong password' },
    { kind: 'witness-problem', problem: 'a clock' },
  ]);
});

test('a key that nothing has is free', async () => {
  const { witness } = rig();
  expect(await witness.release({ instance: 'web', force: false }, 'alice')).toEqual({
    instance: 'web',
    outcome: 'free',
    holder: null,
  });
});

test('the key of another director is deleted with force only, and that is recorded', async () => {
  const { witness, facts } = rig({ key: OTHER });
  const refusal = await refusalOf(witness.release({ instance: 'web', force: false }, 'alice'));
  expect(refusal).toMatchObject({
    status: 409,
    message: expect.stringMatching(/lb2 has the key of web.*both have the VIPs for up to 3s/),
  });
  expect(facts).toEqual([]);
  expect(await witness.release({ instance: 'web', force: true }, 'alice')).toMatchObject({
    outcome: 'deleted',
    holder: 'lb2',
  });
  expect(facts.map((one) => ('outcome' in one ? one.outcome : one.kind))).toEqual([
    null,
    'deleted',
  ]);
});

test('a key that its holder has renewed meanwhile is still the one that was shown', async () => {
  const { witness, sent } = rig({ key: OTHER }, { key: OTHER, revision: '8' });
  const released = witness.release({ instance: 'web', force: true }, 'alice');
  expect(await released).toMatchObject({ outcome: 'deleted', holder: 'lb2' });
  const removals = sent.flatMap((one) => (one.kind === 'witness-inspect' ? [one.removes] : []));
  expect(removals).toEqual([null, '7', '8']);
});

test.each([
  [
    'of another director',
    { key: { ...OTHER, director: 'lb3' }, revision: '8' },
    { status: 409, message: expect.stringMatching(/is now of lb3: not deleted/) },
  ],
  [
    'of the same director, taken again',
    { key: { ...OTHER, since: '2026-01-01T00:00:00.000Z' }, revision: '8' },
    { status: 409, code: 'key-changed' },
  ],
  ['that etcd does not delete', { failure: 'no route' }, { status: 500, message: 'no route' }],
])('a key %s is not reported as deleted', async (_, second, expected) => {
  const { witness, facts } = rig({ key: OTHER }, second);
  const refusal = await refusalOf(witness.release({ instance: 'web', force: true }, 'alice'));
  expect(refusal).toMatchObject(expected);
  expect(facts.at(-1)).toMatchObject({ kind: 'command', outcome: refusal.message });
});

test('a key that has ended meanwhile is free, and nothing was deleted', async () => {
  const { witness, facts } = rig({ key: OTHER }, {});
  expect(await witness.release({ instance: 'web', force: true }, 'alice')).toEqual({
    ...{ instance: 'web', outcome: 'free', holder: null },
  });
  expect(facts.at(-1)).toMatchObject({ outcome: 'free' });
});

test('the own key is not deleted, not even with force', async () => {
  const { witness } = rig({ key: { ...OTHER, director: 'lb1', isOwn: true } });
  const refusal = await refusalOf(witness.release({ instance: 'web', force: true }, 'alice'));
  expect(refusal.message).toMatch(/vrrp-agent failover web/);
});

test.each([
  ['nothing', 'no instance is named nothing'],
  ['mail', 'mail has no "witness: true"'],
])('%s has no key', async (instance, message) => {
  const { witness } = rig();
  const refusal = await refusalOf(witness.release({ instance, force: true }, 'alice'));
  expect(refusal).toMatchObject({ status: 404, message: expect.stringContaining(message) });
});
