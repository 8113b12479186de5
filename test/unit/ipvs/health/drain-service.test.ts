import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthSettings } from '../../../../src/config/ipvs-settings.ts';
import { CommandRefusal } from '../../../../src/control/commands.ts';
import { DrainService } from '../../../../src/ipvs/health/drain-service.ts';
import { ServiceKeeper } from '../../../../src/ipvs/keep/service-keeper.ts';
import { seconds } from '../../../../src/net/time.ts';
import { FakeIpvs } from '../fake-ipvs.ts';
import { healthRig, quietLog, server, service, tcpCheck } from './health-rig.ts';

const FIRST = server(11);
const SECOND = server(12);
const ASKED = { service: 'web', server: '10.0.0.11:80', wait: null, force: false };

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'drain-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function rigOf(more: Partial<HealthSettings> = {}, directory = folder()) {
  const web = service([FIRST, SECOND], more);
  const kernel = new FakeIpvs();
  const rig = healthRig([web], directory);
  rig.health.load();
  let hasEnded = false;
  let isStopping = false;
  const keeper = new ServiceKeeper({
    client: kernel,
    log: quietLog(),
    owned: [],
    remember: async () => {},
    serversOf: (one) => rig.health.serversOf(one),
  });
  await keeper.want([web], false);
  const drains = new DrainService({
    health: rig.health,
    store: rig.drains,
    table: () => (hasEnded ? undefined : keeper),
    isStopping: () => isStopping,
    record: (facts) => rig.events.push(facts),
  });
  const unload = () => {
    hasEnded = true;
  };
  const end = () => {
    isStopping = true;
    unload();
  };
  const weights = () => kernel.servers(web.service.key).map(({ weight }) => weight);
  return { ...rig, store: rig.drains, drains, kernel, weights, directory, end, unload, keeper };
}

/** Status and code of the refusal. */
function refusal(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'done',
    (error: unknown) => {
      if (!(error instanceof CommandRefusal)) throw error;
      return `${error.refusal.status} ${error.refusal.code}`;
    },
  );
}

