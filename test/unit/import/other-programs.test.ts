/** Files of ldirectord(8) and ipvsadm-save(8), alone and beside a keepalived.conf. */
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importFiles, type Kind, kindOf } from '../../../src/import/import.ts';
import { errorsOf } from './import-tool.ts';

function imported(...files: { readonly kind: Kind; readonly text: string }[]) {
  const sources = files.map(({ kind, text }) => ({ file: kind, text, kind }));
  const result = importFiles(sources, { configId: undefined, include: () => [] });
  const document = result.yaml === undefined ? undefined : parse(result.yaml);
  const lost = result.notes.filter(({ level }) => level === 'lost').map(({ message }) => message);
  if (result.yaml !== undefined) expect(errorsOf(result.yaml)).toEqual([]);
  return { ...result, document, services: document?.ipvs?.services, lost };
}

const ldirectord = (text: string) => imported({ kind: 'ldirectord', text });
const ipvsadm = (text: string) => imported({ kind: 'ipvsadm', text });

describe('ldirectord.cf', () => {
  test('becomes services with their checks, without an instance', () => {
    const { document, services, lost } = ldirectord(`
# Global
checktimeout=3
checkinterval=1
fallback=127.0.0.1:80 gate
fallbackcommand=/usr/local/bin/page
quiescent=no
autoreload=yes
virtual=192.0.2.240:80
\treal=192.0.2.2->192.0.2.3:80 gate 5
\treal=192.0.2.6:8080 masq 3 "own.html", "OK" "<l:10>" "<u:20>"
\tservice=http
\tscheduler=rr
\tpersistent=600
\tnetmask=255.255.255.0
\trequest="index.html"
\treceive="Test Page"
\tvirtualhost=www.example.com
`);
    const timing = { interval: '1s', timeout: '3s', rise: 1, fall: 1 };
    const http = { path: '/index.html', body_regex: 'Test Page', host: 'www.example.com' };
    expect(document.instances).toBeUndefined();
    expect(services).toEqual([
      {
        name: '192.0.2.240-80',
        address: '192.0.2.240:80',
        protocol: 'tcp',
        scheduler: 'rr',
        persistence: { timeout: '600s', netmask: 24 },
        check: { http, ...timing },
        on_failure: 'remove',
        fallback: { address: '127.0.0.1', forwarding: 'dr' },
        notify: {
          down: ['/usr/local/bin/page', 'start', '192.0.2.240:80', 'tcp'],
          up: ['/usr/local/bin/page', 'stop', '192.0.2.240:80', 'tcp'],
        },
        servers: [
          { address: '192.0.2.2', forwarding: 'dr', weight: 5 },
          { address: '192.0.2.3', forwarding: 'dr', weight: 5 },
          {
            ...{ address: '192.0.2.6:8080', forwarding: 'nat', weight: 3 },
            ...{ lower_threshold: 10, upper_threshold: 20 },
            check: { http: { ...http, path: '/own.html', body_regex: 'OK' }, ...timing },
          },
        ],
      },
    ]);
    expect(lost).toEqual([]);
  });

  const withKeys = (keys: string, where = '192.0.2.240:80') =>
    ldirectord(`virtual=${where}\n${keys.replaceAll(/^/gm, '  ')}\n  real=192.0.2.2:80 masq`);

  test.each([
    ['checktype=connect', { tcp: {}, interval: '10s', timeout: '5s', fall: 1 }],
    ['checktype=connect\nprotocol=udp', { ping: {} }],
    ['checktype=ping\nfailurecount=4', { ping: {}, fall: 4 }],
    ['service=https', { https: { verify: false }, timeout: '30s' }],
    [
      'checktype=external\ncheckcommand=/bin/c',
      { exec: { command: ['/bin/c', '192.0.2.240', '80', '{address}', '{port}'] } },
    ],
    [
      'service=dns\nrequest="a.example"\nreceive="192.0.2.9"',
      { dns: { name: 'a.example', answer: '192.0.2.9' } },
    ],
    ['service=dns\nrequest="a.example"\nreceive="192\\.0\\."', { dns: { name: 'a.example' } }],
    ['service=dns\nrequest="192.0.2.7"\nreceive="a.example"', { tcp: {} }],
    ['checktype=3\ncheckport=81', { http: {}, port: 81 }],
  ])('%s', (keys, check) => {
    expect(withKeys(keys).services[0].check).toMatchObject(check);
  });

  test('asks for an address, and compares with one', () => {
    const pattern = withKeys('service=dns\nrequest="a.example"\nreceive="192\\.0\\."');
    expect(pattern.services[0].check.dns.answer).toBeUndefined();
    const reverse = withKeys('service=dns\nrequest="192.0.2.7"\nreceive="a.example"');
    const levels = [pattern, reverse].map(({ notes }) => notes.map(({ level }) => level));
    expect(levels).toEqual([['changed'], ['changed', 'changed']]);
  });

  test('on port 53 is udp, whose connection is a ping', () => {
    const { services } = withKeys('checktype=connect', '192.0.2.240:53');
    expect(services[0]).toMatchObject({ protocol: 'udp', check: { ping: {} } });
  });

  test('without a check of its own is as ldirectord has it', () => {
    expect(withKeys('checktype=on').services[0].check).toBe('none');
    const off = withKeys('checktype=off');
    expect(off.services[0].servers).toEqual([]);
    expect(off.lost).toEqual([expect.stringContaining('no server active')]);
    expect(withKeys('service=mysql').notes).toEqual([
      expect.objectContaining({ level: 'changed', message: expect.stringContaining('mysql') }),
    ]);
  });

  test('is read as the program reads it', () => {
    const { services, lost } = ldirectord(`supervised
checkcount=3
fallback=192.0.2.99:80 masq
virtual=203.0.113.1:80
\treal=192.0.2.10:80 gate # a comment
\tcheckinterval=9
\tchecktype=external
\tcheckcommand="/bin/check -x"
virtual6=[2001:db8::1]:80
\treal6=[2001:db8::10]:80 gate
`);
    expect(lost).toEqual([]);
    const exec = { command: ['/bin/check', '-x', '203.0.113.1', '80', '{address}', '{port}'] };
    expect(services).toMatchObject([
      {
        check: { exec, interval: '10s' },
        on_failure: 'remove',
        fallback: { address: '192.0.2.99:80' },
        servers: [{ address: '192.0.2.10' }],
      },
      { address: '[2001:db8::1]:80' },
    ]);
    expect(services[1].fallback).toBeUndefined();
    expect(ldirectord('checkcount=3\nvirtual=5\n\tchecktype=ping\n').lost).toEqual([
      expect.stringContaining('each ping is tried once'),
    ]);
  });

  test('a firewall mark is a service, and a name is not looked up', () => {
    const { services, lost } = ldirectord(
      'virtual=7\n  real=192.0.2.2 gate\n  checktype=on\nvirtual=web:http\n  real=192.0.2.2 gate',
    );
    expect(services).toMatchObject([{ name: 'fwmark-7', fwmark: 7 }]);
    expect(lost).toEqual([expect.stringContaining('virtual web:http is skipped')]);
  });

  test('maps to the port of the file with masq, also behind a firewall mark', () => {
    const { services, notes } = ldirectord(`virtual=7
\treal=192.0.2.2:8080 masq
\tfallback=192.0.2.9:81 masq
\tchecktype=connect
`);
    expect(services).toMatchObject([
      { servers: [{ address: '192.0.2.2:8080' }], fallback: { address: '192.0.2.9:81' } },
    ]);
    expect(notes).toEqual([]);
  });

  test('gives an external check the port of the file, whatever checkport says', () => {
    const { services, notes } = ldirectord(`virtual=7
\treal=192.0.2.2:80 gate
\tchecktype=external
\tcheckcommand=/bin/c
\tcheckport=99
`);
    const exec = { command: ['/bin/c', '7', '0', '{address}', '{port}'] };
    expect(services[0].servers[0].check).toMatchObject({ exec, port: 80 });
    expect(notes.map(({ message }) => message)).toEqual([
      expect.stringContaining('only the check uses this one'),
      expect.stringContaining('checkport 99: an external check does not use it'),
    ]);
  });

  test('names the check as the user of a port only where it is one', () => {
    const { notes } = ldirectord('virtual=7\n\treal=192.0.2.2:80 gate\n\tchecktype=ping\n');
    expect(notes.map(({ message }) => message)).toEqual([
      expect.stringMatching(/the packets keep their port$/),
    ]);
  });

  test('reads a list of schedflags in quotes', () => {
    const text =
      'virtual=7\n\treal=192.0.2.2 gate\n\tscheduler=sh\n\tschedflags="sh-port, sh-fallback"\n';
    expect(ldirectord(text).services[0].flags).toEqual(['sh-port', 'sh-fallback']);
  });

  test('checks a port that only the check uses, and that of the kind of service', () => {
    const { services, notes } = ldirectord(`virtual=7
\treal=192.0.2.2:8080 gate 1 "own.html", "OK"
\treal=192.0.2.3 gate
\tservice=http
virtual=8
\treal=192.0.2.2:25 gate
\tchecktype=connect
virtual=203.0.113.1:80
\treal=192.0.2.2:8080 ipip
\treal=192.0.2.3:8080 masq
\tchecktype=connect
virtual=203.0.113.1:81
\treal=192.0.2.2:8080 gate
\tchecktype=connect
\tcheckport=82
virtual=9
\treal=192.0.2.2:8080 gate
\tchecktype=ping
`);
    expect(services).toMatchObject([
      {
        check: { http: {}, port: 80 },
        servers: [
          { address: '192.0.2.2', check: { http: { path: '/own.html' }, port: 8080 } },
          { address: '192.0.2.3' },
        ],
      },
      { servers: [{ address: '192.0.2.2', check: { tcp: {}, port: 25 } }] },
      {
        check: { tcp: {} },
        servers: [{ address: '192.0.2.2', check: { port: 8080 } }, { address: '192.0.2.3:8080' }],
      },
      { check: { port: 82 }, servers: [{ address: '192.0.2.2' }] },
      { check: { ping: {} }, servers: [{ address: '192.0.2.2' }] },
    ]);
    for (const [service, server] of [
      [0, 1],
      [2, 1],
      [3, 0],
      [4, 0],
    ] as const) {
      expect(services[service].servers[server].check).toBeUndefined();
    }
    expect(services[1].check).toBeUndefined();
    expect(new Set(notes.map(({ level }) => level))).toEqual(new Set(['ignored']));
  });

  test('has flags and thresholds, and single packets of UDP only', () => {
    const { services, notes, lost } = ldirectord(`virtual=203.0.113.1:53
\treal=192.0.2.2:53 masq 1 l:5 u:10
\tscheduler=sh
\tschedflags=sh-port,sh-fallback
\tops=yes
virtual=203.0.113.1:81
\treal=192.0.2.2:81 masq
\tops=yes
`);
    expect(services).toMatchObject([
      {
        flags: ['sh-port', 'sh-fallback'],
        one_packet: true,
        servers: [{ lower_threshold: 5, upper_threshold: 10 }],
      },
      { servers: [{ address: '192.0.2.2:81' }] },
    ]);
    expect(services[1].one_packet).toBeUndefined();
    expect(lost).toEqual([]);
    expect(notes).toEqual([
      expect.objectContaining({
        line: 8,
        level: 'ignored',
        message: expect.stringContaining('udp'),
      }),
    ]);
  });

  test('lists every key that it does not carry, and lines that are no keys', () => {
    const { lost } = ldirectord(
      'emailalert="a@example.com"\nnonsense\nvirtual=192.0.2.240:80\n  checktype=on\n  secret="x"\n  real=192.0.2.2:80 teleport',
    );
    expect(lost).toEqual([
      'emailalert a@example.com',
      'nonsense: not "key = value"',
      'virtual: secret x',
      expect.stringContaining('expected an IP address and gate, masq or ipip'),
    ]);
  });
});

