/** Odd values, doubled and misplaced lines: what keepalived 2.2.7 made of each, by its own dump. */
import { describe, expect, test } from 'vitest';
import { errorsOf, imported, instanceWith, serviceWith } from '../import-tool.ts';

const SERVER = 'real_server 192.0.2.10 80 {\n}';

function groupsOf(text: string) {
  const one = (name: string, vrid: number) =>
    `vrrp_instance ${name} {\ninterface eth0\nvirtual_router_id ${vrid}\nvirtual_ipaddress {\n203.0.113.${vrid}\n}\n}\n`;
  const result = imported(`${one('a', 1)}${one('b', 2)}${one('c', 3)}${one('d', 4)}${text}`);
  return { ...result, groups: result.document.sync_groups };
}

describe('an instance', () => {
  test.each([
    ['state master', { priority: undefined }],
    ['state FAULT\nnopreempt', { preempt: false }],
    ['advert_int 1e1', { advertisement_interval: '1s' }],
    ['mcast_src_ip 192.0.2.9\nunicast_src_ip 192.0.2.1', { source_address: '192.0.2.1' }],
    ['unicast_peer {\n}', { unicast: undefined }],
    [
      'unicast_peer {\n192.0.2.2 min_ttl 300\n192.0.2.3 min_ttl 0\n}\nunicast_ttl x',
      { unicast: { peers: ['192.0.2.2', { address: '192.0.2.3', min_ttl: 1 }] } },
    ],
    ['notify_master /bin/true\nnotify_master /bin/false', { notify: { master: ['/bin/true'] } }],
    ['virtual_ipaddress {\n203.0.113.7 dev\n}', { addresses: ['203.0.113.100/24'] }],
    ['track_interface {\neth0 weight 10\n}', { track: undefined }],
  ])('%s', (lines, expected) => {
    const { instance, of, yaml } = instanceWith(lines);
    for (const [key, value] of Object.entries(expected)) expect(instance[key]).toEqual(value);
    expect([errorsOf(yaml), of('lost')]).toEqual([[], []]);
    expect(of('ignored').length).toBeGreaterThan(0);
  });

  test('an address that is advertised twice is lost, since a keepalived drops another list', () => {
    const { instance, of } = instanceWith('virtual_ipaddress {\n203.0.113.100/24 dev eth1\n}');
    expect(instance.addresses).toEqual(['203.0.113.100/24']);
    expect(of('lost')).toEqual([expect.stringContaining('advertises it twice')]);
    const excluded = instanceWith('virtual_ipaddress_excluded {\n203.0.113.100/24\n}');
    expect([excluded.of('lost'), excluded.of('ignored')]).toMatchObject([[], { length: 1 }]);
  });

  test('a rule without a priority comes before the one above it', () => {
    const rules = 'from 192.0.2.0/24 table 5\nto 192.0.2.0/24 table 5\nfrom 2001:db8::/64 table 5';
    const { instance } = instanceWith(`virtual_rules {\n${rules}\n}`);
    expect(instance.rules.map(({ priority }: { priority: number }) => priority)).toEqual([
      16_384, 16_383, 16_384,
    ]);
  });

  test('a route stays without the words that only keepalived needs', () => {
    const { instance, of } = instanceWith(
      'virtual_routes {\n198.51.100.0/24 dev eth1 preference 5 no_track protocol 4\n}',
    );
    expect(instance.routes).toEqual([{ destination: '198.51.100.0/24', dev: 'eth1', metric: 5 }]);
    expect(of('changed')).toEqual([expect.stringContaining('"no_track protocol 4" is ignored')]);
  });
});