describe('draining a server', () => {
  test('sets its weight to 0, keeps its connections, and reports their number', async () => {
    const { drains, kernel, weights } = await rigOf();
    kernel.connections('10.0.0.11:80', 3, 1);
    expect(await drains.drain(ASKED, 'alice')).toMatchObject({
      outcome: 'draining',
      drained: { by: 'alice' },
      weight: 0,
      active: 3,
      inactive: 1,
    });
    expect(weights()).toEqual([0, 1]);
  });

  test('waits until the last connection is gone, but not for closing ones', async () => {
    const { drains, kernel } = await rigOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = drains.drain({ ...ASKED, wait: seconds(60) }, 'alice');
    await expect.poll(() => kernel.written.at(-1)).toBe('server.edit 10.0.0.11:80 0');
    kernel.connections('10.0.0.11:80', 0, 1);
    expect(await answer).toMatchObject({ outcome: 'drained', active: 0, inactive: 1 });
  });

  test('stops waiting when the time is up; the server stays drained', async () => {
    const { drains, kernel, weights } = await rigOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = await drains.drain({ ...ASKED, wait: seconds(0.01) }, 'alice');
    expect(answer).toMatchObject({ outcome: 'draining', active: 1 });
    expect(weights()).toEqual([0, 1]);
  });

  test('takes an address without a port, and can be repeated', async () => {
    const { drains } = await rigOf();
    const first = await drains.drain({ ...ASKED, server: '10.0.0.11' }, 'alice');
    const second = await drains.drain(ASKED, 'bob');
    expect(second.drained).toEqual(first.drained);
  });

  test('is undone by undrain, which restores the configured weight', async () => {
    const { drains, weights } = await rigOf();
    await drains.drain(ASKED, 'alice');
    expect(await drains.undrain(ASKED, 'alice')).toMatchObject({
      outcome: 'in-service',
      drained: null,
      weight: 1,
    });
    expect(weights()).toEqual([1, 1]);
  });

  test('FR-N1 stops waiting when the process ends, and says that the server stays drained', async () => {
    const { drains, kernel, end, store } = await rigOf();
    kernel.connections('10.0.0.11:80', 1, 0);
    setTimeout(end, 100);
    await expect(drains.drain({ ...ASKED, wait: seconds(60) }, 'root')).rejects.toThrow(
      'the agent is stopping or being replaced; 10.0.0.11:80 stays drained',
    );
    expect(store.of('web', '10.0.0.11:80')).toBeDefined();
  });

  test('stops waiting when the module of IPVS is unloaded, which is not the end of the agent', async () => {
    const { drains, kernel, unload } = await rigOf();
    kernel.connections('10.0.0.11:80', 1, 0);
    setTimeout(unload, 100);
    expect(await refusal(drains.drain({ ...ASKED, wait: seconds(60) }, 'root'))).toBe(
      '409 ipvs-unavailable',
    );
  });

  test('follows the service when a reload renames it during the wait', async () => {
    const { drains, kernel, health, keeper } = await rigOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = drains.drain({ ...ASKED, wait: seconds(60) }, 'alice');
    await expect.poll(() => kernel.written.at(-1)).toBe('server.edit 10.0.0.11:80 0');
    const shop = { ...service([FIRST, SECOND]), name: 'shop' };
    health.want([shop]);
    await keeper.want([shop], false);
    setTimeout(() => kernel.connections('10.0.0.11:80', 0), 300);
    expect(await answer).toMatchObject({ service: 'shop', outcome: 'drained' });
  });

  test('stops waiting when another operator undrains the server', async () => {
    const { drains, kernel } = await rigOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = drains.drain({ ...ASKED, wait: seconds(60) }, 'alice');
    await expect.poll(() => kernel.written.at(-1)).toBe('server.edit 10.0.0.11:80 0');
    await drains.undrain(ASKED, 'bob');
    expect(await answer).toMatchObject({ outcome: 'in-service' });
  });

  test('is recorded once, with the operator and its consequence', async () => {
    const { drains, events, result } = await rigOf();
    result(tcpCheck(SECOND), false);
    await drains.drain({ ...ASKED, force: true }, 'alice');
    await drains.drain({ ...ASKED, force: true }, 'alice');
    await drains.undrain(ASKED, 'bob');
    const about = { service: 'web', server: '10.0.0.11:80' };
    expect(events.slice(1)).toEqual([
      { kind: 'ipvs-drain', ...about, by: 'alice' },
      { kind: 'ipvs-service-down', service: 'web' },
      { kind: 'ipvs-undrain', ...about, by: 'bob' },
      { kind: 'ipvs-service-up', service: 'web' },
    ]);
  });

  test('outlives the agent', async () => {
    const { drains, directory } = await rigOf();
    await drains.drain(ASKED, 'alice');
    expect((await rigOf({}, directory)).weights()).toEqual([0, 1]);
  });

  test('is not a failure: an instance that needs servers is not affected', async () => {
    const { drains, result, fed } = await rigOf({ minimum: { count: 2, weight: undefined } });
    result(tcpCheck(FIRST), true);
    result(tcpCheck(SECOND), true);
    await drains.drain(ASKED, 'alice');
    expect(fed).toEqual([expect.objectContaining({ up: true })]);
  });
});

describe('draining is refused', () => {
  test('for the last server that takes new connections, without a fallback or force', async () => {
    const { drains, result } = await rigOf();
    result(tcpCheck(SECOND), false);
    expect(await refusal(drains.drain(ASKED, 'alice'))).toBe('409 last-server');
    expect(await drains.drain({ ...ASKED, force: true }, 'alice')).toMatchObject({ weight: 0 });
    const spare = await rigOf({ fallback: server(99) });
    spare.result(tcpCheck(SECOND), false);
    expect(await refusal(spare.drains.drain(ASKED, 'alice'))).toBe('done');
  });

  test('for an unknown service or server', async () => {
    const { drains } = await rigOf();
    expect(await refusal(drains.drain({ ...ASKED, service: 'mail' }, 'a'))).toBe(
      '404 no-such-service',
    );
    expect(await refusal(drains.drain({ ...ASKED, server: '10.0.0.9' }, 'a'))).toBe(
      '404 no-such-server',
    );
  });

  test('when the state file cannot be written, and nothing changes', async () => {
    const directory = folder();
    const { drains, weights } = await rigOf({}, join(directory, 'file', 'below'));
    writeFileSync(join(directory, 'file'), '');
    expect(await refusal(drains.drain(ASKED, 'alice'))).toBe('500 state-unwritable');
    expect(weights()).toEqual([1, 1]);
  });

  test('without IPVS in the kernel', async () => {
    const { health, store } = await rigOf();
    const table = () => undefined;
    const drains = new DrainService({
      health,
      store,
      table,
      isStopping: () => false,
      record: () => {},
    });
    expect(await refusal(drains.drain(ASKED, 'alice'))).toBe('409 ipvs-unavailable');
  });
});

