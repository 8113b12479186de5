import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineReader } from '../../../../src/checker/channel/lines.ts';
import {
  DETAIL_MAX,
  decodeFromChecker,
  type FromChecker,
} from '../../../../src/checker/channel/messages.ts';

const RUNS = { id: 3, runs: 2, failures: 1, overruns: 0, detail: 'status 500', at: 1_700_000 };

const KEY = { instance: 'web', director: 'lb1', since: null, router: 'ipv4 55', isOwn: true };
const CONDITION = {
  up: false,
  detail: 'slow',
  version: '3.4.23',
  endpoints: [{ url: 'http://203.0.113.21:2379', state: 'down' as const, detail: 'slow' }],
  problems: ['a clock'],
  keys: [KEY],
};

const MESSAGES: readonly FromChecker[] = [
  { kind: 'ready', capabilities: '2000', uid: 0 },
  { kind: 'alive', wait: 12 },
  { kind: 'changed', id: 1, up: true, value: undefined, detail: 'connected' },
  { kind: 'changed', id: 1, up: false, value: -20.5, detail: 'status 500' },
  { kind: 'ran', runs: [RUNS] },
  { kind: 'posted', id: 9, status: 204 },
  { kind: 'post-failed', id: 9, detail: 'socket hang up' },
  { kind: 'error', detail: 'TypeError' },
  { kind: 'witness-answer', id: 4, instance: 'web', answer: { outcome: 'acquired' } },
  { kind: 'witness-answer', id: 4, instance: 'web', answer: { outcome: 'refused', holder: null } },
  {
    kind: 'witness-answer',
    id: 4,
    instance: 'web',
    answer: { outcome: 'failed', reason: 'rejected', message: 'etcd is full' },
  },
  { kind: 'witness-freed', instance: 'web' },
  { kind: 'witness-condition', condition: CONDITION },
  {
    ...{ kind: 'witness-inspected', id: 5, failure: 'no answer' },
    ...{ key: null, revision: null, removed: false },
  },
  { kind: 'witness-inspected', id: 5, failure: null, key: KEY, revision: '7', removed: true },
];

function decoded(document: unknown) {
  const result = decodeFromChecker(JSON.stringify(document));
  return result.ok ? result.value : undefined;
}

describe('what the checker process says', () => {
  test.each(MESSAGES)('is understood: %j', (message) => {
    expect(decoded(message)).toEqual(message);
  });

  test('cannot fill the memory or the log: texts are cut', () => {
    const message = decoded({ kind: 'post-failed', id: 1, detail: 'x'.repeat(10_000) });
    expect(message).toMatchObject({ detail: 'x'.repeat(DETAIL_MAX) });
  });

  test.each([
    { kind: 'shell', id: 1 },
    { kind: 'ready', capabilities: 'all', uid: 0 },
    { kind: 'alive', wait: -1 },
    { kind: 'changed', id: 1, up: 'yes', detail: '' },
    { kind: 'changed', id: 1, up: true, value: '7', detail: '' },
    { kind: 'changed', id: 1.5, up: true, detail: '' },
    { kind: 'ran', runs: [{ ...RUNS, at: 9e15 }] },
    { kind: 'ran', runs: [RUNS, null] },
    { kind: 'ran', runs: RUNS },
    { kind: 'posted', id: 1 },
    { kind: 'post-failed', id: 1, detail: 7 },
    { kind: 'witness-answer', id: 4, instance: 'web', answer: { outcome: 'mine' } },
    { kind: 'witness-answer', id: 4, instance: 'web', answer: { outcome: 'refused' } },
    { kind: 'witness-answer', id: 4, instance: 'web', answer: { outcome: 'failed', reason: 'x' } },
    { kind: 'witness-answer', instance: 'web', answer: { outcome: 'acquired' } },
    { kind: 'witness-freed' },
    { kind: 'witness-condition', condition: { ...CONDITION, up: 1 } },
    { kind: 'witness-condition', condition: { ...CONDITION, keys: Array(301).fill(KEY) } },
    { kind: 'witness-condition', condition: { ...CONDITION, endpoints: [{ url: 'x' }] } },
    { kind: 'witness-inspected', id: 5, failure: null, key: { instance: 'web' } },
    { kind: 'witness-inspected', id: 5, failure: null, key: null, revision: null },
    [],
    null,
    'alive',
  ])('is refused as a whole: %j', (document) => {
    expect(decoded(document)).toBeUndefined();
  });

  test('never throws, whatever the line is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), mutated()), (line) => {
        expect(typeof decodeFromChecker(line).ok).toBe('boolean');
      }),
    );
  });
});

/** Messages with one value replaced. */
function mutated() {
  return fc
    .tuple(fc.constantFrom(...MESSAGES), fc.jsonValue())
    .chain(([message, value]) =>
      fc
        .constantFrom(...Object.keys(message))
        .map((key) => JSON.stringify({ ...message, [key]: value })),
    );
}

describe('a reader of lines', () => {
  test('joins what arrives in pieces', () => {
    const reader = new LineReader(100);
    expect(reader.read('on')).toEqual([]);
    expect(reader.read('e\ntwo\nth')).toEqual(['one', 'two']);
    expect(reader.read('ree\n')).toEqual(['three']);
  });

  test('throws for a line that does not end', () => {
    const reader = new LineReader(10);
    reader.read('12345');
    expect(() => reader.read('678901')).toThrow('longer than 10 characters');
  });
});
