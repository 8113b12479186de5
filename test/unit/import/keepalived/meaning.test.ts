// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of keepalived.conf
/** Files that mean something to keepalived which an import must not change without a word. */
import { describe, expect, test } from 'vitest';
import { errorsOf, imported, instanceWith, serviceWith } from '../import-tool.ts';

describe('FR-M: what keepalived clears or ignores', () => {
  test('state MASTER clears nopreempt and preempt_delay', () => {
    const { instance, of } = instanceWith('state MASTER\npriority 150\nnopreempt\npreempt_delay 5');
    expect(instance.preempt).toBeUndefined();
    expect(instance.preempt_delay).toBeUndefined();
    expect(of('ignored')).toEqual([
      expect.stringContaining('nopreempt'),
      expect.stringContaining('preempt_delay 5'),
    ]);
  });

  test('state BACKUP keeps nopreempt, which clears preempt_delay', () => {
    const { instance, of } = instanceWith('state BACKUP\nnopreempt\npreempt_delay 5');
    expect(instance.preempt).toBe(false);
    expect(instance.preempt_delay).toBeUndefined();
    expect(of('ignored')).toHaveLength(1);
  });

  test('preempt after nopreempt wins', () => {
    const { instance, notes } = instanceWith('nopreempt\npreempt');
    expect(instance.preempt).toBeUndefined();
    expect(notes).toEqual([]);
  });

  test('strict mode has no authentication and no preempt_delay', () => {
    const strict = 'preempt_delay 5\nauthentication {\n auth_type PASS\n auth_pass x\n}';
    for (const text of [`strict_mode\n${strict}`, `${strict}\n}\nglobal_defs {\n vrrp_strict`]) {
      const { instance } = instanceWith(text);
      expect(instance.authentication).toBeUndefined();
      expect(instance.preempt_delay).toBeUndefined();
      expect(instance.accept).toBe(false);
    }
  });

  test('strict_mode off is not strict', () => {
    const { instance } = instanceWith('strict_mode off\n}\nglobal_defs {\n vrrp_strict');
    expect(instance.accept).toBeUndefined();
  });

  test('a script that is defined after its use is not tracked', () => {
    const { instance, of } = instanceWith(
      'track_script {\n late\n}\n}\nvrrp_script late {\n script /bin/true',
    );
    expect(instance.track).toBeUndefined();
    expect(of('ignored')).toEqual([expect.stringContaining('late is defined after its use')]);
  });

  test('a password has eight characters, and the note says so', () => {
    const { instance, of } = instanceWith(
      'authentication {\n auth_type PASS\n auth_pass longer-than-8\n}',
    );
    expect(instance.authentication.password).toBe('longer-t');
    expect(of('ignored')).toEqual([expect.stringContaining('first 8 bytes')]);
  });
});

describe('FR-M: what is repeated', () => {
  test('address blocks and peer blocks add up', () => {
    const { instance } = instanceWith(
      'virtual_ipaddress {\n 203.0.113.101\n}\nunicast_peer {\n 192.0.2.2\n}\nunicast_peer {\n 192.0.2.3\n}',
    );
    expect(instance.addresses).toEqual(['203.0.113.100/24', '203.0.113.101']);
    expect(instance.unicast.peers).toEqual(['192.0.2.2', '192.0.2.3']);
  });

  test('of two priorities the last one counts, and the first is listed', () => {
    const { instance, lines } = instanceWith('priority 10\npriority 20');
    expect(instance.priority).toBe(20);
    expect(lines).toEqual(['k.conf:7: priority 10: line 8 replaces it']);
  });
});

describe('FR-M: what has no equivalent is left out, never inverted', () => {
  test.each([
    ['file weight 0', 'track_file f {\n file /run/f\n}', 'track_file {\n f weight 0\n}'],
    [
      'process with parameters',
      'vrrp_track_process p {\n process java -jar app.jar\n}',
      'track_process {\n p\n}',
    ],
  ])('%s', (_title, definition, use) => {
    const { instance, of } = imported(
      `${definition}\nvrrp_instance a {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.1\n }\n ${use}\n}`,
    );
    expect(instance.track).toBeUndefined();
    expect(of('lost').length).toBeGreaterThan(0);
  });
});