describe('the output of ipvsadm-save -n', () => {
  test('becomes services and servers', () => {
    const { services, lost } = ipvsadm(`-A -t 203.0.113.100:80 -s wlc -p 300 -M 255.255.255.0
-a -t 203.0.113.100:80 -r 192.0.2.1:80 -g -w 1
-a -t 203.0.113.100:80 -r 192.0.2.2:8080 -m -w 2 -x 100 -y 50
-a -t 203.0.113.100:80 -r 192.0.2.3:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-A -u [2001:db8::1]:53 -s rr -o
-A -f 5 -6 -s mh -b mh-port
-a -f 5 -r [2001:db8::2]:0 -g -w 1
`);
    expect(services).toEqual([
      {
        ...{ name: '203.0.113.100-80-tcp', address: '203.0.113.100:80', protocol: 'tcp' },
        ...{ scheduler: 'wlc', persistence: { timeout: '300s', netmask: 24 } },
        servers: [
          { address: '192.0.2.1', forwarding: 'dr', weight: 1 },
          {
            ...{ address: '192.0.2.2:8080', forwarding: 'nat', weight: 2 },
            ...{ upper_threshold: 100, lower_threshold: 50 },
          },
          {
            ...{ address: '192.0.2.3', forwarding: 'tun', weight: 1 },
            tunnel: { type: 'gue', port: 6080, checksum: 'checksum' },
          },
        ],
      },
      {
        ...{ name: '2001-db8--1--53-udp', address: '[2001:db8::1]:53', protocol: 'udp' },
        ...{ scheduler: 'rr', one_packet: true, servers: [] },
      },
      {
        ...{ name: 'fwmark-5', fwmark: 5, family: 'ipv6', scheduler: 'mh', flags: ['mh-port'] },
        servers: [{ address: '[2001:db8::2]', forwarding: 'dr', weight: 1 }],
      },
    ]);
    expect(lost).toEqual([]);
  });

  test('may repeat the family, and a service counts once', () => {
    const { services, lost } = ipvsadm(`-A -f 6 -6 -s wlc
-a -f 6 -6 -r [2001:db8::10]:0 -g -w 1
-A -t 203.0.113.1:80 -s rr
-A -t 203.0.113.1:80 -s wlc
-a -t 203.0.113.1:80 -r 192.0.2.10:80 -m -w 1
`);
    expect(lost).toEqual([]);
    expect(services).toMatchObject([
      { fwmark: 6, family: 'ipv6', servers: [{ address: '[2001:db8::10]' }] },
      { scheduler: 'rr', servers: [{ address: '192.0.2.10:80' }] },
    ]);
  });

  test('FR-M keeps the port of a server that a mark maps to, and drops that of others', () => {
    const { services, lost } = ipvsadm(`-A -f 7 -s rr
-a -f 7 -r 192.0.2.11:8080 -m -w 1
-a -f 7 -r 192.0.2.12:0 -m -w 1
-a -f 7 -r 192.0.2.13:8080 -g -w 1
`);
    expect(lost).toEqual([]);
    const addresses = services[0].servers.map(({ address }: { address: string }) => address);
    expect(addresses).toEqual(['192.0.2.11:8080', '192.0.2.12', '192.0.2.13']);
  });

  test('FR-M makes a service of a mark for each family', () => {
    const { services, lost } = ipvsadm(`-A -f 7 -s rr
-a -f 7 -r 192.0.2.11:8080 -m -w 1
-A -f 7 -6 -s wlc
-a -f 7 -6 -r [2001:db8::11]:8080 -m -w 1
`);
    expect(lost).toEqual([]);
    expect(services).toEqual([
      {
        ...{ name: 'fwmark-7', fwmark: 7, scheduler: 'rr' },
        servers: [{ address: '192.0.2.11:8080', forwarding: 'nat', weight: 1 }],
      },
      {
        ...{ name: 'fwmark-7-2', fwmark: 7, family: 'ipv6', scheduler: 'wlc' },
        servers: [{ address: '[2001:db8::11]:8080', forwarding: 'nat', weight: 1 }],
      },
    ]);
  });

  test('lists names, unknown words and servers without a service', () => {
    const { lost } = ipvsadm(
      '-A -t localhost:http -s wlc\n-A -t 203.0.113.1:80 -s wlc --frobnicate\n-a -t 203.0.113.9:80 -r 192.0.2.1:80 -g -w 1\n-D -t 203.0.113.1:80',
    );
    expect(lost).toEqual([
      expect.stringContaining('ipvsadm-save -n'),
      expect.stringContaining('"--frobnicate" is not supported'),
      expect.stringContaining('its service is not converted'),
      '-D -t 203.0.113.1:80',
    ]);
  });
});

