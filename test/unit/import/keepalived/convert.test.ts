// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of keepalived.conf
import { describe, expect, test } from 'vitest';
import { errorsOf, imported, instanceWith } from '../import-tool.ts';

describe('an instance', () => {
  test('is version 2 with priority 100, as keepalived would run it', () => {
    const { instance, lines } = instanceWith('');
    expect(instance).toEqual({
      name: 'web',
      interface: 'eth0',
      vrid: 51,
      version: 2,
      addresses: ['203.0.113.100/24'],
      advertisement_interval: '1s',
    });
    expect(lines).toEqual([]);
  });

  test.each([
    ['priority 150', { priority: 150 }],
    ['version 3\nadvert_int 0.25', { version: 3, advertisement_interval: '250ms' }],
    ['advert_int 12', { advertisement_interval: '12s' }],
    ['nopreempt', { preempt: false }],
    // FR-D3
    ['dont_track_primary', { on_interface_down: 'ignore' }],
    ['preempt_delay 300', { preempt_delay: '300s' }],
    [
      'authentication {\n auth_type PASS\n auth_pass eight-ch\n}',
      { authentication: { type: 'pass', password: 'eight-ch' } },
    ],
    [
      'garp_master_delay 10\ngarp_master_repeat 3',
      { garp: { second_burst_after: '10s', repeat: 3 } },
    ],
    ['mcast_src_ip 192.0.2.11', { source_address: '192.0.2.11' }],
    ['virtual_ipaddress_excluded {\n 2001:db8::1\n}', { extra_addresses: ['2001:db8::1'] }],
    [
      'notify_master "/bin/on master" nobody\nnotify /bin/any',
      { notify: { master: { command: ['/bin/on', 'master'], user: 'nobody' }, any: ['/bin/any'] } },
    ],
  ])('%s', (text, expected) => {
    const { instance, lines } = instanceWith(text);
    expect(instance).toMatchObject(expected);
    expect(lines).toEqual([]);
  });

  test('with unicast peers keeps them, and lists the stricter TTL check', () => {
    const { instance, lines } = instanceWith(
      'unicast_src_ip 192.0.2.11\nunicast_peer {\n 192.0.2.12\n 192.0.2.13 min_ttl 254\n}',
    );
    expect(instance.unicast).toEqual({
      source: '192.0.2.11',
      peers: ['192.0.2.12', { address: '192.0.2.13', min_ttl: 254 }],
    });
    expect(lines).toEqual([expect.stringContaining('k.conf:8: unicast_peer')]);
  });

  test('of IPv6 has version 3 and the link-local address that the RFC requires', () => {
    const { instance, lines } = imported(
      'vrrp_instance v6 {\n interface eth0\n virtual_router_id 26\n virtual_ipaddress {\n 2001:db8::1/64\n }\n}',
    );
    expect(instance).toMatchObject({ version: 3, addresses: ['fe80::1a:1/64', '2001:db8::1/64'] });
    expect(lines).toEqual([expect.stringContaining('fe80::1a:1/64 is added')]);
  });

  test('with noprefixroute has addresses without prefix length', () => {
    const { instance, lines } = imported(
      'vrrp_instance a {\n interface eth0\n virtual_router_id 26\n virtual_ipaddress {\n 203.0.113.100/24 noprefixroute dev eth1\n }\n}',
    );
    expect(instance).toMatchObject({
      addresses: [{ address: '203.0.113.100', interface: 'eth1' }],
    });
    expect(lines.join()).not.toContain('noprefixroute');
  });

  test('of both families has the first one, as in keepalived, and lists the other', () => {
    const { instance, lines } = imported(
      'vrrp_instance m {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.1\n 2001:db8::1 dev eth1\n }\n}',
    );
    expect(instance).toMatchObject({ addresses: ['203.0.113.1'] });
    expect(instance.extra_addresses).toBeUndefined();
    expect(lines).toEqual([
      expect.stringContaining('k.conf:6: 2001:db8::1 is of the other family'),
    ]);
  });

  test('with state MASTER and no priority is the owner, as in keepalived', () => {
    const { instance, lines } = instanceWith('state MASTER');
    expect(instance.priority).toBe(255);
    expect(lines).toHaveLength(1);
  });

  test('that is invalid is skipped with its line, and the others are kept', () => {
    const { document, lines } = imported(
      'vrrp_instance a {\n interface eth0\n virtual_router_id 0\n virtual_ipaddress {\n 203.0.113.1\n }\n}\n' +
        'vrrp_instance b {\n interface eth0\n virtual_router_id 2\n virtual_ipaddress {\n 203.0.113.2\n }\n}',
    );
    expect(document.instances.map(({ name }: { name: string }) => name)).toEqual(['b']);
    expect(lines).toEqual([expect.stringMatching(/^k.conf:1: vrrp_instance a is skipped: /)]);
  });

  test('lists what is not converted with its line, in the file and in the notes', () => {
    const { yaml, lines } = instanceWith('nonsense on\ngarp_extra_if 2');
    expect(lines).toEqual([
      'k.conf:7: vrrp_instance: nonsense on',
      'k.conf:8: vrrp_instance: garp_extra_if 2',
    ]);
    for (const line of lines) expect(yaml).toContain(`#   ${line}`);
  });

  test('has no rule or route that is only partly supported', () => {
    const { lines } = instanceWith('virtual_routes {\n throw 198.51.100.0/24\n}');
    expect(lines).toEqual([expect.stringContaining('"throw" is not supported')]);
  });
});

