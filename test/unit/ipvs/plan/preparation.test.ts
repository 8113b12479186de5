import { describe, expect, test } from 'vitest';
import { requirementsOf } from '../../../../src/ipvs/plan/preparation.ts';
import type {
  HostFacts,
  HostLink,
  PreparationInput,
} from '../../../../src/ipvs/plan/requirement.ts';
import { ip } from '../../../../src/net/address.ts';

const VIP = ip('203.0.113.100');
const VIP6 = ip('2001:db8::100');

function link(name: string, ...prefixes: string[]): HostLink {
  const addresses = prefixes.map((prefix) => {
    const [address = '', length = ''] = prefix.split('/');
    return { address: ip(address), prefixLength: Number(length) };
  });
  return { name, isUp: true, addresses };
}

function facts(sysctls: Record<string, string> = {}, more: Partial<HostFacts> = {}): HostFacts {
  return {
    links: [link('lo', '127.0.0.1/8'), link('eth0', '203.0.113.2/24', '2001:db8::2/64')],
    gateways: [],
    hasIpvs: true,
    sysctl: (name) => sysctls[name],
    ...more,
  };
}

function input(more: Partial<PreparationInput>): PreparationInput {
  return {
    role: 'director',
    mode: 'dr',
    vips: [VIP],
    gateways: [],
    servers: [],
    tunnels: [],
    ...more,
  };
}

/** Subjects of unmet requirements. */
function missing(wanted: Partial<PreparationInput>, host: HostFacts): string[] {
  return requirementsOf(input(wanted), host)
    .filter(({ state }) => state === 'unmet')
    .map(({ subject }) => subject);
}

function commands(wanted: Partial<PreparationInput>, host: HostFacts): string[] {
  return requirementsOf(input(wanted), host)
    .filter(({ state }) => state !== 'met')
    .flatMap((one) => one.commands.map((command) => command.join(' ')));
}

const NO_REDIRECTS = {
  'net.ipv4.conf.all.send_redirects': '0',
  'net.ipv4.conf.default.send_redirects': '0',
  'net.ipv4.conf.eth0.send_redirects': '0',
};
const SILENT = { 'net.ipv4.conf.all.arp_ignore': '1', 'net.ipv4.conf.all.arp_announce': '2' };

describe('a director', () => {
  test('needs IPVS, and sends no redirects on any interface', () => {
    expect(missing({}, facts({}, { hasIpvs: false }))).toEqual([
      'ip_vs',
      'net.ipv4.conf.all.send_redirects',
      'net.ipv4.conf.default.send_redirects',
      'net.ipv4.conf.eth0.send_redirects',
    ]);
    expect(missing({}, facts(NO_REDIRECTS))).toEqual([]);
  });

  test('that uses nat forwards packets', () => {
    expect(missing({ mode: 'nat' }, facts(NO_REDIRECTS))).toEqual(['net.ipv4.ip_forward']);
    expect(missing({ mode: 'nat', vips: [VIP, VIP6] }, facts(NO_REDIRECTS))).toEqual([
      'net.ipv4.ip_forward',
      'net.ipv6.conf.all.forwarding',
    ]);
    expect(missing({ mode: 'nat', vips: [VIP6] }, facts())).toEqual([
      'net.ipv6.conf.all.forwarding',
    ]);
  });

  test('may have to rewrite the source if clients and servers share a network', () => {
    const host = facts({ ...NO_REDIRECTS, 'net.ipv4.ip_forward': '1' });
    const hints = (server: string) => commands({ mode: 'nat', servers: [ip(server)] }, host);
    expect(hints('203.0.113.11')).toEqual([
      'sysctl -w net.ipv4.vs.conntrack=1',
      'nft add table ip ipvs_snat',
      'nft add chain ip ipvs_snat postrouting { type nat hook postrouting priority srcnat; }',
      'nft add rule ip ipvs_snat postrouting ip daddr 203.0.113.11 masquerade',
    ]);
    expect(hints('198.51.100.11')).toEqual([]);
    expect(hints('2001:db8::11')).toEqual([]);
  });

  test('does so for IPv6 with a table of that family', () => {
    const host = facts({ 'net.ipv6.conf.all.forwarding': '1' });
    const found = commands({ mode: 'nat', vips: [VIP6], servers: [ip('2001:db8::11')] }, host);
    expect(found[3]).toBe(
      'nft add rule ip6 ipvs_snat postrouting ip6 daddr 2001:db8::11 masquerade',
    );
  });

  test('with several kinds of tunnels has a hint about the size of each', () => {
    const tunnels = (['gre', 'gue'] as const).map((type) => ({ type, port: 6080 }));
    const found = requirementsOf(input({ mode: 'tun', tunnels }), facts(NO_REDIRECTS));
    expect(found.at(-1)?.why).toContain(
      '24 bytes of each packet (gre), 32 bytes of each packet (gue)',
    );
  });

  test('with tunnels has a hint about the MTU', () => {
    const found = requirementsOf(input({ mode: 'tun' }), facts(NO_REDIRECTS));
    expect(found.map(({ subject, state }) => `${subject} ${state}`)).toContain('MTU hint');
  });
});