describe('FR-M: what is tracked', () => {
  const script = 'vrrp_script s {\n script /bin/true\n';
  const tracked = { name: 's', script: ['/bin/true'] };
  const daemon = { name: 'p', process: 'sshd' };
  test.each([
    [
      `${script} weight -50 reverse\n}`,
      'track_script {\n s\n}',
      { ...tracked, weight: -50, reverse: true },
    ],
    [
      `${script}}`,
      'track_script {\n s weight 5 reverse\n}',
      { ...tracked, weight: 5, reverse: true },
    ],
    [`${script}}`, 'track_script {\n s weight 0 reverse\n}', { ...tracked, reverse: true }],
    [
      `${script} weight 5 reverse\n}`,
      'track_script {\n s weight 6 noreverse\n}',
      { ...tracked, weight: 6 },
    ],
    [
      'track_file f {\n file /run/f\n weight 2 reverse\n}',
      'track_file {\n f\n}',
      { name: 'f', file: '/run/f', content: 'number', weight: -2 },
    ],
    [
      '',
      'track_interface {\n eth1 weight 7 reverse\n}',
      { interface: 'eth1', weight: 7, reverse: true },
    ],
    [
      'vrrp_track_process p {\n process sshd\n quorum 2\n quorum_max 4\n delay 2.5\n}',
      'track_process {\n p\n}',
      { ...daemon, quorum: 2, quorum_max: 4, interval: '1000ms', rise: 4, fall: 4 },
    ],
    [
      'vrrp_track_process p {\n process sshd\n weight 5 reverse\n terminate_delay 0.2\n}',
      'track_process {\n p\n}',
      { ...daemon, weight: 5, reverse: true, interval: '200ms', fall: 2 },
    ],
  ])('%s %s', (definition, use, entry) => {
    const { instance, of, yaml } = imported(
      `${definition}\nvrrp_instance a {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.1\n }\n ${use}\n}`,
    );
    expect(instance.track).toEqual([entry]);
    expect(of('lost')).toEqual([]);
    expect(errorsOf(yaml)).toEqual([]);
  });
});

describe('FR-M: the smallest unit is left out', () => {
  test('one wrong address, peer or number', () => {
    const { instance, yaml } = instanceWith(
      'priority\ngarp_master_refresh x\ngarp_master_delay 3\nvirtual_ipaddress {\n 203.0.113.300\n 203.0.113.101\n}\nunicast_peer {\n nonsense\n 192.0.2.2/32\n}',
    );
    expect(instance.addresses).toEqual(['203.0.113.100/24', '203.0.113.101']);
    expect(instance.unicast.peers).toEqual(['192.0.2.2']);
    expect(instance.garp).toEqual({ refresh: '0s', second_burst_after: '3s' });
    expect(errorsOf(yaml)).toEqual([]);
  });

  test('unicast without a valid peer never becomes multicast', () => {
    const { document, of } = instanceWith('unicast_peer {\n nonsense\n}');
    expect(document).toBeUndefined();
    expect(of('lost')).toEqual([expect.stringContaining('vrrp_instance web is skipped')]);
  });

  test('a sync group of one gives its member what it tracks and runs', () => {
    const { document, instance } = instanceWith(
      '}\nvrrp_sync_group g {\n group {\n web\n }\n track_interface {\n eth1\n }\n notify_master /bin/true',
    );
    expect(document.sync_groups).toBeUndefined();
    expect(instance.track).toEqual([{ interface: 'eth1' }]);
    expect(instance.notify).toEqual({ master: ['/bin/true'] });
  });

  test('instances that share a name are kept once', () => {
    const one =
      'vrrp_instance a {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.1\n }\n}\n';
    const { document, of } = imported(one + one);
    expect(document.instances).toHaveLength(1);
    expect(of('lost').length).toBeGreaterThan(0);
  });
});

