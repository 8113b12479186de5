import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import type { Lowered } from '../../../src/config/lower/lower.ts';
import type { EventFacts } from '../../../src/control/protocol.ts';
import { AgentIpvs } from '../../../src/daemon/agent-ipvs.ts';
import type { IpvsSnapshot } from '../../../src/ipvs/keep/ipvs-snapshot.ts';
import { ip } from '../../../src/net/address.ts';
import { BUCKETS } from '../../../src/net/connection.ts';
import type { ServiceKey } from '../../../src/net/ipvs.ts';
import type { Input } from '../../../src/protocol/engine/inputs.ts';
import { encodeSummary } from '../../../src/wire/connections/summary-message.ts';
import { idleChecker } from '../checker/idle-checker.ts';
import { modelOf } from '../control/samples.ts';
import { FakeKernel } from '../ipvs/fake-kernel.ts';
import { AT, transition, viewOf } from '../observe/samples.ts';

const SERVICE = `
  services:
    - { name: shop, address: '203.0.113.100:80', servers: ['10.0.0.11:80', '10.0.0.12:80'] }`;
const SYNC = `
  sync: { interface: eth1, instance: web, rst_guard: 'off' }`;

function configOf(ipvs: string, more = ''): Lowered {
  const loaded = loadConfig(
    `
router: lb1
instances:
  - { name: web, interface: eth0, vrid: 1, addresses: [203.0.113.100/32]${more} }
  - { name: mail, interface: eth0, vrid: 2, addresses: [203.0.113.101/32] }
${ipvs}`,
    { hostName: 'lb1' },
  );
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value;
}

const REQUIRED = configOf(`ipvs:${SERVICE}`);
const OPTIONAL = configOf(`ipvs:\n  required: false${SERVICE}`);
const WITHOUT = configOf('');
const SYNCED = configOf(`ipvs:${SERVICE}${SYNC}`, ', preempt_when_synced: { max_wait: 2m }');

const fault = (instance: string, reason: string | null): Input =>
  ({ kind: 'ipvs.changed', instance, fault: reason }) as Input;

/** Milliseconds, for a slow machine. */
const PATIENCE = 30_000;

let directory: string;