describe('what is tracked', () => {
  const SCRIPT = 'vrrp_script s {\nscript /bin/true\nweight -10\nrise 2.5\nfall 3x\n}\n';
  const trackOf = (lines: string, definition = SCRIPT) => {
    const result = imported(
      `${definition}vrrp_instance web {\ninterface eth0\nvirtual_router_id 5\nvirtual_ipaddress {\n203.0.113.1\n}\n${lines}\n}\n`,
    );
    expect(errorsOf(result.yaml)).toEqual([]);
    return { ...result, track: result.instance.track };
  };

  test('a number is read as far as its digits go', () => {
    expect(trackOf('track_script {\ns\n}').track).toMatchObject([{ rise: 2, fall: 3 }]);
  });

  test.each([
    ['s weight x', [{ name: 's' }], undefined],
    ['s weight 254', [{ weight: 253 }], 253],
    ['s weight 300', [{ weight: -10 }], -10],
    ['s reverse', undefined, undefined],
    ['s weight', undefined, undefined],
    ['s\ns weight 7', [{ weight: -10 }], -10],
  ])('%s', (entry, track, weight) => {
    const { of, track: got } = trackOf(`track_script {\n${entry}\n}`);
    if (track === undefined) expect(got).toBeUndefined();
    else expect(got).toMatchObject(track);
    expect(got?.[0]?.weight).toBe(weight);
    expect(of('lost')).toEqual([]);
  });

  test('what has no target does not exist', () => {
    const { of, track } = trackOf('track_script {\ns\n}', 'vrrp_script s {\nweight 5\n}\n');
    expect(track).toBeUndefined();
    expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 2 }]);
  });

  test('a list without a block is listed', () => {
    const { of, track } = trackOf('track_script s');
    expect([track, of('lost')]).toEqual([
      undefined,
      ['track_script s: has no block, and says nothing'],
    ]);
  });

  test('a process without a weight means FAULT, and one that may not run is listed', () => {
    const one = (lines: string) => `vrrp_track_process p {\nprocess nginx\n${lines}\n}\n`;
    expect(trackOf('track_process {\np\n}', one('')).track).toEqual([
      { name: 'p', process: 'nginx' },
    ]);
    const none = trackOf('track_process {\np\n}', one('quorum_max 0'));
    expect(none.track).toBeUndefined();
    expect(none.of('lost')).toHaveLength(2);
  });

  test('the weight of the entry replaces weight 0 of a file', () => {
    const file = 'track_file f {\nfile /run/f\nweight 0\n}\n';
    expect(trackOf('track_file {\nf weight 1\n}', file).track).toMatchObject([{ weight: 1 }]);
    expect(trackOf('track_file {\nf\n}', file).track).toBeUndefined();
  });
});

describe('a sync group', () => {
  test('has no member that does not exist or that an earlier group has', () => {
    const { groups, of } = groupsOf(
      'vrrp_sync_group x {\ngroup {\na\nb\nnone\n}\n}\nvrrp_sync_group y {\ngroup {\nb\nc\nd\n}\n}\n',
    );
    expect(groups).toMatchObject([{ instances: ['a', 'b'] }, { instances: ['c', 'd'] }]);
    expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 2 }]);
  });

  test('without a member is ignored, and members need "group"', () => {
    const { groups, of } = groupsOf(
      'vrrp_sync_group x {\ngroup {\nnone\n}\n}\nvrrp_sync_group y {\na\nb\n}\n',
    );
    expect(groups).toBeUndefined();
    expect(of('ignored')).toContain('vrrp_sync_group x: has no member, and is ignored');
    expect(of('lost')).toEqual(['vrrp_sync_group: a', 'vrrp_sync_group: b']);
  });
});

describe('a service', () => {
  test('gives its weight to servers without one', () => {
    const { service } = serviceWith(
      `protocol TCP\nweight 5\n${SERVER}\nreal_server 192.0.2.11 80 {\nweight 7\n}`,
    );
    expect(service.servers).toMatchObject([{ weight: 5 }, { weight: 7 }]);
  });

  test.each(['192.0.2.11 http', '192.0.2.11 70000', '2001:db8::2 80', 'name 80', '192.0.2.10 80'])(
    'has no server %s',
    (place) => {
      const { service, of } = serviceWith(`protocol TCP\n${SERVER}\nreal_server ${place} {\n}`);
      expect(service.servers).toEqual([{ address: '192.0.2.10:80' }]);
      expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 1 }]);
    },
  );

  test.each(['203.0.113.77 http', '203.0.113.77 70000', 'group none'])(
    'at %s does not exist',
    (place) => {
      const { document, of } = serviceWith(`protocol TCP\n${SERVER}`, place);
      expect([document.ipvs, of('lost')]).toEqual([undefined, []]);
    },
  );

  test('has the flags of a scheduler that is named before them', () => {
    expect(serviceWith(`lb_algo sh\nsh-port\n${SERVER}`).service.flags).toEqual(['sh-port']);
    expect(serviceWith(`sh-port\nlb_algo sh\n${SERVER}`).service.flags).toBeUndefined();
  });

  test.each([
    ['quorum 0\nhysteresis 5', undefined],
    ['quorum x\nhysteresis -1', undefined],
  ])('%s', (lines, quorum) => {
    const { service, of } = serviceWith(`protocol TCP\n${lines}\n${SERVER}`);
    expect([service.quorum, of('lost')]).toEqual([quorum, []]);
    expect(of('ignored').join()).not.toContain('so -1');
  });

  test('inhibit_on_failure of the server goes before that of the service', () => {
    const server = 'real_server 192.0.2.10 80 {\ninhibit_on_failure off\nTCP_CHECK {\n}\n}';
    const { service } = serviceWith(`protocol TCP\ninhibit_on_failure\n${server}`);
    expect(service.on_failure).toBe('remove');
  });

  test('the last of two fallback servers counts, the first of two commands', () => {
    const { service, of } = serviceWith(
      `protocol TCP\nsorry_server 192.0.2.98 80\nsorry_server 192.0.2.99 80\nquorum_up /bin/true\nquorum_up /bin/false\n${SERVER}`,
    );
    expect([service.fallback, service.notify.up]).toEqual(['192.0.2.99:80', ['/bin/true']]);
    expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 2 }]);
  });
});