describe('FR-M: routes, daemons, words', () => {
  test('a route without dev takes the interface of the network of its gateway', () => {
    const { instance, of } = instanceWith(
      'virtual_ipaddress {\n 198.51.100.9/24 dev eth1\n}\nvirtual_routes {\n 192.0.2.0/24 via 198.51.100.1\n}',
    );
    expect(instance.routes).toEqual([
      { destination: '192.0.2.0/24', via: '198.51.100.1', dev: 'eth1' },
    ]);
    expect(of('changed')).toEqual([expect.stringContaining('here it is eth1')]);
  });

  test('lvs_sync_daemon without an instance runs both daemons, or is listed', () => {
    const both = instanceWith('}\nglobal_defs {\n lvs_sync_daemon eth1 id 7');
    expect(both.document.ipvs.sync).toEqual({ interface: 'eth1', mode: 'both', sync_id: 7 });
    const zero = instanceWith('}\nglobal_defs {\n lvs_sync_daemon eth1');
    expect(zero.document.ipvs).toBeUndefined();
    expect(zero.of('lost')).toEqual([expect.stringContaining('sync ID 0')]);
  });

  test('a quoted command has escapes', () => {
    const { instance } = instanceWith(
      'notify_master "/bin/sh -c \\"test -e X\\""\nnotify_backup "/bin/echo \'a b\'"',
    );
    expect(instance.notify).toEqual({
      master: ['/bin/sh', '-c', 'test -e X'],
      backup: ['/bin/echo', 'a b'],
    });
  });

  test('the group of a user is listed', () => {
    const { instance, of } = instanceWith('notify_master /bin/true nobody nogroup');
    expect(instance.notify.master).toEqual({ command: ['/bin/true'], user: 'nobody' });
    expect(of('changed')).toEqual([expect.stringContaining('nogroup')]);
  });

  test('use_vmac keeps its name, and vmac_xmit_base comes with it', () => {
    const { instance, notes } = instanceWith('use_vmac vrrp.51\nvmac_xmit_base');
    expect(instance.virtual_mac).toEqual({ interface: 'vrrp.51', advertise_with: 'interface' });
    expect(notes).toEqual([]);
    expect(instanceWith('vmac_xmit_base\nuse_vmac').instance.virtual_mac).toEqual({
      advertise_with: 'interface',
    });
    const strict = instanceWith('strict_mode\nuse_vmac\nvmac_xmit_base');
    expect(strict.instance.virtual_mac).toBe(true);
    expect(strict.of('ignored')).toEqual([expect.stringContaining('clears it in strict mode')]);
    const alone = instanceWith('vmac_xmit_base');
    expect(alone.instance.virtual_mac).toBeUndefined();
    expect(alone.of('ignored')).toHaveLength(1);
  });

  test('global_defs give IPVS its timeouts and flush', () => {
    const { document } = instanceWith(
      '}\nglobal_defs {\n lvs_timeouts tcp 900 tcpfin 30 udp 60\n lvs_flush\n vrrp_min_garp',
    );
    expect(document.ipvs).toEqual({
      exclusive: true,
      timeouts: { tcp: '900s', tcp_fin: '30s', udp: '60s' },
    });
    expect(document.instances[0].garp).toEqual({ repeat: 1, second_burst_after: '0s' });
  });
});

const SERVER = 'real_server 10.0.0.11 80 {\n}';