beforeEach(() => {
  vi.useFakeTimers();
  directory = mkdtempSync(join(tmpdir(), 'agent-ipvs-'));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

class Bench {
  readonly kernel: FakeKernel;
  readonly fed: Input[] = [];
  readonly recorded: EventFacts[] = [];
  readonly model = modelOf('web', 'mail');
  readonly agent: AgentIpvs;
  open = () => this.kernel.kernel().open();

  constructor(kernel = new FakeKernel()) {
    this.kernel = kernel;
    const silent = () => {};
    this.agent = new AgentIpvs({
      logger: { info: silent, warn: silent, error: silent } as unknown as Logger,
      stateDirectory: directory,
      checker: idleChecker(),
      model: this.model,
      protocol: { feed: (inputs) => this.fed.push(...inputs) },
      record: (facts) => this.recorded.push(facts),
      keep: () => {},
      kernel: { ...this.kernel.kernel(), open: () => this.open() },
    });
  }

  stop(): Promise<void> {
    return stopped(this.agent);
  }

  /** Polls in real time, because the disk does not follow the fake clock. */
  async feeds(...inputs: readonly Input[]): Promise<void> {
    await vi.waitFor(() => expect(this.fed).toEqual(inputs), PATIENCE);
  }
}

/** Starts IPVS in the order of the agent. */
function start(agent: AgentIpvs, config: Lowered): Promise<readonly Input[]> {
  agent.follow(config);
  return agent.initialInputs(config);
}

async function stopped(agent: AgentIpvs): Promise<void> {
  let isDone = false;
  agent.hurry();
  const work = agent.stop(false).finally(() => {
    isDone = true;
  });
  await vi.waitFor(() => expect(isDone).toBe(true), PATIENCE);
  await work;
}

describe('the start of the agent', () => {
  test('reports no fault if the kernel has IPVS', async () => {
    const bench = new Bench();
    expect(await start(bench.agent, REQUIRED)).toEqual([fault('web', null), fault('mail', null)]);
    expect(bench.agent.document()).toMatchObject({ available: true, required: true });
    await bench.stop();
  });

  test('reports a fault for every instance if it does not', async () => {
    const bench = new Bench();
    bench.kernel.hasIpvs = false;
    expect(await start(bench.agent, REQUIRED)).toEqual([
      fault('web', 'ipvs'),
      fault('mail', 'ipvs'),
    ]);
    await bench.stop();
  });

  test('continues without IPVS if it is optional, and says so', async () => {
    const bench = new Bench();
    bench.kernel.hasIpvs = false;
    expect(await start(bench.agent, OPTIONAL)).toEqual([fault('web', null), fault('mail', null)]);
    expect(bench.agent.document()).toMatchObject({
      available: false,
      required: false,
      troubles: ['this kernel has no IPVS'],
    });
    await bench.stop();
  });

  test('waits two seconds for a kernel that does not answer, and no instance is MASTER until it does', async () => {
    const bench = new Bench();
    let answer = () => {};
    const silence = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const { kernel } = bench;
    const open = kernel.kernel().open;
    const slow = { ...kernel.kernel(), open: () => silence.then(open) };
    const agent = new AgentIpvs({
      logger: { info: () => {}, warn: () => {}, error: () => {} } as unknown as Logger,
      stateDirectory: directory,
      checker: idleChecker(),
      model: bench.model,
      protocol: { feed: (inputs) => bench.fed.push(...inputs) },
      record: () => {},
      keep: () => {},
      kernel: slow,
    });
    const started = start(agent, REQUIRED);
    await vi.dynamicImportSettled();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await started).toEqual([fault('web', 'ipvs'), fault('mail', 'ipvs')]);
    answer();
    await bench.feeds(fault('web', null), fault('mail', null));
    await stopped(agent);
  });

  test('leaves IPVS alone if the configuration does not name it', async () => {
    const bench = new Bench();
    expect(await start(bench.agent, WITHOUT)).toEqual([]);
    expect([bench.agent.document(), bench.agent.drains]).toEqual([undefined, undefined]);
    expect(bench.kernel.written).toEqual([]);
    await bench.stop();
  });
});

describe('a reload', () => {
  test('that adds IPVS starts it', async () => {
    const bench = new Bench();
    await start(bench.agent, WITHOUT);
    bench.agent.follow(REQUIRED);
    await bench.feeds(fault('web', null), fault('mail', null));
    expect(bench.kernel.table.size).toBe(1);
    await bench.stop();
  });

  test('that removes IPVS removes its services and clears the faults', async () => {
    const bench = new Bench();
    await start(bench.agent, REQUIRED);
    bench.fed.length = 0;
    bench.agent.follow(WITHOUT);
    await bench.feeds(fault('web', null), fault('mail', null));
    expect(bench.kernel.table.size).toBe(0);
    expect(bench.agent.document()).toBeUndefined();
    await bench.stop();
  });
});

describe('after a takeover', () => {
  const SHOP: ServiceKey = {
    ...{ kind: 'address', family: 'ipv4', protocol: 'tcp' },
    ...{ address: ip('203.0.113.100'), port: 80 },
  };
  const weighted = (weight: number) =>
    configOf(
      `ipvs:
  sync: { interface: eth1, instance: web, rst_guard: 'off' }
  services:
    - name: shop
      address: '203.0.113.100:80'
      servers: [{ address: '10.0.0.11:80', weight: ${weight} }, '10.0.0.12:80']`,
    );
  const becomes = (from: string, to: string) => ({ ...transition('web'), from, to }) as never;

  const left = async (config: Lowered, kernel = new FakeKernel()) => {
    const bench = new Bench(kernel);
    await start(bench.agent, config);
    await vi.advanceTimersByTimeAsync(1_000);
    const snapshot = JSON.parse(JSON.stringify(bench.agent.capture()));
    await bench.agent.stop(true);
    expect([bench.kernel.table.size, bench.kernel.roles]).toEqual([1, ['backup']]);
    return { kernel: bench.kernel, snapshot };
  };

  /** The next process, on the kernel of the former. */
  async function continued(kernel: FakeKernel, snapshot: IpvsSnapshot, config: Lowered) {
    const bench = new Bench(kernel);
    bench.agent.inherit(snapshot);
    await start(bench.agent, config);
    await vi.advanceTimersByTimeAsync(1_000);
    return bench;
  }

  test('to a file without IPVS nothing of it is left', async () => {
    const { kernel, snapshot } = await left(SYNCED);
    await (await continued(kernel, snapshot, WITHOUT)).stop();
    expect([kernel.table.size, kernel.roles]).toEqual([0, []]);
  });

  test('to a file without IPVS `on_stop: keep` leaves the services, and nothing else', async () => {
    const tuned = configOf(`ipvs:\n  sysctl: { sync_retries: 2 }${SERVICE}${SYNC}`);
    const former = new FakeKernel();
    former.parameters.set('sync_retries', '0');
    const { kernel, snapshot } = await left(tuned, former);
    expect(kernel.parameters.get('sync_retries')).toBe('2');
    const written = kernel.written.length;
    const bench = await continued(kernel, { ...snapshot, onStop: 'keep' }, WITHOUT);
    expect(kernel.written.slice(written).toSorted()).toEqual(['stop backup', 'sync_retries = 0']);
    expect(kernel.guard.slice(-2)).toEqual(['lowered', 'lowered']);
    await bench.stop();
  });

  test('to a file without `sync` the services stay, and the daemons end', async () => {
    const { kernel, snapshot } = await left(SYNCED);
    const bench = await continued(kernel, snapshot, REQUIRED);
    expect([kernel.table.size, kernel.roles]).toEqual([1, []]);
    await bench.stop();
  });

  test('a single keeper reloads, drains, fails over and stops, however often it was started', async () => {
    const bench = new Bench();
    const { agent, kernel, model } = bench;
    let opened = 0;
    const original = kernel.kernel();
    bench.open = () => {
      opened += 1;
      return original.open();
    };
    // The configuration of the former process, then that of the file, then a reload immediately after it.
    agent.follow(weighted(1));
    agent.follow(weighted(1));
    agent.follow(weighted(5));
    await agent.initialInputs(weighted(5));
    const weighs = (weight: number) => () =>
      expect(kernel.weightOf(SHOP, '10.0.0.11:80')).toBe(weight);
    await vi.waitFor(weighs(5), PATIENCE);
    await vi.advanceTimersByTimeAsync(10_000);
    weighs(5)();
    expect(opened).toBe(1);
    kernel.written.length = 0;

    const terms = { service: 'shop', server: '10.0.0.11:80', wait: null, force: false };
    await agent.drains?.drain(terms, 'root');
    await vi.advanceTimersByTimeAsync(10_000);
    weighs(0)();
    expect(kernel.written).toEqual(['server.edit tcp 203.0.113.100:80 10.0.0.11:80']);
    kernel.written.length = 0;

    model.apply(becomes('BACKUP', 'MASTER'), AT);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(kernel.roles).toEqual(['master']);
    expect(kernel.written).toEqual(['start master', 'stop backup']);

    await bench.stop();
    agent.follow(weighted(1));
    await vi.advanceTimersByTimeAsync(10_000);
    expect([kernel.table.size, kernel.roles, kernel.closed, opened]).toEqual([0, [], 1, 1]);
  });
});

describe('an instance that waits for its table of connections', () => {
  const table = (synced: boolean): Input => ({ kind: 'table.changed', instance: 'web', synced });

  test('does not wait if the kernel has no table', async () => {
    const bench = new Bench();
    bench.kernel.hasIpvs = false;
    expect(await start(bench.agent, SYNCED)).toContainEqual(table(true));
    await bench.stop();
  });

  test('learns each change, and the last one again when it restarts', async () => {
    const bench = new Bench();
    const known = await start(bench.agent, SYNCED);
    await vi.advanceTimersByTimeAsync(1_000);
    const fed = [...known, ...bench.fed].filter(({ kind }) => kind === 'table.changed');
    expect(fed).toContainEqual(table(false));
    bench.fed.length = 0;
    bench.model.apply({ ...transition('web'), from: 'INIT', to: 'BACKUP' } as never, AT);
    expect(bench.fed).toContainEqual(table(false));
    await bench.stop();
  });
});

describe('connections', () => {
  test('belong to one instance; the others have none', async () => {
    const bench = new Bench();
    await start(bench.agent, SYNCED);
    await vi.advanceTimersByTimeAsync(100);
    expect(bench.agent.connections('web')).toMatchObject({ live: 0, catch_up: true, peers: [] });
    expect(bench.agent.connections('mail')).toBeUndefined();
    await bench.stop();
    expect(bench.agent.connections('web')).toBeUndefined();
  });

  test('that a move may have lost are an event, and then shown by status', async () => {
    const bench = new Bench();
    bench.model.apply({ kind: 'view', view: viewOf('web') }, AT);
    await start(bench.agent, SYNCED);
    await vi.advanceTimersByTimeAsync(100);
    bench.kernel.hear(
      encodeSummary({
        ...{ syncId: 1, sender: 2, name: 'lb2', isMaster: false, isRepetition: false },
        summary: { live: 0, synced: 0, buckets: new Uint16Array(BUCKETS) },
      }),
      '10.0.0.2',
    );
    bench.model.apply({ ...transition('web'), from: 'MASTER', to: 'BACKUP' } as never, AT);
    expect(bench.recorded.filter(({ kind }) => kind === 'connections')).toEqual([
      {
        ...{ kind: 'connections', instance: 'web', move: 'hand-over', peer: 'lb2', live: 0 },
        ...{ missing_before: null, missing: null },
      },
    ]);
    expect(bench.agent.connections('web')?.moves).toMatchObject({
      hand_overs: 1,
      last: { move: 'hand-over', peers: [{ name: 'lb2', missing_before: null, missing: null }] },
    });
    await bench.stop();
  });
});
