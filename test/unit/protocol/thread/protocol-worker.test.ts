import { afterEach, describe, expect, test } from 'vitest';
import type { Settings } from '../../../../src/protocol/engine/settings.ts';
import type { Realtime } from '../../../../src/protocol/thread/messages.ts';
import {
  ProtocolFailure,
  ProtocolWorker,
} from '../../../../src/protocol/thread/protocol-worker.ts';

const SETTINGS: Settings = { router: 'lb1', linger: 'off', instances: [], syncGroups: [] };

const workers: ProtocolWorker[] = [];

afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate();
});

function threadOf(name: string): ProtocolWorker {
  const worker = new ProtocolWorker(new URL(`threads/${name}.mjs`, import.meta.url));
  workers.push(worker);
  return worker;
}

/** Starts the thread and returns its first two messages. */
function start(worker: ProtocolWorker, realtime: Realtime): Promise<unknown[]> {
  return new Promise((resolve) => {
    const said: unknown[] = [];
    worker.start(SETTINGS, realtime, {
      started: (scheduling) => said.push(scheduling),
      reports: (reports) => resolve([...said, reports]),
    });
  });
}

describe('the protocol thread', () => {
  test('FR-O2 sees in shared memory that the main thread turns', async () => {
    const turns = new Float64Array(threadOf('obedient').memory.mainTurns);
    await expect.poll(() => turns[0]).toBeGreaterThan(0);
  });

  test('is not terminated while it loads native code, which would abort the process', async () => {
    const worker = threadOf('loading');
    await worker.terminate();
    expect(new Float64Array(worker.memory.counters)[0]).toBe(42);
  });

  test('starts, and its messages are passed on in order', async () => {
    expect(await start(threadOf('obedient'), 7)).toEqual([
      { policy: 'SCHED_OTHER', refused: '7' },
      { kind: 'reports', reports: [], instant: 7, wall: 8 },
    ]);
  });

  test('ends well once it has released everything', async () => {
    const worker = threadOf('obedient');
    await start(worker, 'off');
    worker.shutdown();
    await expect(worker.ended).resolves.toBeUndefined();
  });

  test.each<[string, string, string]>([
    ['throws', 'throw', 'on purpose'],
    ['ends by itself', 'exit', 'the protocol thread ended with status 3'],
    ['has given up', 'fatal', 'gave up'],
  ])('has failed when it %s', async (_, way, message) => {
    const worker = threadOf('failing');
    worker.start(SETTINGS, way as Realtime, { started: () => {}, reports: () => {} });
    const failure = await worker.ended.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProtocolFailure);
    expect(failure).toMatchObject({ code: 'protocol-thread-failed', message });
  });

  test('keeps the stack of a failure', async () => {
    const worker = threadOf('failing');
    worker.start(SETTINGS, 'fatal' as Realtime, { started: () => {}, reports: () => {} });
    await expect(worker.ended).rejects.toMatchObject({ stack: 'where' });
  });

  test('has failed if its script does not exist', async () => {
    await expect(threadOf('missing').ended).rejects.toThrow(/missing\.mjs/);
  });

  test('counts in memory that the main thread reads', async () => {
    const worker = threadOf('counting');
    await worker.ended;
    expect(new Float64Array(worker.memory.counters)[0]).toBe(42);
  });
});