describe('FR-M: services', () => {
  test('have their checks, fallback, flags and persistence', () => {
    const { service, of, yaml } = serviceWith(`
  delay_loop 6
  lb_algo mh
  mh-port
  lb_kind NAT
  protocol TCP
  persistence_timeout 50
  persistence_granularity 255.255.255.0
  virtualhost www.example.com
  sorry_server 10.0.0.99 80
  real_server 10.0.0.11 80 {
    weight 3
    lvs_method TUN type gue port 6080 csum
    retry 2
    SSL_GET {
      enable_sni
      connect_port 8443
      connect_timeout 4
      url {
        path /health
        status_code 200 204-206
        regex "ok\\\\.$"
      }
      url {
        path /two
        digest 9b3a0c85a887a256d6939da88aabd8cd
      }
    }
  }`);
    expect(service).toEqual({
      name: '203.0.113.100-80',
      address: '203.0.113.100:80',
      scheduler: 'mh',
      flags: ['mh-port'],
      forwarding: 'nat',
      protocol: 'tcp',
      on_failure: 'remove',
      persistence: { timeout: '50s', netmask: 24 },
      fallback: '10.0.0.99:80',
      servers: [
        {
          address: '10.0.0.11:80',
          weight: 3,
          forwarding: 'tun',
          tunnel: { type: 'gue', port: 6080, checksum: 'checksum' },
          check: [
            {
              https: {
                host: 'www.example.com',
                path: '/health',
                status: [200, '204-206'],
                body_regex: 'ok\\.$',
                verify: false,
              },
              ...{ port: 8443, interval: '6s', timeout: '4s', rise: 1, fall: 3, retry_after: '3s' },
            },
            {
              https: {
                host: 'www.example.com',
                path: '/two',
                status: ['200-299'],
                digest: 'md5:9b3a0c85a887a256d6939da88aabd8cd',
                verify: false,
              },
              ...{ port: 8443, interval: '6s', timeout: '4s', rise: 1, fall: 3, retry_after: '3s' },
            },
          ],
        },
      ],
    });
    expect(of('lost')).toEqual([]);
    expect(of('changed')).toEqual([]);
    expect(errorsOf(yaml)).toEqual([]);
  });

  test.each([
    ['TCP_CHECK {\n bindto 10.0.0.1\n}', { tcp: {}, source: '10.0.0.1' }],
    ['PING_CHECK {\n}', { ping: {} }],
    [
      'DNS_CHECK {\n type A\n name www.example.com\n}',
      { dns: { name: 'www.example.com', type: 'A' } },
    ],
    [
      'UDP_CHECK {\n payload Ab12f 3\n require_reply\n}',
      { udp: { send_hex: 'Ab120f03', expect_regex: '^' } },
    ],
    [
      'MISC_CHECK {\n misc_path "/bin/check %s"\n misc_timeout 3\n user nobody\n}',
      { exec: { command: ['/bin/check', '%s'], user: 'nobody' }, timeout: '3s' },
    ],
  ])('%s', (text, check) => {
    const { service, of } = serviceWith(`protocol UDP\nreal_server 10.0.0.11 53 {\n ${text}\n}`);
    expect(service.servers[0].check).toMatchObject(check);
    expect(of('lost')).toEqual([]);
  });

  const reals = (weight: number) =>
    ['11', '12'].map((last) => `real_server 10.0.0.${last} 80 {\n weight ${weight}\n}`).join('\n');
  test.each([
    ['quorum 3\nhysteresis 1', { weight: 3, hysteresis: 1 }, []],
    ['quorum 2', 2, []],
    ['quorum 1\nhysteresis 0', undefined, []],
    ['quorum 9', 4, ['quorum 9: more than the weight of all servers, and so 4']],
    [
      'quorum 2\nhysteresis 2',
      { weight: 2, hysteresis: 1 },
      ['hysteresis 2: not less than the quorum, and so 1'],
    ],
    [
      'quorum 4\nhysteresis 1',
      4,
      ['hysteresis 1: the quorum could never be reached again with it, and so 0'],
    ],
  ])('%s', (text, quorum, notes) => {
    const { service, of, yaml } = serviceWith(`protocol TCP\n${text}\n${reals(2)}`);
    expect(service.quorum).toEqual(quorum);
    expect([...of('ignored'), ...of('changed')]).toEqual(notes);
    expect(of('lost')).toEqual([]);
    expect(errorsOf(yaml)).toEqual([]);
  });

  test('run the commands of their quorum and of their servers', () => {
    const { service, of, yaml } = serviceWith(`protocol TCP
  quorum_up "/usr/local/bin/up web" nobody
  quorum_down /usr/local/bin/down
  real_server 10.0.0.11 80 {
    notify_up "/usr/local/bin/server up"
    notify_down /usr/local/bin/server-down nobody
  }`);
    expect(service.notify).toEqual({
      up: { command: ['/usr/local/bin/up', 'web'], user: 'nobody' },
      down: ['/usr/local/bin/down'],
    });
    expect(service.servers[0].notify).toEqual({
      up: ['/usr/local/bin/server', 'up'],
      down: { command: ['/usr/local/bin/server-down'], user: 'nobody' },
    });
    expect(of('lost')).toEqual([]);
    expect(errorsOf(yaml)).toEqual([]);
  });

  test.each([
    ['notify_fifo', '/run/fifo', '/run/fifo'],
    ['vrrp_notify_fifo', '/run/fifo', undefined],
    ['lvs_notify_fifo', undefined, '/run/fifo'],
  ])('have the lines of %s', (key, agent, ipvs) => {
    const globals = `global_defs {\n ${key} /run/fifo\n}\n`;
    const text = `virtual_server 203.0.113.100 80 {\n protocol TCP\n${SERVER}\n}\n`;
    const { document, of } = imported(`${globals}${text}`);
    expect(document.notify?.fifo).toBe(agent);
    expect(document.ipvs.notify?.fifo).toBe(ipvs);
    expect(of('lost')).toEqual([]);
    const vrrp = imported(
      `${globals}vrrp_instance web {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.1/24\n }\n}\n`,
    );
    expect(vrrp.document.ipvs).toBe(undefined);
  });

  test('of TCP and UDP on one address and port are both there', () => {
    const { document } = serviceWith(
      `protocol TCP\n${SERVER}\n}\nvirtual_server 203.0.113.100 80 {\n protocol UDP\n${SERVER}`,
    );
    expect(document.ipvs.services).toMatchObject([
      { name: '203.0.113.100-80', protocol: 'tcp' },
      { name: '203.0.113.100-80-udp', protocol: 'udp' },
    ]);
  });

  test('without a protocol are UDP, as in keepalived', () => {
    const { service, of } = serviceWith(SERVER);
    expect(service.protocol).toBe('udp');
    expect(of('ignored')).toEqual([expect.stringContaining('has no protocol')]);
  });

  test('with persistence_timeout 0, without a port, or with another port of a DR server are kept', () => {
    expect(serviceWith(`persistence_timeout 0\n${SERVER}`).service.persistence).toBeUndefined();
    const all = serviceWith(`persistence_timeout 20\n${SERVER}`, '203.0.113.100').service;
    expect(all).toMatchObject({ address: '203.0.113.100:0', persistence: { timeout: '20s' } });
    const routed = serviceWith('lb_kind DR\nreal_server 10.0.0.11 8080 {\n}').service;
    expect(routed.servers).toEqual([{ address: '10.0.0.11' }]);
  });

  test('with a firewall mark and IPv6 servers are IPv6', () => {
    const nat = serviceWith('lb_kind NAT\nreal_server 10.0.0.11 80 {\n}', 'fwmark 3');
    expect(nat.service.servers).toMatchObject([{ address: '10.0.0.11:80' }]);
    const { service } = serviceWith('lb_kind DR\nreal_server 2001:db8::5 80 {\n}', 'fwmark 3');
    expect(service).toMatchObject({
      fwmark: 3,
      family: 'ipv6',
      servers: [{ address: '[2001:db8::5]' }],
    });
  });

  test('of a group become one service for each address', () => {
    const { document } = serviceWith(
      'protocol TCP\nreal_server 10.0.0.11 80 {\n}\n}\nvirtual_server_group g {\n 203.0.113.1-3 80\n 203.0.113.9 443\n fwmark 7',
      'group g',
    );
    expect(document.ipvs.services.map(({ name }: { name: string }) => name)).toEqual([
      ...['203.0.113.1-80', '203.0.113.2-80', '203.0.113.3-80', '203.0.113.9-443', 'fwmark-7'],
    ]);
  });

  test('have a check without braces, and a note says so', () => {
    const { service, of } = serviceWith('protocol TCP\nreal_server 10.0.0.11 80 {\nTCP_CHECK\n}');
    expect(service.servers[0].check.tcp).toEqual({});
    expect(of('changed')).toEqual([expect.stringContaining('TCP_CHECK: has no block')]);
  });

  test('of a group run each command once, as keepalived does', () => {
    const { document, of } = serviceWith(
      'protocol TCP\nlb_kind NAT\nquorum_up /bin/true\nreal_server 10.0.0.11 80 {\nnotify_down /bin/false\nTCP_CHECK {\n}\n}\n}\n' +
        'virtual_server_group g {\n203.0.113.1-3 80',
      'group g',
    );
    const { services, server_groups: groups } = document.ipvs;
    const [first, second, third] = services;
    expect(first.notify).toEqual({ up: ['/bin/true'] });
    expect(first.servers[0].notify).toEqual({ down: ['/bin/false'] });
    for (const other of [second, third]) {
      expect(other).not.toHaveProperty('notify');
      expect(other.server_group).toBe('g');
    }
    expect(groups[0].servers[0]).not.toHaveProperty('notify');
    expect(groups[0].servers[0].check).toEqual(first.servers[0].check);
    const message = expect.stringContaining('of which the first runs the commands');
    expect(of('changed')).toContainEqual(message);
  });

  test('keep what is left when a server is wrong', () => {
    const { service, of } = serviceWith(
      'real_server 10.0.0.300 80 {\n}\nreal_server 10.0.0.11 80 {\n}',
    );
    expect(service.servers).toEqual([{ address: '10.0.0.11:80' }]);
    expect(of('ignored')).toContainEqual(expect.stringContaining('10.0.0.300'));
  });
});

