import { describe, expect, test } from 'vitest';
import { vrrpdConfig } from '../../../../src/lab/peers/frr.ts';
import { keepalivedConfig } from '../../../../src/lab/peers/keepalived.ts';
import { labLayout } from '../../../../src/lab/topology/layout.ts';
import { ip } from '../../../../src/net/address.ts';

const { client: host } = labLayout('x');
const addresses = [ip('192.0.2.100'), ip('192.0.2.101')];

describe("keepalived's configuration", () => {
  test('uses version 3 and has only the given settings', () => {
    expect(keepalivedConfig(host, { addresses, priority: 150 })).toBe(
      [
        'global_defs {',
        '  router_id client',
        '  vrrp_version 3',
        '}',
        'vrrp_instance web {',
        '  state BACKUP',
        '  interface eth0',
        '  virtual_router_id 55',
        '  priority 150',
        '  advert_int 1',
        '  virtual_ipaddress {',
        '    192.0.2.100/32 dev eth0',
        '    192.0.2.101/32 dev eth0',
        '  }',
        '}',
        '',
      ].join('\n'),
    );
  });

  test('carries password, peers and nopreempt', () => {
    const text = keepalivedConfig(host, {
      addresses,
      version: 2,
      password: 'secret12',
      unicastPeers: [ip('192.0.2.12')],
      nopreempt: true,
    });
    expect(text).toContain('  vrrp_version 2\n');
    expect(text).toContain('    auth_type PASS\n    auth_pass secret12\n');
    expect(text).toContain('  unicast_src_ip 192.0.2.50\n  unicast_peer {\n    192.0.2.12\n  }\n');
    expect(text).toContain('  nopreempt\n');
  });
});

test("vrrpd's intervals are in milliseconds", () => {
  expect(vrrpdConfig({ addresses, intervalMilliseconds: 200, preempt: false })).toBe(
    [
      'interface eth0',
      ' vrrp 55 version 3',
      ' vrrp 55 priority 100',
      ' vrrp 55 advertisement-interval 200',
      ' no vrrp 55 preempt',
      ' vrrp 55 ip 192.0.2.100',
      ' vrrp 55 ip 192.0.2.101',
      '',
    ].join('\n'),
  );
});