describe('a check', () => {
  const checkedBy = (check: string) => {
    const result = serviceWith(`protocol TCP\nreal_server 192.0.2.10 80 {\n${check}\n}`);
    expect(errorsOf(result.yaml)).toEqual([]);
    return { ...result, check: result.service.servers[0].check };
  };

  test.each([
    ['TCP_CHECK {\nconnect_ip 192.0.2.50\nconnect_port 99999\n}', { connect_to: '192.0.2.50' }],
    ['TCP_CHECK {\nretry x\n}', { fall: 1 }],
    ['MISC_CHECK {\nmisc_path /bin/true\nconnect_port 99\n}', { port: undefined }],
    [
      'MISC_CHECK {\nmisc_path /bin/true\nmisc_path /bin/false\n}',
      { exec: { command: ['/bin/false'] } },
    ],
    ['UDP_CHECK {\npayload zz\nrequire_reply\n}', { udp: { expect_regex: '^' } }],
  ])('%s', (text, expected) => {
    const { check, of } = checkedBy(text);
    for (const [key, value] of Object.entries(expected)) expect(check[key]).toEqual(value);
    expect([of('lost'), of('ignored')]).toMatchObject([[], { length: 1 }]);
  });

  test.each(['203.0.113.1 80', 'fwmark 9'])('of %s looks at the port of the file', (place) => {
    const server = `real_server 192.0.2.10 8080 {\nTCP_CHECK {\n}\nTCP_CHECK {
connect_ip 192.0.2.50\n}\nTCP_CHECK {\nconnect_port 99\n}\nPING_CHECK {\n}\n}`;
    const { service, yaml } = serviceWith(`protocol TCP\nlb_kind DR\n${server}`, place);
    expect(errorsOf(yaml)).toEqual([]);
    expect(service.servers[0].address).toBe('192.0.2.10');
    const checks = service.servers[0].check;
    expect(checks).toMatchObject([
      { port: 8080 },
      { connect_to: '192.0.2.50:8080' },
      { port: 99 },
      {},
    ]);
    expect(checks[3].port).toBeUndefined();
  });

  test('of a group is at one list of servers, if all places have the same', () => {
    const groups = `}\nvirtual_server_group g {\n203.0.113.1 80\n203.0.113.2 81\n}\n`;
    const service = 'virtual_server group g {\nprotocol TCP\nlb_kind NAT\n';
    const server = 'real_server 192.0.2.10 8080 {\nweight 2\nTCP_CHECK {\n}\n}\n';
    const { document, yaml } = instanceWith(`${groups}${service}${server}`);
    expect(errorsOf(yaml)).toEqual([]);
    expect(document.ipvs.server_groups).toMatchObject([
      { name: 'g', servers: [{ address: '192.0.2.10:8080', weight: 2 }] },
    ]);
    expect(document.ipvs.services).toMatchObject([{ server_group: 'g' }, { server_group: 'g' }]);
  });

  test('the first of two digests counts', () => {
    const [first, second] = ['0'.repeat(32), '1'.repeat(32)];
    const url = `url {\npath /\ndigest ${first}\ndigest ${second}\n}`;
    expect(checkedBy(`HTTP_GET {\n${url}\n}`).check.http.digest).toBe(`md5:${first}`);
  });

  test('a page that cannot be asked for is left out, and no other one is asked for', () => {
    const { check, of } = checkedBy('HTTP_GET {\nurl {\npath /a\n}\nurl {\npath "/b c"\n}\n}');
    expect(check).toMatchObject([{ http: { path: '/a' } }]);
    expect(of('lost')).toHaveLength(1);
  });

  test('an SMTP check looks at each host, and at its own place if it has one', () => {
    const hosts = 'host {\nconnect_port 26\n}\nhost {\nconnect_ip 192.0.2.62\nconnect_timeout 4\n}';
    expect(checkedBy(`SMTP_CHECK {\n${hosts}\n}`).check).toMatchObject([
      { port: 26 },
      { connect_to: '192.0.2.62', timeout: '4s' },
    ]);
    expect(checkedBy(`SMTP_CHECK {\nconnect_timeout 9\n${hosts}\n}`).check).toHaveLength(3);
  });
});