describe('haresources and ha.cf of heartbeat', () => {
  const RESOURCES = `lb1 IPaddr::203.0.113.1/24/eth1/203.0.113.255 ldirectord::ldirectord.cf \\
  httpd 203.0.113.3/24/eth2
lb2 IPv6addr::2001:db8::2/64/eth1
`;
  const CLUSTER = `logfacility local0
keepalive 500ms
deadtime 10
bcast eth1
auto_failback off
node lb1 lb2
ping 203.0.113.254
respawn hacluster /usr/lib/heartbeat/ipfail
stonith_host * x
`;
  const both = (configId: string | undefined, ...texts: string[]) => {
    const sources = texts.map((text, n) => ({ file: `f${n}`, text, kind: 'heartbeat' as const }));
    const result = importFiles(sources, { configId, include: () => [] });
    expect(errorsOf(result.yaml)).toEqual([]);
    return { ...result, instances: parse(result.yaml ?? '').instances };
  };

  test('become an instance for each line, with the settings of the cluster', () => {
    const common = {
      advertisement_interval: '500ms',
      preempt: false,
      track: [{ gateway: ['203.0.113.254'] }],
    };
    for (const order of [
      [RESOURCES, CLUSTER],
      [CLUSTER, RESOURCES],
    ]) {
      expect(both('lb1', ...order).instances).toEqual([
        {
          ...{ name: '203.0.113.1', interface: 'eth1', vrid: 51, priority: 150, ...common },
          addresses: ['203.0.113.1/24', { address: '203.0.113.3/24', interface: 'eth2' }],
        },
        {
          ...{ name: '2001-db8--2', interface: 'eth1', vrid: 52, priority: 100, ...common },
          addresses: ['fe80::34:1/64', '2001:db8::2/64'],
        },
      ]);
    }
  });

  test('keep the name of an alias as the label of an IPv4 address', () => {
    const line = 'lb1 203.0.113.1/24/eth1:2 203.0.113.3/24/eth2:0 203.0.113.4/24/eth1\n';
    expect(both('lb1', line).instances[0].addresses).toEqual([
      { address: '203.0.113.1/24', label: 'eth1:2' },
      { address: '203.0.113.3/24', interface: 'eth2', label: 'eth2:0' },
      '203.0.113.4/24',
    ]);
    const six = 'lb1 IPv6addr::2001:db8::2/64/eth1:2\n';
    expect(both('lb1', six).instances[0].addresses).toContain('2001:db8::2/64');
  });

  test('have an entry for each host of ping, and one for a group', () => {
    const pings = 'ping 192.0.2.1 192.0.2.2\nping 192.0.2.3\nping_group g 192.0.2.4 192.0.2.5\n';
    const { instances, notes } = both('lb1', RESOURCES, `auto_failback legacy\n${pings}`);
    expect(instances[0].track).toEqual([
      { gateway: ['192.0.2.1'] },
      { gateway: ['192.0.2.2'] },
      { gateway: ['192.0.2.3'] },
      { gateway: ['192.0.2.4', '192.0.2.5'] },
    ]);
    expect(notes).toContainEqual(
      expect.objectContaining({ message: expect.stringContaining('auto_failback legacy') }),
    );
  });

  test('list what moves with the addresses, the choice of VRIDs, and an unknown node', () => {
    const { notes } = both(undefined, RESOURCES, CLUSTER);
    const lost = notes.filter(({ level }) => level === 'lost').map(({ message }) => message);
    expect(lost).toEqual([
      expect.stringContaining('httpd: is not started here'),
      expect.stringContaining('lb1 is preferred'),
      expect.stringContaining('lb2 is preferred'),
      'ha.cf: stonith_host * x',
    ]);
    const changed = notes.filter(({ level }) => level === 'changed').map(({ message }) => message);
    expect(changed).toContainEqual(expect.stringContaining('VRID 51 is chosen'));
    expect(changed).toContainEqual(expect.stringContaining('import ldirectord.cf as well'));
  });

  test('authkeys are noted, without the key', () => {
    const { notes } = both('lb1', RESOURCES, 'auth 1\n1 sha1 secret-word\n');
    expect(JSON.stringify(notes)).toContain('is not authenticated');
    expect(JSON.stringify(notes)).not.toContain('secret-word');
  });
});

