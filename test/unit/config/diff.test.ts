import { describe, expect, test } from 'vitest';
import { reloadPlan } from '../../../src/config/diff.ts';
import { loadConfig } from '../../../src/config/load.ts';

const WEB = '{ name: web, interface: eth0, vrid: 55, addresses: [203.0.113.100/32]';
const MAIL = '{ name: mail, interface: eth0, vrid: 56, addresses: [203.0.113.101/32]';

function load(instances: readonly string[], top = '') {
  const result = loadConfig(`${top}\ninstances: [${instances.join(', ')}]`, { hostName: 'lb1' });
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

function planOf(before: readonly string[], after: readonly string[], tops = ['', '']) {
  return reloadPlan(load(before, tops[0]), load(after, tops[1]));
}

describe('the plan of a reload', () => {
  test('is empty when nothing differs, comments and order included', () => {
    const plan = planOf([`${WEB} }`, `${MAIL} }`], [`${MAIL} }`, `${WEB}, priority: 100 }`]);
    expect(plan).toMatchObject({ instances: [], agent: [], unchanged: 2 });
    expect(plan.change).toMatchObject({ stop: [], change: [], start: [] });
  });

  test('lists changes in place by the keys of the file', () => {
    const plan = planOf([`${WEB} }`], [`${WEB}, priority: 150, garp: { repeat: 3 } }`]);
    expect(plan.instances).toEqual([
      {
        name: 'web',
        action: 'change',
        changes: [
          { key: 'priority', from: 100, to: 150 },
          { key: 'garp.repeat', from: 5, to: 3 },
        ],
      },
    ]);
    expect(plan.change.change.map(({ name }) => name)).toEqual(['web']);
  });

  test('restarts the instance for another VRID, interface or version, and for an owner', () => {
    const actionOf = (after: string) => planOf([`${WEB} }`], [after]).instances[0]?.action;
    expect(actionOf(`${WEB}, version: 2 }`)).toBe('restart');
    expect(actionOf(`${WEB}, priority: 255 }`)).toBe('restart');
    expect(actionOf(WEB.replace('55', '77').concat(' }'))).toBe('restart');
    expect(actionOf(WEB.replace('eth0', 'eth1').concat(' }'))).toBe('restart');
    expect(actionOf(`${WEB}, preempt: false }`)).toBe('change');
  });

  test('keeps a renamed instance', () => {
    const plan = planOf([`${WEB} }`], [WEB.replace('web', 'shop').concat(' }')]);
    expect(plan.instances).toMatchObject([{ name: 'shop', formerName: 'web', action: 'change' }]);
  });

  test('stops removed and starts added instances, even with the same name', () => {
    const plan = planOf([`${WEB} }`, `${MAIL} }`], [WEB.replace('web', 'mail').concat(' }')]);
    expect(plan.instances).toMatchObject([
      { name: 'mail', formerName: 'web', action: 'change' },
      { name: 'mail', action: 'stop' },
    ]);
    expect(plan.change.stop).toEqual(['mail']);
  });

  test('shows no secret', () => {
    const secret = (password: string) =>
      `${WEB}, version: 2, authentication: { type: pass, password: ${password} } }`;
    const plan = planOf([secret('alpha123')], [secret('bravo123')]);
    expect(plan.instances[0]?.action).toBe('change');
    expect(JSON.stringify(plan.instances)).not.toMatch(/alpha123|bravo123/);
    expect(plan.instances[0]?.changes).toHaveLength(1);
    const notify = 'notify: { webhooks: [{ url: "http://192.0.2.9/", secret: charlie1 }] }';
    const told = planOf([`${WEB} }`], [`${WEB}, ${notify} }`]);
    expect(told.instances[0]?.changes).toHaveLength(1);
    expect(JSON.stringify(told.instances)).not.toContain('charlie1');
  });

  test('keeps and lists settings that need a restart of the agent', () => {
    const tops = [
      'control: { socket: /run/a.sock }',
      'control: { socket: /run/b.sock, mode: "0600" }\nlog: { level: debug }\nrouter: lb9',
    ];
    const plan = planOf([`${WEB} }`], [`${WEB} }`], tops);
    expect(plan.agent).toEqual([
      { key: 'control.mode', from: '0660', to: '0600', effect: 'applied' },
      { key: 'log.level', from: 'info', to: 'debug', effect: 'applied' },
      { key: 'router', from: 'lb1', to: 'lb9', effect: 'needs-restart' },
      { key: 'control.socket', from: '/run/a.sock', to: '/run/b.sock', effect: 'needs-restart' },
    ]);
    expect(plan.effective.agent.control).toEqual({ socket: '/run/a.sock', mode: 0o600 });
    expect(plan.effective.settings.router).toBe('lb1');
  });

  test('lists only the service and server that differ', () => {
    const table = (...services: string[]) => `ipvs: { services: [${services.join(', ')}] }`;
    const service = (name: string, port: number, servers: string) =>
      `{ name: ${name}, address: "203.0.113.100:${port}", servers: [${servers}] }`;
    const shop = service('shop', 80, '"10.0.0.11:80", { address: "10.0.0.12:80", weight: 2 }');
    const heavier = service('shop', 80, '{ address: "10.0.0.12:80", weight: 5 }, "10.0.0.13:80"');
    const mail = service('mail', 25, '"10.0.0.11:25"');
    const web = `${WEB} }`;
    const plan = planOf([web], [web], [table(shop, mail), table(mail, heavier)]);
    expect(plan.agent.map(({ key, from, to }) => [key, from, to])).toEqual([
      [
        'ipvs.services.shop.servers.10.0.0.11:80',
        expect.objectContaining({ weight: 1 }),
        undefined,
      ],
      ['ipvs.services.shop.servers.10.0.0.12:80.weight', 2, 5],
      [
        'ipvs.services.shop.servers.10.0.0.13:80',
        undefined,
        expect.objectContaining({ weight: 1 }),
      ],
    ]);
    const moved = planOf([web], [web], [table(mail), table(service('mail', 26, '"10.0.0.11:25"'))]);
    expect(moved.agent).toEqual([
      {
        ...{ key: 'ipvs.services.mail.address', effect: 'applied' },
        ...{ from: '203.0.113.100:25', to: '203.0.113.100:26' },
      },
    ]);
  });
});
