import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ToWitness, WitnessOrders } from '../../../../src/checker/channel/witness-messages.ts';
import { WitnessLink } from '../../../../src/checker/supervisor/witness-link.ts';
import { seconds } from '../../../../src/net/time.ts';
import type { WitnessInput } from '../../../../src/protocol/engine/witness-messages.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const ORDERS: WitnessOrders = {
  endpoints: ['http://203.0.113.21:2379'],
  prefix: '/pair/',
  ...{ ca: undefined, cert: undefined, key: undefined, user: undefined },
  ...{ ttlSeconds: 5, director: 'lb1', host: 'h', instances: [['web', 'ipv4 55']] },
};

const CONDITION = {
  up: true,
  detail: null,
  version: '3.4.23',
  endpoints: [],
  problems: [],
  keys: [],
};

function rig() {
  const sent: ToWitness[] = [];
  const inputs: WitnessInput[] = [];
  const states: boolean[] = [];
  const link = new WitnessLink((message) => sent.push(message));
  link.listen({ input: (input) => inputs.push(input), changed: ({ up }) => states.push(up) });
  const ask = (id: number) =>
    link.request({ id, instance: 'web', ask: { type: 'acquire', ttl: seconds(5) } });
  return { link, sent, inputs, states, ask };
}

function outcomes(inputs: readonly WitnessInput[]) {
  return inputs.map((input) =>
    input.kind === 'witness.answered' ? [input.id, input.answer.outcome] : [input.kind],
  );
}

test('a question that comes before the process is ready is sent when it is', () => {
  const { link, sent, inputs, ask } = rig();
  link.configure(ORDERS);
  ask(1);
  expect(sent).toEqual([]);
  link.ready();
  expect(sent.map(({ kind }) => kind)).toEqual(['witness', 'witness-request']);
  link.take({ kind: 'witness-answer', id: 1, instance: 'web', answer: { outcome: 'acquired' } });
  link.take({ kind: 'witness-answer', id: 1, instance: 'web', answer: { outcome: 'acquired' } });
  expect(outcomes(inputs)).toEqual([[1, 'acquired']]);
});

test('every question is answered: when the process ends, and when it says nothing', () => {
  const { link, inputs, ask } = rig();
  link.configure(ORDERS);
  link.ready();
  ask(1);
  link.gone();
  expect(outcomes(inputs)).toEqual([[1, 'failed']]);
  ask(2);
  vi.advanceTimersByTime(15_000);
  expect(outcomes(inputs)).toEqual([
    [1, 'failed'],
    [2, 'failed'],
  ]);
});

test('is idle when every question is answered', async () => {
  const { link, ask } = rig();
  link.configure(ORDERS);
  link.ready();
  await link.idle();
  ask(1);
  let isIdle = false;
  const idle = link.idle().then(() => {
    isIdle = true;
  });
  await Promise.resolve();
  expect(isIdle).toBe(false);
  link.take({ kind: 'witness-answer', id: 1, instance: 'web', answer: { outcome: 'released' } });
  await idle;
});

test('without a witness a question fails at once', () => {
  const { inputs, ask } = rig();
  ask(1);
  expect(outcomes(inputs)).toEqual([[1, 'failed']]);
});

test('the state is unknown, then as etcd is, then down with the process', () => {
  const { link, states } = rig();
  expect(link.reading).toBeUndefined();
  link.configure(ORDERS);
  expect(link.reading).toMatchObject({ isKnown: false, up: false });
  link.ready();
  link.take({ kind: 'witness-condition', condition: CONDITION });
  const since = link.reading?.since;
  vi.advanceTimersByTime(60_000);
  link.take({ kind: 'witness-condition', condition: { ...CONDITION, problems: ['a clock'] } });
  expect(link.reading).toMatchObject({ up: true, since, version: '3.4.23' });
  link.gone();
  expect(link.reading).toMatchObject({ up: false, detail: expect.stringMatching(/is down/) });
  expect(states).toEqual([true, true, false]);
  link.configure(undefined);
  expect(link.reading).toBeUndefined();
});

test('other orders go to the process, equal ones do not', () => {
  const { link, sent } = rig();
  link.configure(ORDERS);
  link.ready();
  link.configure({ ...ORDERS });
  expect(sent.length).toBe(1);
  link.configure({ ...ORDERS, ttlSeconds: 6 });
  expect(sent.length).toBe(2);
});

test('a look at a key resolves to it, or to why not', async () => {
  const { link } = rig();
  link.configure(ORDERS);
  expect(await link.inspect('web', null)).toMatchObject({ ok: false });
  link.ready();
  const looked = link.inspect('web', null);
  const found = { key: null, revision: null, removed: false };
  link.take({ kind: 'witness-inspected', id: 1, failure: null, ...found });
  expect(await looked).toEqual({ ok: true, ...found });
  const late = link.inspect('web', '7');
  vi.advanceTimersByTime(15_000);
  expect(await late).toEqual({ ok: false, message: 'no answer in time' });
  const gone = link.inspect('web', '7');
  link.gone();
  expect(await gone).toMatchObject({ ok: false });
});

test('what becomes free is passed to the engine', () => {
  const { link, inputs } = rig();
  link.configure(ORDERS);
  link.take({ kind: 'witness-freed', instance: 'web' });
  expect(inputs).toEqual([{ kind: 'witness.freed', instance: 'web' }]);
});