describe('a real server with direct routing', () => {
  const SERVER = { role: 'realserver', mode: 'dr' } as const;

  test('does not answer ARP before it has the VIP on lo', () => {
    expect(commands(SERVER, facts())).toEqual([
      'sysctl -w net.ipv4.conf.all.arp_ignore=1',
      'sysctl -w net.ipv4.conf.all.arp_announce=2',
      'ip address add 203.0.113.100/32 dev lo',
    ]);
  });

  test('needs nothing else after that', () => {
    const links = [link('lo', '203.0.113.100/32')];
    expect(missing(SERVER, facts(SILENT, { links }))).toEqual([]);
    const more = { ...SILENT, 'net.ipv4.conf.all.arp_ignore': '2' };
    expect(missing(SERVER, facts(more, { links }))).toEqual([]);
  });

  test('does not have the VIP on a link where others reach it', () => {
    const onlyThere = facts(SILENT, { links: [link('eth0', '203.0.113.100/32')] });
    expect(commands(SERVER, onlyThere)).toEqual([
      'ip address del 203.0.113.100/32 dev eth0',
      'ip address add 203.0.113.100/32 dev lo',
    ]);
    const both = [link('lo', '203.0.113.100/32'), link('eth0', '203.0.113.100/32')];
    expect(commands(SERVER, facts(SILENT, { links: both }))).toEqual([
      'ip address del 203.0.113.100/32 dev eth0',
    ]);
  });

  test('needs nothing for ARP with IPv6 alone', () => {
    expect(missing({ ...SERVER, vips: [VIP6] }, facts())).toEqual([VIP6]);
  });

  test('needs the VIPs', () => {
    const found = requirementsOf(input({ ...SERVER, vips: [] }), facts(SILENT));
    expect(found.at(-1)).toMatchObject({ subject: 'VIPs', state: 'hint' });
  });
});

describe('a real server with tunnels', () => {
  const SERVER = { role: 'realserver', mode: 'tun' } as const;

  test('has the tunnel device up, and accepts decapsulated packets', () => {
    expect(missing(SERVER, facts(SILENT))).toEqual([
      'tunl0',
      'net.ipv4.conf.all.rp_filter',
      'net.ipv4.conf.tunl0.rp_filter',
      VIP,
    ]);
  });

  test('has the device of gre for gre, and decapsulates UDP for gue', () => {
    const gre = { type: 'gre', port: 0 } as const;
    const gue = { type: 'gue', port: 6080 } as const;
    const wanted = commands({ ...SERVER, tunnels: [gre, gue] }, facts());
    expect(wanted).toEqual(
      expect.arrayContaining([
        'modprobe fou',
        'ip fou add port 6080 gue',
        'modprobe ip_gre',
        'ip link set gre0 up',
        'modprobe ipip',
        'ip link set tunl0 up',
      ]),
    );
    expect(commands({ ...SERVER, tunnels: [gre] }, facts())).not.toContain('ip link set tunl0 up');
  });

  test('may have the VIP on the tunnel', () => {
    const links = [link('tunl0', '203.0.113.100/32')];
    const off = { 'net.ipv4.conf.all.rp_filter': '0', 'net.ipv4.conf.tunl0.rp_filter': '0' };
    expect(missing(SERVER, facts({ ...SILENT, ...off }, { links }))).toEqual([]);
  });

  test.each([
    [true, []],
    [false, ['modprobe ip6_tunnel', 'ip link set ip6tnl0 up']],
  ])('of IPv6: the device is up: %s', (isUp, expected) => {
    const links = [link('lo', '2001:db8::100/128'), { ...link('ip6tnl0'), isUp }];
    expect(commands({ ...SERVER, vips: [VIP6] }, facts({}, { links }))).toEqual(expected);
  });
});

describe('a real server behind nat', () => {
  const SERVER = { role: 'realserver', mode: 'nat' } as const;
  const GATEWAY = ip('10.0.0.1');

  test('routes its answers through the address that moves with the VIPs', () => {
    expect(commands({ ...SERVER, gateways: [GATEWAY] }, facts())).toEqual([
      'ip route replace default via 10.0.0.1',
    ]);
    const other = facts({}, { gateways: [ip('10.0.0.254')] });
    expect(requirementsOf(input({ ...SERVER, gateways: [GATEWAY] }), other)).toMatchObject([
      { state: 'unmet', found: 'via 10.0.0.254', wanted: 'via 10.0.0.1' },
    ]);
    const right = facts({}, { gateways: [GATEWAY] });
    expect(missing({ ...SERVER, gateways: [GATEWAY] }, right)).toEqual([]);
  });

  test('has no command if there are several such addresses', () => {
    const gateways = [GATEWAY, ip('10.0.1.1')];
    expect(missing({ ...SERVER, gateways }, facts())).toEqual(['default route']);
    expect(commands({ ...SERVER, gateways }, facts())).toEqual([]);
  });

  test('uses the VIP as gateway if no other address moves', () => {
    expect(commands({ ...SERVER, vips: [VIP6] }, facts())).toEqual([
      'ip -6 route replace default via 2001:db8::100',
    ]);
  });

  test('needs a gateway', () => {
    expect(requirementsOf(input({ ...SERVER, vips: [] }), facts())).toMatchObject([
      { subject: 'default route', state: 'hint' },
    ]);
  });

  test('of both families needs the parameters of both', () => {
    expect(missing({ role: 'director', mode: 'nat', vips: [] }, facts(NO_REDIRECTS))).toEqual([
      'net.ipv4.ip_forward',
      'net.ipv6.conf.all.forwarding',
    ]);
  });
});