describe('lvs.cf of Piranha', () => {
  const LVS = `serial_no = 14
primary = 192.0.2.201
backup = 192.0.2.202
keepalive = 2
deadtime = 10
network = nat
nat_router = 198.51.100.1 eth1:1
nat_nmask = 255.255.255.0
syncdaemon = 1
syncd_iface = eth1
syncd_id = 3
tcp_timeout = 900
virtual web {
     active = 1
     address = 203.0.113.10 eth0:1
     vip_nmask = 255.255.255.0
     port = 80
     persistent = 60
     send = "GET / HTTP/1.1\\r\\n\\r\\n"
     expect = "HTTP"
     load_monitor = uptime
     scheduler = wlc
     timeout = 10
     reentry = 180
     quiesce_server = 1
     server one {
          address = 198.51.100.11
          active = 1
          weight = 2
     }
     server two {
          address = 198.51.100.12
          active = 0
     }
}
virtual off {
     active = 0
     address = 203.0.113.11 eth0:2
}
`;

  test('becomes services, and instances that move together', () => {
    const result = importFiles([{ file: 'lvs.cf', text: LVS, kind: kindOf(LVS) }], {
      configId: 'primary',
      include: () => [],
    });
    expect(errorsOf(result.yaml)).toEqual([]);
    const common = { advertisement_interval: '2s', priority: 150 };
    expect(parse(result.yaml ?? '')).toEqual({
      ipvs: {
        timeouts: { tcp: '900s' },
        sync: { interface: 'eth1', instance: 'eth1-ipv4', sync_id: 3 },
        services: [
          {
            ...{ name: 'web', address: '203.0.113.10:80', protocol: 'tcp', scheduler: 'wlc' },
            ...{ forwarding: 'nat', persistence: { timeout: '60s' }, on_failure: 'quiesce' },
            check: { tcp: {}, interval: '180s', timeout: '10s', rise: 1, fall: 1, port: 80 },
            servers: [{ address: '198.51.100.11:80', weight: 2 }],
          },
        ],
      },
      sync_groups: [{ name: 'lvs', instances: ['eth1-ipv4', 'eth0-ipv4'] }],
      instances: [
        {
          name: 'eth1-ipv4',
          interface: 'eth1',
          vrid: 51,
          addresses: [{ address: '198.51.100.1/24', label: 'eth1:1' }],
          ...common,
        },
        {
          name: 'eth0-ipv4',
          interface: 'eth0',
          vrid: 52,
          addresses: [{ address: '203.0.113.10/24', label: 'eth0:1' }],
          ...common,
        },
      ],
    });
    const lost = result.notes.filter(({ level }) => level === 'lost').map(({ message }) => message);
    expect(lost).toEqual(['virtual: load_monitor uptime']);
  });

  test('without a role lists that the priority is missing, and lines that cannot be read', () => {
    const text = `${LVS}what is this
`;
    const { notes } = importFiles([{ file: 'lvs.cf', text, kind: 'piranha' }], {
      configId: undefined,
      include: () => [],
    });
    const messages = notes.map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringContaining('--config-id primary or backup'));
    expect(messages).toContainEqual('what is this: cannot be read');
  });
});

