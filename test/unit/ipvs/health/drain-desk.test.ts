import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { HealthSettings } from '../../../../src/config/ipvs-settings.ts';
import { CommandRefusal } from '../../../../src/control/commands.ts';
import { DrainDesk } from '../../../../src/ipvs/health/drain-desk.ts';
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

async function deskOf(more: Partial<HealthSettings> = {}, directory = folder()) {
  const web = service([FIRST, SECOND], more);
  const kernel = new FakeIpvs();
  const rig = healthRig([web], directory);
  rig.health.load();
  const keeper = new ServiceKeeper({
    client: kernel,
    log: quietLog(),
    owned: [],
    remember: async () => {},
    serversOf: (one) => rig.health.serversOf(one),
  });
  await keeper.want([web], false);
  const desk = new DrainDesk({
    health: rig.health,
    drains: rig.drains,
    table: () => keeper,
    note: (facts) => rig.events.push(facts),
  });
  const weights = () => kernel.servers(web.service.key).map(({ weight }) => weight);
  return { ...rig, desk, kernel, weights, directory };
}

/** The refusal, as status and code. */
function refusal(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'done',
    (error: unknown) => {
      if (!(error instanceof CommandRefusal)) throw error;
      return `${error.refusal.status} ${error.refusal.code}`;
    },
  );
}

describe('to drain a server', () => {
  test('takes its weight and leaves its connections, and says how many there are', async () => {
    const { desk, kernel, weights } = await deskOf();
    kernel.connections('10.0.0.11:80', 3, 1);
    expect(await desk.drain(ASKED, 'alice')).toMatchObject({
      outcome: 'draining',
      drained: { by: 'alice' },
      weight: 0,
      active: 3,
      inactive: 1,
    });
    expect(weights()).toEqual([0, 1]);
  });

  test('waits until the last connection is gone; one that is closing is not waited for', async () => {
    const { desk, kernel } = await deskOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = desk.drain({ ...ASKED, wait: seconds(60) }, 'alice');
    await expect.poll(() => kernel.written.at(-1)).toBe('server.edit 10.0.0.11:80 0');
    kernel.connections('10.0.0.11:80', 0, 1);
    expect(await answer).toMatchObject({ outcome: 'drained', active: 0, inactive: 1 });
  });

  test('gives up waiting when the time is up, and the server stays drained', async () => {
    const { desk, kernel, weights } = await deskOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = await desk.drain({ ...ASKED, wait: seconds(0.01) }, 'alice');
    expect(answer).toMatchObject({ outcome: 'draining', active: 1 });
    expect(weights()).toEqual([0, 1]);
  });

  test('can be done by address alone, and a second time', async () => {
    const { desk } = await deskOf();
    const first = await desk.drain({ ...ASKED, server: '10.0.0.11' }, 'alice');
    const second = await desk.drain(ASKED, 'bob');
    expect(second.drained).toEqual(first.drained);
  });

  test('ends by undrain, and the weight of the file counts again', async () => {
    const { desk, weights } = await deskOf();
    await desk.drain(ASKED, 'alice');
    expect(await desk.undrain(ASKED, 'alice')).toMatchObject({
      outcome: 'in-service',
      drained: null,
      weight: 1,
    });
    expect(weights()).toEqual([1, 1]);
  });

  test('ends the wait of somebody else when the server is back in service', async () => {
    const { desk, kernel } = await deskOf();
    kernel.connections('10.0.0.11:80', 1);
    const answer = desk.drain({ ...ASKED, wait: seconds(60) }, 'alice');
    await expect.poll(() => kernel.written.at(-1)).toBe('server.edit 10.0.0.11:80 0');
    await desk.undrain(ASKED, 'bob');
    expect(await answer).toMatchObject({ outcome: 'in-service' });
  });

  test('is told with who has asked for it, and what follows, once', async () => {
    const { desk, events, result } = await deskOf();
    result(tcpCheck(SECOND), false);
    await desk.drain({ ...ASKED, force: true }, 'alice');
    await desk.drain({ ...ASKED, force: true }, 'alice');
    await desk.undrain(ASKED, 'bob');
    const about = { service: 'web', server: '10.0.0.11:80' };
    expect(events.slice(1)).toEqual([
      { kind: 'ipvs-drain', ...about, by: 'alice' },
      { kind: 'ipvs-service-down', service: 'web' },
      { kind: 'ipvs-undrain', ...about, by: 'bob' },
      { kind: 'ipvs-service-up', service: 'web' },
    ]);
  });

  test('outlives the agent', async () => {
    const { desk, directory } = await deskOf();
    await desk.drain(ASKED, 'alice');
    expect((await deskOf({}, directory)).weights()).toEqual([0, 1]);
  });

  test('is no failure: an instance that needs servers is not told', async () => {
    const { desk, result, told } = await deskOf({ minimum: { count: 2, weight: undefined } });
    result(tcpCheck(FIRST), true);
    result(tcpCheck(SECOND), true);
    await desk.drain(ASKED, 'alice');
    expect(told).toEqual([expect.objectContaining({ up: true })]);
  });
});

describe('it is refused', () => {
  test('to drain the last server that takes connections, unless there is a fallback or force', async () => {
    const { desk, result } = await deskOf();
    result(tcpCheck(SECOND), false);
    expect(await refusal(desk.drain(ASKED, 'alice'))).toBe('409 last-server');
    expect(await desk.drain({ ...ASKED, force: true }, 'alice')).toMatchObject({ weight: 0 });
    const spare = await deskOf({ fallback: server(99) });
    spare.result(tcpCheck(SECOND), false);
    expect(await refusal(spare.desk.drain(ASKED, 'alice'))).toBe('done');
  });

  test('to drain what there is not', async () => {
    const { desk } = await deskOf();
    expect(await refusal(desk.drain({ ...ASKED, service: 'mail' }, 'a'))).toBe(
      '404 no-such-service',
    );
    expect(await refusal(desk.drain({ ...ASKED, server: '10.0.0.9' }, 'a'))).toBe(
      '404 no-such-server',
    );
  });

  test('to drain anything that cannot be written down, and nothing changes', async () => {
    const directory = folder();
    const { desk, weights } = await deskOf({}, join(directory, 'file', 'below'));
    writeFileSync(join(directory, 'file'), '');
    expect(await refusal(desk.drain(ASKED, 'alice'))).toBe('500 state-unwritable');
    expect(weights()).toEqual([1, 1]);
  });

  test('to drain without IPVS in the kernel', async () => {
    const { health, drains } = await deskOf();
    const desk = new DrainDesk({ health, drains, table: () => undefined, note: () => {} });
    expect(await refusal(desk.drain(ASKED, 'alice'))).toBe('409 ipvs-unavailable');
  });
});

test('a damaged list of drained servers is told, and keeps nothing from starting', async () => {
  const directory = folder();
  writeFileSync(join(directory, 'ipvs-drained.json'), '{"version":1,"drained":[{}]}');
  const { lines, weights } = await deskOf({}, directory);
  expect(lines).toEqual([expect.stringContaining('cannot be read (it is damaged, kept as ')]);
  expect(weights()).toEqual([1, 1]);
});

test('what is drained is written as people can read it', async () => {
  const { desk, directory } = await deskOf();
  await desk.drain(ASKED, 'alice');
  const document = JSON.parse(readFileSync(join(directory, 'ipvs-drained.json'), 'utf8'));
  expect(document).toEqual({
    version: 1,
    drained: [{ service: 'web', server: '10.0.0.11:80', since: expect.any(String), by: 'alice' }],
  });
});
