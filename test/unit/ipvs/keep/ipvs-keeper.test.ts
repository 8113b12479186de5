import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { IpvsSettings } from '../../../../src/config/ipvs-settings.ts';
import { IpvsKeeper } from '../../../../src/ipvs/keep/ipvs-keeper.ts';
import type { IpvsSnapshot } from '../../../../src/ipvs/keep/ipvs-snapshot.ts';
import { errnoNumber } from '../../../../src/kernel/ffi/errno.ts';
import { KernelError } from '../../../../src/kernel/ffi/kernel-error.ts';
import { StateFile } from '../../../../src/kernel/files/state-file.ts';
import { ip } from '../../../../src/net/address.ts';
import { serviceName } from '../../../../src/net/ipvs.ts';
import { probeName } from '../../../../src/net/probe.ts';
import { seconds } from '../../../../src/net/time.ts';
import type { Input } from '../../../../src/protocol/engine/inputs.ts';
import type { TransitionCause } from '../../../../src/protocol/engine/reports.ts';
import { idleChecker } from '../../checker/idle-checker.ts';
import { settingsOf } from '../../observe/samples.ts';
import { FakeKernel } from '../fake-kernel.ts';
import { server, service, tcpCheck } from '../health/health-rig.ts';

const UNCHECKED = { checks: {} };
const WEB = service([server(11), server(12)], UNCHECKED);
const NAME = serviceName(WEB.service.key);
const MAIL_ADDRESS = ip('203.0.113.110');
const FOREIGN = {
  ...WEB.service,
  key: { kind: 'address', family: 'ipv4', protocol: 'tcp', address: MAIL_ADDRESS, port: 25 },
} as const;
const FOREIGN_NAME = serviceName(FOREIGN.key);

const SETTINGS: IpvsSettings = {
  required: true,
  exclusive: false,
  onStop: 'remove',
  timeouts: undefined,
  sysctls: {},
  sync: undefined,
  services: [WEB],
};

const INSTANCES = settingsOf('web', 'mail').instances.map((one) =>
  one.name === 'mail'
    ? { ...one, addresses: [{ address: MAIL_ADDRESS, prefixLength: 32, interface: 'eth0' }] }
    : { ...one, preemptWhenSynced: seconds(120) },
);

let directory: string;

