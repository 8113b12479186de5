import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CommandRefusal } from '../../../../src/control/commands.ts';
import type { EventFacts } from '../../../../src/control/protocol.ts';
import { EngineRequests } from '../../../../src/daemon/operator/engine-requests.ts';
import { OperatorLockStore } from '../../../../src/daemon/operator/operator-lock-store.ts';
import { OperatorLocks } from '../../../../src/daemon/operator/operator-locks.ts';
import { OperatorService } from '../../../../src/daemon/operator/operator-service.ts';
import { ip } from '../../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../../src/net/time.ts';
import type { Input } from '../../../../src/protocol/engine/inputs.ts';
import type { OperatorAnswer } from '../../../../src/protocol/engine/requests.ts';
import { modelOf } from '../../control/samples.ts';
import { AT, viewOf } from '../../observe/samples.ts';

const SUCCESSOR = { address: ip('192.0.2.12'), priority: 100, intervalMs: 1_000 };
const HANDED_OVER: OperatorAnswer = {
  outcome: 'handed-over',
  successor: SUCCESSOR,
  heardAfter: milliseconds(612.3),
  releasedAfter: milliseconds(612.9),
};
const TERMS = { wait: seconds(10), force: false, to: null };
const MAINTENANCE = { wait: seconds(10), force: false, reason: 'new kernel', for: null };

/** A service whose engine always gives the same answer. */
function serviceWith(answer: OperatorAnswer, { stateIsFile = false } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const state = join(directory, 'state');
  if (stateIsFile) writeFileSync(state, '');
  const model = modelOf('web');
  model.apply({ kind: 'view', view: viewOf('web') }, AT);
  const facts: EventFacts[] = [];
  const fed: Input[] = [];
  const requests: EngineRequests = new EngineRequests((inputs) => {
    fed.push(...inputs);
    for (const input of inputs) if (input.kind === 'request') requests.answered(input.id, answer);
  });
  const locks = new OperatorLocks(new OperatorLockStore(state));
  const service = new OperatorService({
    requests,
    locks,
    model,
    record: (one) => facts.push(one),
    now: () => AT.getTime(),
  });
  onTestFinished(() => service.stop());
  const files = () => {
    try {
      return readdirSync(join(state, 'instances'));
    } catch {
      return [];
    }
  };
  return { service, locks, facts, fed, files };
}

function refusalOf(promise: Promise<unknown>) {
  return promise.then(
    () => expect.fail('it was not refused'),
    (error: unknown) => {
      if (!(error instanceof CommandRefusal)) throw error;
      return error.refusal;
    },
  );
}

describe('a failover', () => {
  test('reports the new MASTER, the times, and that there is no gap', async () => {
    const { service, locks, facts, files } = serviceWith(HANDED_OVER);
    expect(await service.failover('web', TERMS, 'alice')).toMatchObject({
      instance: 'web',
      outcome: 'handed-over',
      master: { address: '192.0.2.12', priority: 100, interval_ms: 1_000 },
      heard_after_ms: 612.3,
      released_after_ms: 612.9,
      gap_ms: 0,
      warnings: [],
    });
    expect(locks.of('web').heldBack).toEqual({ since: AT.toISOString(), by: 'alice' });
    expect(files()).toEqual(['web.json']);
    expect(facts).toEqual([
      {
        kind: 'command',
        instance: 'web',
        by: 'alice',
        request: 'failover, waiting 10s',
        outcome: null,
      },
      {
        kind: 'command',
        instance: 'web',
        by: 'alice',
        request: 'failover',
        outcome: '192.0.2.12 took over after 612ms; served until it was heard',
      },
    ]);
  });

  test('without a successor is an error and leaves nothing behind', async () => {
    const { service, files } = serviceWith({ outcome: 'no-successor', waited: seconds(10) });
    const refusal = await refusalOf(service.failover('web', TERMS, 'alice'));
    expect(refusal).toMatchObject({ status: 409, code: 'no-successor' });
    expect(refusal.message).toBe(
      'no router took over within 10s: none advertised VRID 1 on eth0; ' +
        'this router is still MASTER, and the VIPs were never removed',
    );
    expect(files()).toEqual([]);
  });

  test('that waited less than a Skew_Time names the time needed', async () => {
    const { service } = serviceWith({ outcome: 'no-successor', waited: milliseconds(500) });
    const { message } = await refusalOf(
      service.failover('web', { ...TERMS, wait: milliseconds(500) }, 'alice'),
    );
    expect(message).toContain('a BACKUP of low priority may take 1.096s: --wait was shorter');
  });

  test('to one peer warns if another one took over', async () => {
    const { service } = serviceWith(HANDED_OVER);
    const to = ip('192.0.2.13');
    const { warnings } = await service.failover('web', { ...TERMS, to }, 'alice');
    expect(warnings).toEqual(['192.0.2.12 took over, not 192.0.2.13']);
  });

  test('that the engine refuses explains --force', async () => {
    const message = 'it is BACKUP, and no MASTER has been heard yet';
    const { service } = serviceWith({ outcome: 'refused', code: 'no-master', message });
    expect(await refusalOf(service.failover('web', TERMS, 'alice'))).toEqual({
      status: 409,
      code: 'no-master',
      message: `${message} (try again in a moment; --force does not wait for one, and the VIPs may go unserved)`,
    });
  });

  test('of an unknown instance does not reach the engine', async () => {
    const { service, fed } = serviceWith(HANDED_OVER);
    expect(await refusalOf(service.failover('db', TERMS, 'alice'))).toMatchObject({
      status: 404,
      code: 'unknown-instance',
      message: 'no instance is named db; there are: web',
    });
    expect(fed).toEqual([]);
  });

  test('is forgotten when the instance is MASTER again', async () => {
    const { service, locks, files } = serviceWith(HANDED_OVER);
    await service.failover('web', TERMS, 'alice');
    service.heldBackEnded('web');
    await expect.poll(files).toEqual([]);
    expect(locks.of('web').heldBack).toBeNull();
  });

  test('that cannot be written to the disk succeeds with a warning', async () => {
    const { service } = serviceWith(HANDED_OVER, { stateIsFile: true });
    const { outcome, warnings } = await service.failover('web', TERMS, 'alice');
    expect(outcome).toBe('handed-over');
    expect(warnings).toEqual([
      expect.stringMatching(/cannot be written: .* not after a restart of the agent$/),
    ]);
  });
});