describe('FR-M: the language', () => {
  test('a definition is expanded where it is used', () => {
    const { instance } = imported(
      '$A=203.0.113.${B}\n$B=1\nvrrp_instance a {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n ${A}/24\n }\n}',
    );
    expect(instance.addresses).toEqual(['203.0.113.1/24']);
  });

  test('a definition of several lines is several lines', () => {
    const { document } = imported(
      '$I= \\\nvrrp_instance v${N} { \\\n interface eth0 \\\n virtual_router_id ${N} \\\n virtual_ipaddress { \\\n 203.0.113.${N} \\\n } \\\n}\n~SEQ(N, 1, 3) $I',
    );
    expect(
      document.instances.map(({ name, vrid }: { name: string; vrid: number }) => [name, vrid]),
    ).toEqual([
      ['v1', 1],
      ['v2', 2],
      ['v3', 3],
    ]);
  });

  test.each([
    ['~SEQ(N, 4) 203.0.113.${N}', ['1', '2', '3', '4']],
    ['~SEQ(N, 10, -4, 1) 203.0.113.${N}', ['10', '6', '2']],
    ['~LST(N, 7, 9) 203.0.113.${N}', ['7', '9']],
    ['~LST({N, M}, {1,2}, {3,4}) 203.0.113.${N}${M}', ['12', '34']],
  ])('%s', (line, ends) => {
    const { instance } = instanceWith(`virtual_ipaddress {\n ${line}\n}`);
    expect(instance.addresses.slice(1)).toEqual(ends.map((end) => `203.0.113.${end}`));
  });

  test.each([
    '~SEQ(N, 1, 0, 5) 203.0.113.1',
    '~SEQ(N',
    '~LST({A,B}, {1}) x',
    '~SEQ(N, 1, 99999999) ${N}',
  ])('a wrong sequence is listed: %s', (line) => {
    const { instance, of } = instanceWith(`virtual_ipaddress {\n ${line}\n}`);
    expect(instance.addresses).toHaveLength(1);
    expect(of('lost')).toHaveLength(1);
  });

  test('the names that keepalived defines', () => {
    const { instance } = instanceWith(
      'notify_master "/bin/x ${_ENV HOME} ${_HASH} ${_PWD} ${_INSTANCE}"',
      { configId: 'lb1', environment: { HOME: '/root' } },
    );
    expect(instance.notify.master).toEqual(['/bin/x', '/root', '#', '.', 'lb1']);
  });

  test('a definition that contains itself ends', () => {
    expect(instanceWith('$A=${A} x\n$A').instance).toBeDefined();
  });
});

