import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { IpvsSettings } from '../../../../src/config/ipvs-settings.ts';
import { ipvsDocument } from '../../../../src/ipvs/keep/ipvs-document.ts';
import { IpvsKeeper } from '../../../../src/ipvs/keep/ipvs-keeper.ts';
import { ip } from '../../../../src/net/address.ts';
import type { Service } from '../../../../src/net/ipvs.ts';
import { idleChecker } from '../../checker/idle-checker.ts';
import { settingsOf } from '../../observe/samples.ts';
import { FakeKernel } from '../fake-kernel.ts';
import { server, service } from '../health/health-rig.ts';

const WEB = service([server(11), server(12, 3)], { checks: {}, fallback: server(99) });
const MARKED: Service = {
  key: { kind: 'mark', family: 'ipv6', mark: 7 },
  scheduler: 'mh',
  schedulerFlags: 0b011,
  onePacket: true,
  persistence: { seconds: 300, prefixLength: 64, engine: undefined },
};

/** The document of an agent on such a kernel. */
async function documentOf(
  settings: Partial<IpvsSettings> = {},
  prepare: (kernel: FakeKernel) => void = () => {},
  change: (kernel: FakeKernel) => void = () => {},
) {
  vi.useFakeTimers();
  const directory = mkdtempSync(join(tmpdir(), 'ipvs-document-'));
  const kernel = new FakeKernel();
  prepare(kernel);
  const silent = () => {};
  const keeper = new IpvsKeeper({
    settings: {
      ...{ required: true, exclusive: false, onStop: 'remove', timeouts: undefined },
      ...{ sysctls: {}, sync: undefined, services: [WEB] },
      ...settings,
    },
    instances: settingsOf('web').instances,
    stateDirectory: directory,
    checker: idleChecker(),
    logger: { info: silent, warn: silent, error: silent } as unknown as Logger,
    router: 'lb1',
    isMaster: () => false,
    kernel: kernel.kernel(),
    ...{ feed: silent, record: silent, keep: silent },
  });
  onTestFinished(async () => {
    vi.useRealTimers();
    await keeper.release();
    rmSync(directory, { recursive: true, force: true });
  });
  await keeper.start();
  change(kernel);
  return ipvsDocument(keeper);
}

describe('the document of IPVS', () => {
  test('lists services in the order of the file, then services of other programs', async () => {
    const mail = service([server(13)], { checks: {} }, 'mail');
    const { key } = mail.service;
    if (key.kind !== 'address') throw new Error('mail has an address');
    const moved = { ...mail, service: { ...mail.service, key: { ...key, port: 25 } } };
    const document = await documentOf({ services: [moved, WEB] }, (kernel) => kernel.add(MARKED));
    expect(document.services.map(({ name, port, fwmark }) => [name, port, fwmark])).toEqual([
      ['mail', 25, null],
      ['web', 80, null],
      [null, null, 7],
    ]);
  });

  test('has the actual and the wanted weight of each server', async () => {
    const { services } = await documentOf({}, undefined, (kernel) =>
      kernel.add(WEB.service, server(11, 9), server(12, 3), server(77)),
    );
    expect(services[0]?.servers.map((one) => [one.address, one.weight, one.wanted_weight])).toEqual(
      [
        ['10.0.0.11', 9, 1],
        ['10.0.0.12', 3, 3],
        ['10.0.0.77', 1, null],
      ],
    );
  });

  test('names flags as ipvsadm does', async () => {
    const lblc = { ...MARKED, key: { ...MARKED.key, mark: 8 }, scheduler: 'lblc' } as Service;
    const { services } = await documentOf({ services: [] }, (kernel) => {
      kernel.add(MARKED);
      kernel.add(lblc);
    });
    expect(services.map(({ scheduler, flags }) => [scheduler, flags])).toEqual([
      ['mh', ['mh-fallback', 'mh-port']],
      ['lblc', ['flag-1', 'flag-2']],
    ]);
    expect(services[0]).toMatchObject({
      protocol: null,
      family: 'ipv6',
      one_packet: true,
      persistence: { seconds: 300, prefix_length: 64, engine: null },
    });
  });

  test('has the actual and the wanted value of each parameter', async () => {
    const { sysctls } = await documentOf(
      { sysctls: { sync_retries: '2', sloppy_tcp: '1' } },
      (kernel) => kernel.parameters.set('sync_retries', '0'),
      (kernel) => kernel.parameters.set('sync_retries', '5'),
    );
    expect(sysctls).toEqual([
      { name: 'sync_retries', wanted: '2', actual: '5' },
      { name: 'sloppy_tcp', wanted: '1', actual: null },
    ]);
  });

  test('has the actual and the wanted sync daemons, and the connections', async () => {
    const daemon = {
      ...{ interface: 'eth1', syncId: 55, group: ip('224.0.0.81'), port: 8_848 },
      ...{ ttl: undefined, maximumLength: undefined },
    };
    const { sync } = await documentOf({
      sync: {
        mode: 'follow',
        instance: 'web',
        rstGuard: 'planned',
        catchUp: false,
        peers: [],
        daemon,
      },
    });
    expect(sync).toMatchObject({
      ...{ instance: 'web', interface: 'eth1', sync_id: 55, roles: ['backup'], rst_guard: true },
      daemons: [{ role: 'backup', group: '224.0.0.81', port: 8_848, ttl: null, maxlen: null }],
      connections: { live: 0, caught_up: false, catch_up: false, peers: [], moves: { last: null } },
    });
  });

  test('has the health of the servers, and the fallback', async () => {
    const { health } = await documentOf();
    expect(health).toEqual([
      {
        ...{ service: 'web', healthy: 2, unknown: 0, total: 2, minimum: null, quorum: null },
        fallback: { server: '10.0.0.99:80', active: false },
        servers: [
          {
            ...{ server: '10.0.0.11:80', state: 'unchecked', drained: null },
            ...{ configured_weight: 1, effective_weight: 1, check: null, weight_from: null },
          },
          expect.objectContaining({ server: '10.0.0.12:80', configured_weight: 3 }),
        ],
      },
    ]);
  });

  test('of a kernel without IPVS says so, and still has the health of the servers', async () => {
    const document = await documentOf({}, (kernel) => {
      kernel.hasIpvs = false;
    });
    expect(document).toMatchObject({
      ...{ available: false, required: true, version: null, services: [], sync: null },
      troubles: ['this kernel has no IPVS'],
    });
    expect(document.health).toHaveLength(1);
  });

  test('of a kernel that no longer answers says so, and does not fail', async () => {
    const document = await documentOf({}, undefined, (kernel) => {
      vi.spyOn(kernel, 'info').mockImplementation(() => {
        throw new Error('the kernel does not answer');
      });
    });
    expect(document).toMatchObject({
      available: false,
      troubles: ['the kernel does not answer'],
    });
  });
});