test('a damaged list of drained servers is logged and does not prevent the start', async () => {
  const directory = folder();
  writeFileSync(join(directory, 'ipvs-drained.json'), '{"version":1,"drained":[{}]}');
  const { lines, weights } = await rigOf({}, directory);
  expect(lines).toEqual([expect.stringContaining('cannot be read (it is damaged, kept as ')]);
  expect(weights()).toEqual([1, 1]);
});

test('the list of drained servers is readable JSON', async () => {
  const { drains, directory } = await rigOf();
  await drains.drain(ASKED, 'alice');
  const document = JSON.parse(readFileSync(join(directory, 'ipvs-drained.json'), 'utf8'));
  expect(document).toEqual({
    version: 1,
    drained: [
      {
        ...{ service: 'web', key: 'tcp 203.0.113.100:80', server: '10.0.0.11:80' },
        ...{ since: expect.any(String), by: 'alice' },
      },
    ],
  });
});

describe('FR-N15 a drained server', () => {
  const renamed = { ...service([FIRST, SECOND]), name: 'shop' };
  const elsewhere = service([FIRST, SECOND]);
  const key = { ...elsewhere.service.key, port: 8_080 };
  const moved = { ...elsewhere, service: { ...elsewhere.service, key } };

  test.each([
    ['another name', renamed],
    ['another port', moved],
  ])(
    'stays drained when a reload gives its service %s, and after a restart',
    async (_, changed) => {
      const { drains, health, store, directory } = await rigOf();
      await drains.drain(ASKED, 'root');
      health.want([changed]);
      await store.add({ service: 'other', server: '10.0.0.1:1', since: '', by: '' });
      for (const rig of [{ health }, healthRig([changed], directory)]) {
        rig.health.load();
        rig.health.want([changed]);
        expect(rig.health.serversOf(changed).map(({ weight }) => weight)).toEqual([0, 1]);
      }
    },
  );

  test('stays drained, or returns, when the reload comes while the file is written', async () => {
    const { health, store, directory } = await rigOf();
    const about = { service: 'web', key: 'tcp 203.0.113.100:80', since: '', by: 'root' };
    const under = async (change: Promise<void>, settings: typeof renamed) => {
      // The file is being written by now.
      await Promise.resolve().then(() => {});
      health.want([settings]);
      await change;
      health.sweep();
      await expect.poll(() => store.isSaved).toBe(true);
    };
    const drained = async () => {
      const file = JSON.parse(readFileSync(join(directory, 'ipvs-drained.json'), 'utf8'));
      return file.drained.map(
        (one: typeof about & { server: string }) => `${one.service} ${one.server}`,
      );
    };
    await store.add({ ...about, server: '10.0.0.12:80' });
    await under(store.add({ ...about, server: '10.0.0.11:80' }), renamed);
    expect(store.of('shop', '10.0.0.12:80')).toBeDefined();
    expect(store.of('shop', '10.0.0.11:80')).toBeDefined();
    expect(await drained()).toEqual(['shop 10.0.0.12:80', 'shop 10.0.0.11:80']);
    const gone = { service: 'shop', key: about.key, server: '10.0.0.11:80' };
    await under(store.remove(gone), elsewhere);
    expect(await drained()).toEqual(['web 10.0.0.12:80']);
  });

  test('of a renamed service is written again until the disk accepts it', async () => {
    const directory = join(folder(), 'state');
    const { drains, health, log, store } = await rigOf({}, directory);
    await drains.drain(ASKED, 'root');
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    health.want([renamed]);
    await expect.poll(() => log.troubles()).toHaveLength(1);
    rmSync(directory);
    health.sweep();
    await expect.poll(() => log.troubles()).toEqual([]);
    store.load();
    expect(store.of('shop', '10.0.0.11:80')).toBeDefined();
  });

  test('stays drained when two services exchange their names', async () => {
    const { drains, health } = await rigOf();
    const other = { ...moved, name: 'shop' };
    health.want([elsewhere, other]);
    await drains.drain(ASKED, 'root');
    const swapped = [
      { ...elsewhere, name: 'shop' },
      { ...moved, name: 'web' },
    ];
    health.want(swapped);
    const of = (position: 0 | 1) =>
      health.serversOf(swapped[position] as never).map(({ weight }) => weight);
    expect([of(0), of(1)]).toEqual([
      [0, 1],
      [1, 1],
    ]);
  });
});