test('every statement is carried, listed or needless', () => {
  const { statements, lines } = instanceWith(
    'state BACKUP\npriority 5\nunheard_of 1\nvirtual_rules {\n from 192.0.2.0/24 frobnicate 1\n}\n}\nunheard_block x {\n y 1',
  );
  expect(statements).toEqual({ carried: 4, needless: 1, listed: 3 });
  expect(lines).toEqual([
    'k.conf:9: vrrp_instance: unheard_of 1',
    expect.stringContaining('"frobnicate" is not supported'),
    'k.conf:14: unheard_block x',
  ]);
});

test('a file of thousands of instances takes as long as its length', () => {
  const instance = (n: number) =>
    `vrrp_instance v${n} {\n interface eth${n >> 7}\n virtual_router_id ${(n & 127) + 1}\n priority 100\n virtual_ipaddress {\n 10.${n >> 8}.${n & 255}.1/24\n }\n}\n`;
  const cost = (count: number) => {
    const text = Array.from({ length: count }, (_, n) => instance(n)).join('');
    const start = process.cpuUsage();
    expect(imported(text).document.instances).toHaveLength(count);
    return process.cpuUsage(start).user;
  };
  cost(50);
  // Four times the length, with room for noise: it was more than sixteen times.
  expect(cost(800) / cost(200)).toBeLessThan(10);
});