beforeEach(() => {
  vi.useFakeTimers();
  directory = mkdtempSync(join(tmpdir(), 'ipvs-keeper-'));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

class Bench {
  readonly kernel: FakeKernel;
  readonly faults: string[] = [];
  readonly table: boolean[] = [];
  readonly keeper: IpvsKeeper;

  constructor(
    settings: Partial<IpvsSettings> = {},
    kernel = new FakeKernel(),
    inherited?: IpvsSnapshot,
  ) {
    this.kernel = kernel;
    const silent = () => {};
    this.keeper = new IpvsKeeper({
      ...(inherited === undefined ? {} : { inherited }),
      settings: { ...SETTINGS, ...settings },
      instances: INSTANCES,
      stateDirectory: directory,
      checker: idleChecker(),
      logger: { info: silent, warn: silent, error: silent } as unknown as Logger,
      router: 'lb1',
      isMaster: () => false,
      feed: (input) => this.#take(input),
      record: silent,
      keep: () => {},
      kernel: kernel.kernel(),
    });
  }

  #take(input: Input): void {
    if (input.kind === 'ipvs.changed') {
      this.faults.push(`${input.instance}: ${input.fault ?? 'none'}`);
    }
    if (input.kind === 'table.changed') this.table.push(input.synced);
  }

  async checked(): Promise<void> {
    await vi.advanceTimersByTimeAsync(2_000);
    await this.keeper.idle();
  }

  reload(settings: Partial<IpvsSettings>): Promise<void> {
    return this.keeper.reconfigure({ ...SETTINGS, ...settings }, INSTANCES);
  }
}

describe('a kernel without IPVS', () => {
  test('prevents every instance from being MASTER if IPVS is required', async () => {
    const bench = new Bench();
    bench.kernel.hasIpvs = false;
    await bench.keeper.start();
    expect(bench.faults).toEqual(['web: ipvs', 'mail: ipvs']);
    expect(bench.keeper.troubles()).toEqual(['this kernel has no IPVS']);
    expect(bench.table).toEqual([true]);
    await bench.keeper.stop();
  });

  test('prevents nothing if IPVS is not required', async () => {
    const bench = new Bench({ required: false });
    bench.kernel.hasIpvs = false;
    await bench.keeper.start();
    expect(bench.faults).toEqual(['web: none', 'mail: none']);
    await bench.keeper.stop();
  });

  test('is used once it has IPVS', async () => {
    const bench = new Bench();
    bench.kernel.hasIpvs = false;
    await bench.keeper.start();
    await bench.checked();
    expect(bench.faults).toHaveLength(2);
    bench.kernel.hasIpvs = true;
    await bench.checked();
    expect(bench.faults.slice(2)).toEqual(['web: none', 'mail: none']);
    expect(bench.kernel.weightOf(WEB.service.key, '10.0.0.11:80')).toBe(1);
    await bench.keeper.stop();
  });

  test('is reported again to an instance that starts again', async () => {
    const bench = new Bench();
    bench.kernel.hasIpvs = false;
    await bench.keeper.start();
    bench.faults.length = 0;
    bench.keeper.apply({ instance: 'web', from: 'INIT', to: 'BACKUP', cause: 'started' });
    bench.keeper.apply({ instance: 'web', from: 'BACKUP', to: 'MASTER', cause: 'priority-zero' });
    expect(bench.faults).toEqual(['web: ipvs']);
    await bench.keeper.stop();
  });
});

describe('a service that an instance requires', () => {
  test('and the kernel refuses prevents only that instance from being MASTER', async () => {
    const bench = new Bench({ services: [{ ...WEB, require: 'web' }] });
    bench.kernel.refuses.add(NAME);
    await bench.keeper.start();
    expect(bench.faults).toEqual(['web: ipvs:web', 'mail: none']);
    bench.kernel.refuses.clear();
    await bench.checked();
    expect(bench.faults.slice(2)).toEqual(['web: none']);
    await bench.keeper.stop();
  });

  test('counts as the current configuration says', async () => {
    const bench = new Bench();
    bench.kernel.refuses.add(NAME);
    await bench.keeper.start();
    expect(bench.faults).toEqual(['web: none', 'mail: none']);
    await bench.reload({ services: [{ ...WEB, require: 'mail' }] });
    expect(bench.faults.slice(2)).toEqual(['mail: ipvs:web']);
    await bench.keeper.stop();
  });
});

describe('the service table', () => {
  test('is created, and nothing is written where nothing differs', async () => {
    const bench = new Bench();
    await bench.keeper.start();
    const made = [
      `service.add ${NAME}`,
      `server.add ${NAME} 10.0.0.11:80`,
      `server.add ${NAME} 10.0.0.12:80`,
    ];
    expect(bench.kernel.written).toEqual(made);
    await bench.checked();
    expect(bench.kernel.written).toEqual(made);
    await bench.keeper.stop();
  });

  test('is changed by a reload only where it differs', async () => {
    const bench = new Bench();
    await bench.keeper.start();
    bench.kernel.written.length = 0;
    await bench.reload({ services: [service([server(11, 5), server(13)], UNCHECKED)] });
    expect(bench.kernel.written).toEqual([
      `server.edit ${NAME} 10.0.0.11:80`,
      `server.add ${NAME} 10.0.0.13:80`,
      `server.remove ${NAME} 10.0.0.12:80`,
    ]);
    expect(bench.keeper.parts?.services.repairs).toBe(0);
    await bench.keeper.stop();
  });

  test('keeps services added by hand through reload, check and stop', async () => {
    const bench = new Bench();
    bench.kernel.add(FOREIGN);
    await bench.keeper.start();
    await bench.reload({ services: [] });
    expect([...bench.kernel.table.keys()]).toEqual([FOREIGN_NAME]);
    await bench.checked();
    await bench.keeper.stop();
    expect([...bench.kernel.table.keys()]).toEqual([FOREIGN_NAME]);
  });

  test('that is exclusive has no other services until a reload ends that', async () => {
    const bench = new Bench({ exclusive: true });
    bench.kernel.add(FOREIGN);
    await bench.keeper.start();
    expect([...bench.kernel.table.keys()]).toEqual([NAME]);
    await bench.reload({ exclusive: false });
    bench.kernel.add(FOREIGN);
    await bench.checked();
    expect(bench.kernel.table.has(FOREIGN_NAME)).toBe(true);
    await bench.keeper.stop();
  });

  test('is repaired when another program changes it, which is counted', async () => {
    const bench = new Bench();
    await bench.keeper.start();
    bench.kernel.add(WEB.service, server(11, 9), server(12));
    await bench.checked();
    expect(bench.kernel.weightOf(WEB.service.key, '10.0.0.11:80')).toBe(1);
    expect(bench.keeper.parts?.services.repairs).toBe(1);
    await bench.keeper.stop();
  });

  test('loses what the agent created when the agent stops', async () => {
    const bench = new Bench();
    await bench.keeper.start();
    await bench.keeper.stop();
    expect([bench.kernel.table.size, bench.kernel.closed]).toEqual([0, 1]);
  });

  test('stays with `on_stop: keep`, and the next run owns it', async () => {
    const bench = new Bench({ onStop: 'keep' });
    await bench.keeper.start();
    await bench.keeper.stop();
    expect([...bench.kernel.table.keys()]).toEqual([NAME]);
    const next = new Bench({ services: [] }, bench.kernel);
    await next.keeper.start();
    expect(bench.kernel.table.size).toBe(0);
    await next.keeper.stop();
  });
});

describe('parameters and timeouts', () => {
  test('are set before the services, and parameters are restored after them', async () => {
    const timeouts = { tcp: 600, tcpFin: 0, udp: 0 };
    const bench = new Bench({ sysctls: { sync_retries: '2' }, timeouts });
    bench.kernel.parameters.set('sync_retries', '0');
    await bench.keeper.start();
    expect(bench.kernel.written.slice(0, 3)).toEqual([
      'timeouts 600 0 0',
      'sync_retries = 2',
      `service.add ${NAME}`,
    ]);
    await bench.reload({ sysctls: { sync_retries: '3' }, timeouts });
    expect(bench.kernel.parameters.get('sync_retries')).toBe('3');
    await bench.keeper.stop();
    expect(bench.kernel.written.slice(-3)).toEqual([
      `service.remove ${NAME}`,
      'sync_retries = 0',
      'timeouts 900 0 0',
    ]);
  });

  test('FR-N17 timeouts that another program changes are set again, and the agent gives them back', async () => {
    const bench = new Bench({ timeouts: { tcp: 600, tcpFin: 0, udp: 60 } });
    await bench.keeper.start();
    bench.kernel.setTimeouts({ tcp: 0, tcpFin: 77, udp: 99 });
    await bench.checked();
    expect(bench.kernel.seconds).toEqual({ tcp: 600, tcpFin: 77, udp: 60 });
    expect(bench.keeper.parts?.timeouts.repairs).toBe(1);
    await bench.reload({ timeouts: { tcp: 600, tcpFin: 0, udp: 0 } });
    expect(bench.kernel.seconds).toEqual({ tcp: 600, tcpFin: 77, udp: 300 });
    await bench.keeper.stop();
    expect(bench.kernel.seconds).toEqual({ tcp: 900, tcpFin: 77, udp: 300 });
  });

  test('FR-N17 timeouts of a run that crashed are given back by the next', async () => {
    const bench = new Bench({ timeouts: { tcp: 600, tcpFin: 0, udp: 0 } });
    await bench.keeper.start();
    await bench.keeper.release();
    const next = new Bench({ timeouts: { tcp: 600, tcpFin: 0, udp: 0 } }, bench.kernel);
    await next.keeper.start();
    await next.keeper.stop();
    expect(bench.kernel.seconds.tcp).toBe(900);
  });

  test('FR-N17 timeouts that the kernel refuses stop neither the start nor a reload', async () => {
    const refused = { tcp: 1, tcpFin: 0, udp: 0 };
    const bench = new Bench({ timeouts: refused });
    bench.kernel.parameters.set('sync_retries', '0');
    const refusal = vi.spyOn(bench.kernel, 'setTimeouts').mockImplementation(() => {
      throw new Error('EINVAL');
    });
    await bench.keeper.start();
    expect(bench.keeper.troubles()).toEqual(['EINVAL']);
    expect(bench.faults).toEqual(['web: none', 'mail: none']);
    const timeouts = { tcp: 2, tcpFin: 0, udp: 0 };
    const more = service([server(11), server(13)], UNCHECKED);
    await bench.reload({ timeouts, sysctls: { sync_retries: '2' }, services: [more] });
    expect(bench.kernel.parameters.get('sync_retries')).toBe('2');
    expect(bench.kernel.weightOf(more.service.key, '10.0.0.13:80')).toBe(1);
    expect(bench.keeper.troubles()).toEqual(['EINVAL']);
    refusal.mockRestore();
    await bench.checked();
    expect(bench.kernel.seconds.tcp).toBe(2);
    expect([bench.keeper.troubles(), bench.keeper.parts?.timeouts.repairs]).toEqual([[], 0]);
    await bench.keeper.stop();
    expect(bench.kernel.seconds.tcp).toBe(900);
  });

  test('FR-N17 timeouts that the kernel refuses to take back are given back later', async () => {
    const bench = new Bench({ timeouts: { tcp: 600, tcpFin: 0, udp: 0 } });
    await bench.keeper.start();
    const refusal = vi.spyOn(bench.kernel, 'setTimeouts').mockImplementation(() => {
      throw new Error('ENOMEM');
    });
    await bench.reload({ timeouts: undefined });
    await bench.checked();
    expect(bench.keeper.troubles()).toEqual(['ENOMEM']);
    refusal.mockRestore();
    await bench.checked();
    expect([bench.kernel.seconds.tcp, bench.keeper.troubles()]).toEqual([900, []]);
    await bench.keeper.stop();
  });

  test('A start that fails leaves no client open', async () => {
    const bench = new Bench();
    vi.spyOn(bench.kernel, 'info').mockImplementation(() => {
      throw new Error('ENOMEM');
    });
    await bench.keeper.start();
    expect([bench.kernel.closed, bench.keeper.parts]).toEqual([1, undefined]);
    expect(bench.keeper.troubles()).toEqual(['ENOMEM']);
    await bench.keeper.stop();
  });
});

describe('FR-N16 a module that another program unloads', () => {
  test('puts instances into FAULT, and is used again once it is loaded', async () => {
    const bench = new Bench();
    await bench.keeper.start();
    bench.faults.length = 0;
    const { kernel } = bench;
    kernel.hasIpvs = false;
    kernel.table.clear();
    const info = vi.spyOn(kernel, 'info').mockImplementation(() => {
      throw new KernelError('read the version of IPVS', errnoNumber('ENOENT'));
    });
    await bench.checked();
    expect(bench.faults).toEqual(['web: ipvs', 'mail: ipvs']);
    expect(kernel.closed).toBe(1);
    info.mockRestore();
    kernel.hasIpvs = true;
    await bench.checked();
    expect(bench.faults.slice(2)).toEqual(['web: none', 'mail: none']);
    expect(kernel.weightOf(WEB.service.key, '10.0.0.11:80')).toBe(1);
    expect(bench.keeper.troubles()).toEqual([]);
    await bench.keeper.stop();
    expect(kernel.table.size).toBe(0);
  });

  test('and loads again keeps the daemons of another program, though a former process had some', async () => {
    const kernel = new FakeKernel();
    const bench = new Bench({}, kernel, { hasDaemons: true, onStop: 'remove' });
    const { daemon } = sync('eth1');
    kernel.startDaemon({ ...daemon, role: 'backup' } as never);
    await bench.keeper.start();
    expect(kernel.roles).toEqual([]);
    const info = vi.spyOn(kernel, 'info').mockImplementation(() => {
      throw new KernelError('read the version of IPVS', errnoNumber('ENOENT'));
    });
    await bench.checked();
    info.mockRestore();
    kernel.startDaemon({ ...daemon, role: 'backup' } as never);
    await bench.checked();
    expect(bench.keeper.parts).toBeDefined();
    expect(kernel.roles).toEqual(['backup']);
    await bench.keeper.stop();
  });

  test('is kept when it only refuses to answer', async () => {
    const bench = new Bench();
    await bench.keeper.start();
    vi.spyOn(bench.kernel, 'info').mockImplementation(() => {
      throw new KernelError('read the version of IPVS', errnoNumber('ENOMEM'));
    });
    await bench.checked();
    expect(bench.kernel.closed).toBe(0);
    await bench.keeper.stop();
  });
});

const sync = (interfaceName: string): NonNullable<IpvsSettings['sync']> => ({
  mode: 'follow',
  instance: 'web',
  rstGuard: 'off',
  catchUp: false,
  peers: [],
  daemon: {
    interface: interfaceName,
    syncId: 55,
    group: undefined,
    port: undefined,
    ttl: undefined,
    maximumLength: undefined,
  },
});

describe('FR-N15 the connections that a reload ends', () => {
  const FALLBACK = server(99);

  test('are those of servers and services that leave the table', async () => {
    const bench = new Bench({
      services: [service([server(11), server(12)], { checks: {}, fallback: FALLBACK })],
    });
    await bench.keeper.start();
    bench.kernel.connections.set('10.0.0.11:80', 3).set('10.0.0.12:80', 37);
    const cutBy = (services: IpvsSettings['services']) =>
      bench.keeper.cutBy({ ...SETTINGS, services });
    const about = { service: 'web', server: '10.0.0.12:80', connections: 37 };
    expect(cutBy([service([server(11), server(13)], UNCHECKED)])).toEqual([about]);
    expect(cutBy([service([server(11)], { checks: {}, fallback: server(12) })])).toEqual([]);
    expect(cutBy([])).toEqual([{ service: 'web', server: '10.0.0.11:80', connections: 3 }, about]);
    expect(bench.keeper.cutBy(undefined)).toHaveLength(2);
    await bench.reload({ onStop: 'keep' });
    expect(bench.keeper.cutBy(undefined)).toEqual([]);
    await bench.keeper.stop();
  });
});

describe('FR-N1 what the next process gets', () => {
  const up = { up: true, value: undefined, detail: 'connected' };

  test.each([
    [2_000, true],
    [2_001, false],
  ])('has the results of %i checks: %s', async (count, isHandedOver) => {
    const bench = new Bench({ onStop: 'keep' });
    const probes = Array.from({ length: count }, (_, position) => [`${position}`, up] as const);
    bench.keeper.health.adopt({ probes, quorums: [] });
    const { health, ...others } = bench.keeper.capture();
    expect(health !== undefined).toBe(isHandedOver);
    expect(others).toEqual({ hasDaemons: false, onStop: 'keep' });
  });
});

test('FR-N15 a reload that makes the table exclusive counts the connections of services of others', async () => {
  const bench = new Bench();
  bench.kernel.add(FOREIGN, server(21));
  await bench.keeper.start();
  bench.kernel.connections.set('10.0.0.21:80', 8);
  expect(bench.keeper.cutBy(SETTINGS)).toEqual([]);
  expect(bench.keeper.cutBy({ ...SETTINGS, exclusive: true })).toEqual([
    { service: FOREIGN_NAME, server: '10.0.0.21:80', connections: 8 },
  ]);
  await bench.keeper.stop();
});

test('FR-N18 results that arrive while the kernel is being opened are not lost', async () => {
  const web = service([server(11), server(12)]);
  const bench = new Bench({ services: [web] });
  const start = bench.kernel.change.bind(bench.kernel);
  vi.spyOn(bench.kernel, 'change').mockImplementationOnce(async (changes) => {
    const down = { up: false, value: undefined, detail: 'ECONNREFUSED' };
    const refused = await start(changes);
    bench.keeper.health.changed(probeName(tcpCheck(server(11))), down);
    return refused;
  });
  await bench.keeper.start();
  await vi.advanceTimersByTimeAsync(0);
  expect(bench.kernel.weightOf(web.service.key, '10.0.0.11:80')).toBe(0);
  expect(bench.keeper.parts?.services.repairs).toBe(0);
  await bench.keeper.stop();
});

describe('a state disk that does not answer', () => {
  const neverSettles = () => new Promise<void>(() => {});

  test('delays the services, and the stop, by two seconds at most', async () => {
    const save = vi.spyOn(StateFile.prototype, 'save').mockImplementation(neverSettles);
    const remove = vi.spyOn(StateFile.prototype, 'remove').mockImplementation(neverSettles);
    onTestFinished(() => {
      save.mockRestore();
      remove.mockRestore();
    });
    const bench = new Bench({ sync: { ...sync('eth1'), rstGuard: 'planned' } });
    const started = bench.keeper.start();
    await vi.advanceTimersByTimeAsync(2_000);
    await started;
    expect(bench.kernel.table.size).toBe(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(bench.keeper.troubles()).toEqual([expect.stringContaining('not answered for 2 s')]);
    bench.keeper.hurry();
    const ended = vi.fn();
    void bench.keeper.stop().then(ended);
    await vi.advanceTimersByTimeAsync(1_900);
    expect([bench.kernel.table.size, bench.kernel.guard]).toEqual([0, ['raised', 'lowered']]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(ended).toHaveBeenCalledOnce();
  });
});

describe('connection synchronisation', () => {
  test('FR-N12 starts again when a reload changes a parameter that it reads at the start', async () => {
    const parameters = { sync_ports: '1', backup_only: '0' };
    const bench = new Bench({ sync: sync('eth1'), sysctls: parameters });
    for (const [name, value] of Object.entries(parameters))
      bench.kernel.parameters.set(name, value);
    await bench.keeper.start();
    await vi.advanceTimersByTimeAsync(1_000);
    bench.kernel.written.length = 0;
    const reload = (sysctls: IpvsSettings['sysctls']) =>
      bench.reload({ sync: sync('eth1'), sysctls });
    await reload({ ...parameters, sync_ports: '4' });
    expect(bench.kernel.written).toEqual(['sync_ports = 4', 'stop backup', 'start backup']);
    await vi.advanceTimersByTimeAsync(1_000);
    bench.kernel.written.length = 0;
    await reload({ backup_only: '1', sync_ports: '4' });
    expect(bench.kernel.written).toEqual(['backup_only = 1']);
    bench.keeper.hurry();
    await bench.keeper.stop();
  });

  test('starts after the services, and follows only its instance', async () => {
    const bench = new Bench({ sync: sync('eth1') });
    await bench.keeper.start();
    expect(bench.kernel.written.at(-1)).toBe('start backup');
    bench.keeper.apply({ instance: 'mail', from: 'BACKUP', to: 'MASTER', cause: 'priority-zero' });
    await vi.advanceTimersByTimeAsync(100);
    expect(bench.kernel.roles).toEqual(['backup']);
    bench.keeper.apply({ instance: 'web', from: 'BACKUP', to: 'MASTER', cause: 'priority-zero' });
    await vi.advanceTimersByTimeAsync(100);
    expect(bench.kernel.roles).toEqual(['backup', 'master']);
    bench.keeper.hurry();
    const stopped = bench.keeper.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    await stopped;
    expect(bench.kernel.roles).toEqual([]);
  });

  test('moves to another interface, and ends, by a reload', async () => {
    const bench = new Bench({ sync: sync('eth1') });
    await bench.keeper.start();
    await vi.advanceTimersByTimeAsync(1_000);
    await bench.reload({ sync: sync('eth2') });
    expect(bench.kernel.running.get('backup')?.interface).toBe('eth2');
    await vi.advanceTimersByTimeAsync(1_000);
    await bench.reload({ sync: undefined });
    expect(bench.kernel.roles).toEqual([]);
    await bench.keeper.stop();
  });
});

describe('resets from the VIPs', () => {
  const SILENT = 'master-silent';
  const RESIGNED = 'priority-zero';

  async function startedWith(rstGuard: 'planned' | 'always' | 'off') {
    const bench = new Bench({ sync: { ...sync('eth1'), rstGuard } });
    await bench.keeper.start();
    const move = (from: 'BACKUP' | 'MASTER', to: 'BACKUP' | 'MASTER', cause: TransitionCause) =>
      bench.keeper.apply({ instance: 'web', from, to, cause });
    return { bench, move, guard: bench.kernel.guard };
  }

  async function end({ keeper }: Bench): Promise<void> {
    keeper.hurry();
    const stopped = keeper.stop();
    await vi.advanceTimersByTimeAsync(1_000);
    await stopped;
  }

  test('are blocked while it is not MASTER, and for five seconds after a planned takeover', async () => {
    const { bench, move, guard } = await startedWith('planned');
    expect([guard, bench.keeper.isGuarding]).toEqual([['raised'], true]);
    move('BACKUP', 'MASTER', RESIGNED);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(bench.keeper.isGuarding).toBe(true);
    await vi.advanceTimersByTimeAsync(200);
    expect(guard).toEqual(['raised', 'lowered']);
    move('MASTER', 'BACKUP', 'higher-priority');
    await vi.advanceTimersByTimeAsync(100);
    expect(guard.at(-1)).toBe('raised');
    await end(bench);
    expect(guard.at(-1)).toBe('lowered');
  });

  test.each([
    ['planned', SILENT, false],
    ['always', SILENT, true],
  ] as const)(
    'are blocked after a crash with `rst_guard: %s` (%s): %s',
    async (mode, cause, expected) => {
      const { bench, move } = await startedWith(mode);
      move('BACKUP', 'MASTER', cause);
      await vi.advanceTimersByTimeAsync(100);
      expect(bench.keeper.isGuarding).toBe(expected);
      await end(bench);
    },
  );

  test('are not blocked with `rst_guard: off`, also those that a former process has blocked', async () => {
    const { bench, move, guard } = await startedWith('off');
    expect(guard).toEqual(['lowered']);
    move('BACKUP', 'MASTER', RESIGNED);
    await end(bench);
    expect(guard).not.toContain('raised');
  });

  test('from new addresses are blocked after a reload', async () => {
    const { bench, guard } = await startedWith('planned');
    const extraAddresses = [{ address: ip('10.0.0.1'), prefixLength: 24, interface: 'eth2' }];
    const changed = INSTANCES.map((one) => ({ ...one, extraAddresses }));
    await bench.keeper.reconfigure(
      { ...SETTINGS, sync: { ...sync('eth1'), rstGuard: 'planned' } },
      changed,
    );
    expect(guard).toEqual(['raised', 'raised']);
    await end(bench);
  });
});

test('a process that hands over leaves the services to its successor', async () => {
  const bench = new Bench();
  await bench.keeper.start();
  await bench.keeper.release();
  expect(bench.kernel.weightOf(WEB.service.key, '10.0.0.11:80')).toBe(1);
  expect(bench.kernel.guard.at(-1)).toBe('abandoned');
});
