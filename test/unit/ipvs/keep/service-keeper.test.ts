import { describe, expect, test } from 'vitest';
import type { ServiceSettings } from '../../../../src/config/ipvs-settings.ts';
import { ServiceKeeper } from '../../../../src/ipvs/keep/service-keeper.ts';
import { errnoNumber } from '../../../../src/kernel/ffi/errno.ts';
import { KernelError } from '../../../../src/kernel/ffi/kernel-error.ts';
import { ip } from '../../../../src/net/address.ts';
import { FakeIpvs } from '../fake-ipvs.ts';
import { healthRig, quietLog, server, service, tcpCheck } from '../health/health-rig.ts';

const FIRST = server(11);
const SECOND = server(12);

/** A service at another address. */
function mail(): ServiceSettings {
  const like = service([server(21)], { checks: {} }, 'mail');
  const { key } = like.service;
  if (key.kind === 'mark') throw new Error('it has an address');
  return { ...like, service: { ...like.service, key: { ...key, address: ip('203.0.113.101') } } };
}

async function keeperOf(services: readonly ServiceSettings[]) {
  const kernel = new FakeIpvs();
  const lines: string[] = [];
  const log = quietLog(lines);
  const { health, result } = healthRig(services);
  const keeper = new ServiceKeeper({
    client: kernel,
    log,
    owned: [],
    remember: async () => {},
    serversOf: (one) => health.serversOf(one),
  });
  await keeper.want(services, false);
  kernel.written.splice(0);
  kernel.read.splice(0);
  return { kernel, keeper, result, log, lines };
}

describe('the service table', () => {
  test('gets weight 0 for a server that fails, without reading or writing other services', async () => {
    const { kernel, keeper, result } = await keeperOf([service([FIRST, SECOND]), mail()]);
    result(tcpCheck(FIRST), false);
    await keeper.touch(['web']);
    expect(kernel.written).toEqual(['server.edit 10.0.0.11:80 0']);
    expect(kernel.read).toEqual(['tcp 203.0.113.100:80']);
  });

  test('is written once for simultaneous changes', async () => {
    const { kernel, keeper, result } = await keeperOf([service([FIRST, SECOND])]);
    result(tcpCheck(FIRST), false);
    const first = keeper.touch(['web']);
    result(tcpCheck(SECOND), false);
    await Promise.all([first, keeper.touch(['web'])]);
    expect(kernel.read).toHaveLength(1);
    expect(kernel.written).toEqual(['server.edit 10.0.0.11:80 0', 'server.edit 10.0.0.12:80 0']);
  });

  test('counts a change by another program as a repair, but not a change by a check', async () => {
    const web = service([FIRST, SECOND]);
    const { kernel, keeper, result } = await keeperOf([web]);
    result(tcpCheck(FIRST), false);
    const touched = keeper.touch(['web']);
    await Promise.all([touched, keeper.check()]);
    expect(keeper.repairs).toBe(0);
    kernel.tamper({ kind: 'server.edit', key: web.service.key, server: server(12, 9) });
    await keeper.check();
    expect(keeper.repairs).toBe(1);
    expect(kernel.written.at(-1)).toBe('server.edit 10.0.0.12:80 1');
  });

  test('FR-N16 says what another program changed, and how a server is taken out of service', async () => {
    const web = service([FIRST, SECOND]);
    const { key } = web.service;
    const { kernel, keeper, lines } = await keeperOf([web, mail()]);
    kernel.tamper({ kind: 'server.edit', key, server: server(11, 0) });
    await keeper.check();
    expect(lines).toEqual([
      'another program changed the service table: 1 differences repaired: 10.0.0.11:80 of web had ' +
        'weight 0 and has 1 again (to take it out of service: vrrp-agent ipvs drain web 10.0.0.11:80)',
    ]);
    kernel.tamper({ kind: 'server.remove', key, server: FIRST });
    kernel.tamper({ kind: 'server.edit', key, server: { ...SECOND, upperThreshold: 9 } });
    kernel.tamper({ kind: 'server.add', key, server: server(13) });
    kernel.tamper({ kind: 'service.remove', key: mail().service.key });
    await keeper.check();
    expect(lines.at(-1)).toBe(
      'another program changed the service table: 5 differences repaired: 10.0.0.11:80 had been removed ' +
        'from web; 10.0.0.12:80 of web had other settings; 10.0.0.13:80 had been added to web; 2 more',
    );
    kernel.tamper({ kind: 'service.remove', key: mail().service.key });
    kernel.tamper({ kind: 'service.edit', service: { ...web.service, scheduler: 'rr' } });
    kernel.tamper({ kind: 'server.edit', key, server: server(11, 7) });
    await keeper.check();
    expect(lines.at(-1)).toContain(
      'web had other settings; 10.0.0.11:80 of web had weight 7 and has 1 again; mail had been removed',
    );
  });

  test('has no problem left when the kernel accepts what it refused before', async () => {
    const web = service([FIRST]);
    const { kernel, keeper, result, log } = await keeperOf([web]);
    kernel.refusals.set('server.edit', new KernelError('change it', errnoNumber('EINVAL')));
    result(tcpCheck(FIRST), false);
    await keeper.touch(['web']);
    expect([...keeper.refused]).toEqual(['tcp 203.0.113.100:80']);
    expect(log.troubles()).toHaveLength(1);
    kernel.refusals.clear();
    await keeper.check();
    expect([...keeper.refused]).toEqual([]);
    expect(log.troubles()).toEqual([]);
  });
});