test('the kind of a file is in its content', () => {
  expect(kindOf('-A -t 203.0.113.1:80 -s wlc')).toBe('ipvsadm');
  expect(kindOf('checktimeout=3\nvirtual = 203.0.113.1:80\n')).toBe('ldirectord');
  expect(kindOf('lb1 IPaddr::203.0.113.1/24/eth0 httpd')).toBe('heartbeat');
  expect(kindOf('logfacility local0\nkeepalive 2\n')).toBe('heartbeat');
  expect(kindOf('primary = 192.0.2.1\nvirtual web {\n}')).toBe('piranha');
  expect(kindOf('virtual_server 203.0.113.1 80 {\n}')).toBe('keepalived');
});

test('files of two programs become one configuration', () => {
  const keepalived =
    'vrrp_instance web {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.100\n }\n}';
  const { document } = imported(
    { kind: 'keepalived', text: keepalived },
    {
      kind: 'ldirectord',
      text: 'virtual=203.0.113.100:80\n  checktype=on\n  real=192.0.2.2:80 masq',
    },
  );
  expect(document.instances).toHaveLength(1);
  expect(document.ipvs.services).toHaveLength(1);
});

test('virtual servers of a keepalived.conf without VRRP are a load balancer of their own', () => {
  const { document } = imported({
    kind: 'keepalived',
    text: 'virtual_server 203.0.113.100 80 {\n protocol TCP\n real_server 192.0.2.1 80 {\n }\n}',
  });
  expect(document).toMatchObject({ ipvs: { services: [{ name: '203.0.113.100-80' }] } });
  expect(document.instances).toBeUndefined();
});