describe('the text of keepalived.conf', () => {
  test('has two kinds of comments, and none in quotes', () => {
    const { instance, lines } = instanceWith(
      'priority 150 # not 100\n! nopreempt\nnotify_master "/bin/on #1 !x"',
    );
    expect(instance.preempt).toBeUndefined();
    expect(instance.notify.master).toEqual(['/bin/on', '#1', '!x']);
    expect(lines).toEqual([]);
  });

  test('has braces in the same or the next line', () => {
    const { instance } = imported(
      'vrrp_instance a\n{\n interface eth0\n virtual_router_id 1\n virtual_ipaddress { 203.0.113.1 }\n}',
    );
    expect(instance.addresses).toEqual(['203.0.113.1']);
  });

  test('defines names, and lists unknown ones', () => {
    const { instance, lines } = imported(
      '$VIP=203.0.113.1\nvrrp_instance a {\n interface $LINK\n virtual_router_id 1\n virtual_ipaddress {\n ${VIP}/32\n }\n}',
    );
    expect(instance).toMatchObject({ interface: '$LINK', addresses: ['203.0.113.1/32'] });
    expect(lines).toEqual(['k.conf:3: $LINK is not defined and was left unchanged']);
  });

  test.each([
    ['high', 170, 0],
    ['low', 85, 0],
    [undefined, undefined, 2],
  ])('with conditions is that of one configuration: %s', (configId, priority, count) => {
    const options = configId === undefined ? {} : { configId };
    const { instance, lines } = instanceWith('@high priority 170\n@^high priority 85', options);
    expect(instance.priority).toBe(priority);
    expect(lines).toHaveLength(count);
  });

  test('includes files, and lists their lines', () => {
    const { instance, lines } = instanceWith('include more.conf\ninclude gone.conf', {
      files: { 'more.conf': 'priority 7\nnonsense on' },
    });
    expect(instance.priority).toBe(7);
    expect(lines).toEqual([
      'k.conf:8: include gone.conf: there is no such file',
      'more.conf:2: vrrp_instance: nonsense on',
    ]);
  });

  test.each([
    '}',
    'vrrp_instance {',
    '"',
    '$A',
    '@',
    '{ { {',
    'vrrp_instance a { virtual_ipaddress',
  ])('may be as broken as %s', (text) => {
    expect(imported(text).yaml).toBeUndefined();
  });
});

