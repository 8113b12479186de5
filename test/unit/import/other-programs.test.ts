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
    ['checktype=3\ncheckport=81', { http: {}, port: 81 }],
  ])('%s', (keys, check) => {
    expect(withKeys(keys).services[0].check).toMatchObject(check);
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

  test('a firewall mark is a service, and a name is not looked up', () => {
    const { services, lost } = ldirectord(
      'virtual=7\n  real=192.0.2.2 gate\n  checktype=on\nvirtual=web:http\n  real=192.0.2.2 gate',
    );
    expect(services).toMatchObject([{ name: 'fwmark-7', fwmark: 7 }]);
    expect(lost).toEqual([expect.stringContaining('virtual web:http is skipped')]);
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
-A -u [2001:db8::1]:53 -s rr -O
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

test('the kind of a file is in its content', () => {
  expect(kindOf('-A -t 203.0.113.1:80 -s wlc')).toBe('ipvsadm');
  expect(kindOf('checktimeout=3\nvirtual = 203.0.113.1:80\n')).toBe('ldirectord');
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