describe('maintenance', () => {
  test('is written to the disk once the VIPs are released', async () => {
    const { service, locks, files } = serviceWith(HANDED_OVER);
    const { maintenance } = await service.beginMaintenance(
      'web',
      { ...MAINTENANCE, for: seconds(7_200) },
      'alice',
    );
    expect(maintenance).toEqual({
      since: AT.toISOString(),
      until: new Date(AT.getTime() + 7_200_000).toISOString(),
      by: 'alice',
      reason: 'new kernel',
    });
    expect(locks.of('web').maintenance).toEqual(maintenance);
    expect(files()).toEqual(['web.json']);
  });

  test('without a successor leaves nothing behind', async () => {
    const { service, locks, files } = serviceWith({ outcome: 'no-successor', waited: seconds(10) });
    await refusalOf(service.beginMaintenance('web', MAINTENANCE, 'alice'));
    expect(locks.of('web').maintenance).toBeNull();
    expect(files()).toEqual([]);
  });

  test('is refused before anything changes if it cannot be written to the disk', async () => {
    const { service, fed } = serviceWith(HANDED_OVER, { stateIsFile: true });
    const refusal = await refusalOf(service.beginMaintenance('web', MAINTENANCE, 'alice'));
    expect(refusal).toMatchObject({ status: 500, code: 'state-not-saved' });
    expect(refusal.message).toMatch(/web\.json cannot be written: .*--force continues/);
    expect(fed).toEqual([]);
  });

  test('that is forced holds although it cannot be written to the disk', async () => {
    const { service, locks } = serviceWith(HANDED_OVER, { stateIsFile: true });
    const forced = { ...MAINTENANCE, force: true };
    const { warnings } = await service.beginMaintenance('web', forced, 'alice');
    expect(warnings).toHaveLength(1);
    expect(locks.of('web').maintenance).not.toBeNull();
  });

  test('that ends leaves no file', async () => {
    const { service, files } = serviceWith({ outcome: 'done' });
    await service.beginMaintenance('web', MAINTENANCE, 'alice');
    expect(files()).toEqual(['web.json']);
    const { maintenance } = await service.endMaintenance('web', 'bob');
    expect(maintenance).toBeNull();
    expect(files()).toEqual([]);
  });

  test('that has expired ends', async () => {
    const { service, facts, locks } = serviceWith({ outcome: 'done' });
    const since = AT.toISOString();
    const over = { since, until: since, by: 'alice', reason: null };
    await locks.change('web', { maintenance: over });
    service.start();
    await expect.poll(() => locks.of('web').maintenance).toBeNull();
    expect(facts[0]).toMatchObject({
      by: 'vrrp-agent',
      request: 'end of maintenance, which has expired',
    });
  });
});

describe('a priority', () => {
  test('that is refused is recorded', async () => {
    const { service, facts } = serviceWith({
      outcome: 'refused',
      code: 'owner',
      message: 'it owns',
    });
    expect(await refusalOf(service.setPriority('web', 100, 'alice'))).toMatchObject({
      status: 409,
    });
    expect(facts.at(-1)).toMatchObject({ request: 'priority 100', outcome: 'refused: it owns' });
  });
});