describe('global_defs', () => {
  test('give name, defaults and FIFO', () => {
    const { document, lines } = instanceWith(
      `}
global_defs {
  router_id lb one
  vrrp_garp_master_repeat 2
  vrrp_notify_fifo /run/fifo
  vrrp_rt_priority 20
  script_user nobody
  smtp_server 192.0.2.25`,
    );
    expect(document).toMatchObject({ router: 'lb', notify: { fifo: '/run/fifo' }, realtime: 20 });
    expect(document.instances[0].garp).toEqual({ repeat: 2 });
    expect(lines).toEqual([
      expect.stringContaining(
        'smtp_server 192.0.2.25: keepalived sends no mail: there is no notification_email',
      ),
    ]);
  });
});

describe('SNMP', () => {
  test.each([
    ['enable_snmp_rfcv3', '/var/agentx/master'],
    ['snmp_socket unix:/run/agentx\n  enable_snmp_rfc\n  enable_traps', '/run/agentx'],
  ])('by the MIB of an RFC: %s', (globals, agentx) => {
    const { document, lines } = instanceWith(`}\nglobal_defs {\n  ${globals}`);
    expect(document.snmp).toEqual({ agentx });
    expect(lines).toEqual([]);
  });

  test('by the MIB of keepalived is lost', () => {
    const { document, of } = instanceWith('}\nglobal_defs {\n  enable_snmp_vrrp');
    expect(document.snmp).toBeUndefined();
    expect(of('lost')).toEqual([expect.stringContaining('enable_snmp_vrrp')]);
  });
});

describe('a sync daemon', () => {
  test('follows the named instance', () => {
    const { document } = instanceWith('}\nglobal_defs {\n lvs_sync_daemon eth1 web id 7');
    expect(document.ipvs.sync).toEqual({ interface: 'eth1', instance: 'web', sync_id: 7 });
  });

  test('FR-N11: and messages too short to be received become 1024 bytes long, with a note', () => {
    const of = (length: number) =>
      instanceWith(`}\nglobal_defs {\n lvs_sync_daemon eth1 web maxlen ${length}`);
    expect(of(1_000).document.ipvs.sync.maxlen).toBe(1_024);
    expect(of(1_000).lines).toEqual([expect.stringContaining('maxlen 1000')]);
    expect(of(1_400).document.ipvs.sync.maxlen).toBe(1_400);
    expect(of(1_400).lines).toEqual([]);
  });
});

test('a script that two instances track is written twice', () => {
  const web = (name: string, vrid: number) => `vrrp_instance ${name} {
  interface eth0
  virtual_router_id ${vrid}
  virtual_ipaddress {
    203.0.113.${vrid}
  }
  track_script {
    alive weight -4
  }
}
`;
  const { yaml, document } = imported(
    `vrrp_script alive {
 script /bin/true
 interval 2
}
${web('a', 1)}${web('b', 2)}`,
  );
  expect(yaml).not.toContain('&');
  expect(document.instances.map(({ track }: { track: unknown }) => track)).toEqual([
    [{ name: 'alive', script: ['/bin/true'], interval: '2s', weight: -4 }],
    [{ name: 'alive', script: ['/bin/true'], interval: '2s', weight: -4 }],
  ]);
});

test('the result passes the check', () => {
  const { yaml } = instanceWith(
    `use_vmac
no_accept
track_interface {
  eth1 weight -20
  eth2
}
virtual_routes {
  default via 192.0.2.1 table 100
}
virtual_rules {
  from 203.0.113.0/24 table 100
}
}
vrrp_script alive {
  script "/bin/true"
  interval 2
  weight -4
}
vrrp_sync_group G {
  group {
    web
  }
  track_script {
    alive
  }
  notify_master /bin/true`,
  );
  expect(errorsOf(yaml)).toEqual([]);
});
