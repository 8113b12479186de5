/** A configuration without instances: a load balancer without VRRP. */
import { expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';

const SERVICE = '{ name: web, address: "203.0.113.1:80", servers: ["192.0.2.1:80"] }';

test.each([`ipvs: { services: [${SERVICE}] }`, `instances: []\nipvs: { services: [${SERVICE}] }`])(
  'is valid with a service: %s',
  (text) => {
    const loaded = loadConfig(text, { hostName: 'lb1' });
    expect(loaded.ok && loaded.value.settings.instances).toEqual([]);
  },
);

test.each(['router: lb1', 'instances: []', 'ipvs: { required: false }'])(
  'is refused if there is nothing to do: %s',
  (text) => {
    const loaded = loadConfig(text, { hostName: 'lb1' });
    expect(loaded.ok ? [] : loaded.error.map(({ message }) => message)).toEqual([
      expect.stringContaining('neither an instance nor a service'),
    ]);
  },
);

test('cannot require an instance', () => {
  const service = SERVICE.replace(' }', ', require: web }');
  expect(loadConfig(`ipvs: { services: [${service}] }`, { hostName: 'lb1' }).ok).toBe(false);
});
