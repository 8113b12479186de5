// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of keepalived.conf
/** Statements that came out as something else than keepalived makes of them, found by its own dump. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { errorsOf, imported, instanceWith, serviceWith } from '../import-tool.ts';

function checkedBy(check: string) {
  const result = serviceWith(`protocol TCP\nreal_server 192.0.2.10 80 {\n${check}\n}`);
  expect(errorsOf(result.yaml)).toEqual([]);
  return { ...result, check: result.service.servers[0].check };
}

test('a sequence that never comes to its end is listed', () => {
  const { of } = instanceWith('virtual_ipaddress {\n~SEQ(N, 30, 10, -10) 198.51.100.${N}\n}');
  expect(of('lost')).toEqual([expect.stringContaining('never comes to its end')]);
});

test('an include with braces within a block has its files', () => {
  const text = `vrrp_instance web {
  interface eth0
  virtual_router_id 51
  include parts/{x,y}.conf
}
`;
  const files = { 'parts/{x,y}.conf': 'virtual_ipaddress {\n203.0.113.1\n}\npriority 133\n' };
  const { instance, notes } = imported(text, { files });
  expect([instance.priority, instance.addresses, notes]).toEqual([133, ['203.0.113.1'], []]);
});

test.each(['regex_no_match', 'regex_options caseless'])(
  'a regex whose meaning %s changes is left out, and its other conditions stay',
  (bend) => {
    const { check, of } = checkedBy(
      `HTTP_GET {\nurl {\npath /x\nstatus_code 204\nregex "out of order"\n${bend}\n}\n}`,
    );
    expect(check.http).toEqual({ path: '/x', status: [204] });
    expect(of('lost')).toHaveLength(2);
    expect(of('lost')).toContainEqual(expect.stringContaining('left out'));
    expect(of('lost')).toContain(`url: ${bend}`);
  },
);

test('a UDP check that requires a reply with some content requires a reply', () => {
  const { check, of } = checkedBy('UDP_CHECK {\npayload 41\nrequire_reply 4f4b\n}');
  expect(check.udp).toEqual({ send_hex: '41', expect_regex: '^' });
  expect(of('lost')).toEqual([expect.stringContaining('require_reply 4f4b')]);
});

test('an SMTP check looks at the address and port of its host block', () => {
  const { check } = checkedBy(
    'SMTP_CHECK {\nhost {\nconnect_ip 192.0.2.77\nconnect_port 2525\n}\n}',
  );
  expect(check.connect_to).toBe('192.0.2.77:2525');
});

describe('misc_dynamic', () => {
  const { check, of } = checkedBy(
    'MISC_CHECK {\nmisc_path "/bin/sh -c \'exit 2\'"\nmisc_dynamic\n}',
  );

  test('is listed, since the weight stays', () => {
    expect(of('lost')).toEqual([expect.stringContaining('its weight stays')]);
  });

  test.each([
    [0, true],
    [1, false],
    [2, true],
    [125, true],
    [127, false],
  ])('leaves a server with the status %i up: %s', (status, up) => {
    const [program, ...words] = check.exec.command;
    const real = words.map((word: string) => (word === 'exit 2' ? `exit ${status}` : word));
    expect(spawnSync(program, real).status === 0).toBe(up);
  });

  test('that is off changes nothing', () => {
    const off = checkedBy('MISC_CHECK {\nmisc_path /bin/true\nmisc_dynamic off\n}');
    expect([off.check.exec.command, off.of('lost')]).toEqual([['/bin/true'], []]);
  });
});

describe('services, as the dump of keepalived has them', () => {
  const SERVER = 'real_server 192.0.2.10 80 {\n}';

  test('a service for every port is persistent', () => {
    const { service, of } = serviceWith(`protocol TCP\n${SERVER}`, '203.0.113.100');
    expect(service).toMatchObject({ address: '203.0.113.100:0', persistence: { timeout: '360s' } });
    expect(of('lost')).toEqual([]);
  });

  test('a netmask of clients makes a service persistent, an invalid time does not', () => {
    const masked = serviceWith(`persistence_granularity 255.255.0.0\n${SERVER}`).service;
    expect(masked.persistence).toEqual({ netmask: 16, timeout: '360s' });
    for (const time of ['10s', '99999999', '-1']) {
      const { service, of } = serviceWith(`persistence_timeout ${time}\n${SERVER}`);
      expect(service.persistence).toBeUndefined();
      expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 2 }]);
    }
  });

  test.each(['lb_kind dr', 'lb_kind Nat'])('%s is no method', (line) => {
    const { service, of } = serviceWith(`protocol TCP\n${line}\n${SERVER}`);
    expect(service.forwarding).toBeUndefined();
    expect(of('ignored')).toEqual([expect.stringContaining('neither NAT, DR nor TUN')]);
  });

  test('an unknown protocol is UDP', () => {
    const { service } = serviceWith(`protocol foo\n${SERVER}`);
    expect(service.protocol).toBe('udp');
  });

  test('a service without real servers is ignored', () => {
    const { document, of } = serviceWith('protocol TCP\nsorry_server 192.0.2.99 80');
    expect(document.ipvs).toBeUndefined();
    expect(of('ignored')).toEqual([expect.stringContaining('no real servers')]);
  });

  test.each([
    ['70000', 65_535, 'changed'],
    ['2.5', 2, 'ignored'],
    ['-1', undefined, 'ignored'],
  ] as const)('weight %s is %s', (written, weight, level) => {
    const text = `protocol TCP\nreal_server 192.0.2.10 80 {\nweight ${written}\n}`;
    const { service, of } = serviceWith(text);
    expect(service.servers[0].weight).toBe(weight);
    expect(of(level)).toEqual([expect.stringContaining(`weight ${written}`)]);
    expect(of('lost')).toEqual([]);
  });

  test('a range counts in a group only', () => {
    const text = 'protocol TCP\nreal_server 192.0.2.10-12 80 {\n}';
    const { document } = serviceWith(text, '203.0.113.100/30 80');
    expect(document.ipvs.services).toMatchObject([
      { address: '203.0.113.100:80', servers: [{ address: '192.0.2.10:80' }] },
    ]);
  });

  test('of two groups with one name the first counts, and one with both families is ignored', () => {
    const group = (name: string, entry: string) =>
      `}\nvirtual_server_group ${name} {\n${entry}\n}\nvirtual_server group ${name} {\nprotocol TCP\n${SERVER}\n`;
    const twice = instanceWith(
      `${group('g', '203.0.113.1 80')}}\nvirtual_server_group g {\n203.0.113.2 80`,
    );
    expect(twice.document.ipvs.services).toMatchObject([{ address: '203.0.113.1:80' }]);
    const mixed = instanceWith(group('g', '203.0.113.1 80\n2001:db8::1 80'));
    expect(mixed.document.ipvs).toBeUndefined();
    expect(mixed.of('ignored')).toEqual([expect.stringContaining('both families')]);
    const mark = instanceWith(group('g', '203.0.113.1 80\nfwmark 6 x'));
    expect(mark.document.ipvs.services).toHaveLength(1);
  });
});

describe('checks, as the dump of keepalived has them', () => {
  test('status codes of several lines count together, and an invalid one not at all', () => {
    const url = 'path /x\nstatus_code 200 999\nstatus_code 201';
    expect(checkedBy(`HTTP_GET {\nurl {\n${url}\n}\n}`).check.http.status).toEqual([200, 201]);
    const none = checkedBy('HTTP_GET {\nurl {\npath /x\nstatus_code 999\n}\n}');
    expect(none.check.http.status).toEqual(['200-299']);
  });

  test('a url without a path is ignored', () => {
    const { check, of } = checkedBy('HTTP_GET {\nurl {\nstatus_code 200\n}\n}');
    expect([check, of('lost')]).toEqual([undefined, []]);
  });

  test('a time, a number or a type that is invalid leaves the default', () => {
    const { check, of } = checkedBy('TCP_CHECK {\nconnect_timeout 0\nretry -1\ndelay_loop x\n}');
    expect(check).toMatchObject({ interval: '60s', timeout: '5s', fall: 2 });
    expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 3 }]);
    expect(checkedBy('DNS_CHECK {\ntype FOO\n}').check.dns.type).toBe('SOA');
  });

  test('times beyond the limits of the result are brought within them', () => {
    const { check, of } = checkedBy('TCP_CHECK {\ndelay_loop 7200\ndelay_before_retry 0\n}');
    expect(check).toMatchObject({ interval: '3600s', retry_after: '100ms' });
    expect([of('lost'), of('changed')]).toMatchObject([[], { length: 2 }]);
  });

  test('only the first word of misc_path is run', () => {
    const { check, of } = checkedBy('MISC_CHECK {\nmisc_path /bin/true a "b c"\n}');
    expect(check.exec.command).toEqual(['/bin/true']);
    expect(of('ignored')).toEqual([expect.stringContaining('only /bin/true is run')]);
  });
});

describe('the language, as keepalived reads it', () => {
  test('only the first word of a script is run, and the first of two scripts counts', () => {
    const script = (text: string) => `vrrp_script s {\nscript ${text}\n}\n`;
    const { instance, of } = imported(
      `${script('/bin/true x')}${script('/bin/false')}vrrp_instance web {\ninterface eth0
virtual_router_id 5\nvirtual_ipaddress {\n203.0.113.1\n}\ntrack_script {\ns\n}\n}\n`,
    );
    expect(instance.track).toMatchObject([{ script: ['/bin/true'] }]);
    expect(of('ignored')).toHaveLength(2);
  });

  test.each(['\u00a0', '\ufeff', '\u3000'])('%j is no white space', (character) => {
    const { instance, of } = instanceWith(`priority${character}120`);
    expect(instance.priority).toBeUndefined();
    expect(of('lost')).toHaveLength(1);
    expect(of('ignored')).toEqual([expect.stringContaining('looks like a space')]);
  });

  test('a backslash continues nothing but a definition', () => {
    const { instance } = instanceWith('priority 12\\\n0\nadvert_int 3');
    expect(instance).toMatchObject({ advertisement_interval: '3s' });
    expect(instance.priority).toBeUndefined();
  });

  test('the quotes of an include are part of the name', () => {
    const files = { 'x.conf': 'priority 133\n' };
    const { instance, of } = instanceWith('include "x.conf"', { files });
    expect(instance.priority).toBeUndefined();
    expect(of('lost')).toHaveLength(1);
  });

  test.each(['33', '255.255.255.0', ''])(
    'an address with the prefix length "%s" stays',
    (length) => {
      const { instance, of } = instanceWith(`virtual_ipaddress {\n203.0.113.7/${length}\n}`);
      expect(instance.addresses).toContain('203.0.113.7');
      expect(of('lost')).toEqual([]);
    },
  );

  test('"vrrp_strict off" is strict: keepalived reads no value', () => {
    const { instance, of } = instanceWith('}\nglobal_defs {\nvrrp_strict off');
    expect(instance.accept).toBe(false);
    expect(of('ignored')).toEqual([expect.stringContaining('reads no value')]);
  });

  test.each([
    ['', 1],
    [' true', 1],
    [' off', undefined],
    [' 0', undefined],
  ])('"vrrp_min_garp%s" is a switch', (value, repeat) => {
    const { instance, of } = instanceWith(`}\nglobal_defs {\nvrrp_min_garp${value}`);
    expect(instance.garp?.repeat).toBe(repeat);
    expect(of('ignored')).toHaveLength(value === ' 0' ? 1 : 0);
  });
});
