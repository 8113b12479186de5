/**
 * What keepalived understood of a file, by its own JSON dump, against the import of the same file. Both
 * programs read it in a network namespace with the interfaces that it names.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { importFiles } from '../../src/import/import.ts';
import { run } from '../../src/lab/command.ts';
import { lacks } from './harness/requirements.ts';

const folder = mkdtempSync(join(tmpdir(), 'vrrp-oracle-'));

afterAll(() => rmSync(folder, { recursive: true }));

interface Understood {
  readonly iname: string;
  readonly ifp_ifname: string;
  readonly vrid: number;
  readonly base_priority: number;
  readonly adver_int: number;
  readonly version: number;
  readonly nopreempt: boolean;
  readonly preempt_delay: number;
  readonly dont_track_primary: number;
  readonly accept: number;
  readonly garp_delay: number;
  readonly garp_rep: number;
  readonly garp_refresh: number;
  readonly auth_type: number;
  readonly auth_data?: string;
  readonly vips?: readonly string[];
  readonly evips?: readonly string[];
  readonly track_ifp?: readonly string[];
  readonly track_script?: readonly string[];
}

/** keepalived's dump; it stops by itself when the namespace does. */
async function understood(name: string, text: string): Promise<readonly Understood[]> {
  const file = join(folder, `${name}.conf`);
  const dump = join(folder, `${name}.json`);
  writeFileSync(file, text);
  const script = `
    ip link set lo up
    for i in 0 1; do ip link add eth$i type veth peer name p$i; ip link set eth$i up; ip link set p$i up; done
    ip address add 192.0.2.1/24 dev eth0
    mount -t tmpfs tmpfs /run; mkdir -p ${folder}/${name}.tmp; mount --bind ${folder}/${name}.tmp /var/tmp
    keepalived -f ${file} -n -l -P -p /run/k.pid -r /run/v.pid > ${folder}/${name}.log 2>&1 &
    pid=$!
    for i in $(seq 50); do grep -q 'Entering\\|entering\\|FAULT' ${folder}/${name}.log && break; sleep 0.1; done
    rm -f /tmp/keepalived.json
    kill -s $(keepalived --signum=JSON) $pid
    for i in $(seq 50); do [ -s /tmp/keepalived.json ] && break; sleep 0.1; done
    sleep 0.2; mv /tmp/keepalived.json ${dump}; kill $pid; wait $pid`;
  await run('unshare', ['--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script]);
  return (JSON.parse(readFileSync(dump, 'utf8')) as { data: Understood }[]).map(({ data }) => data);
}

/** Our file, in the words of the dump. */
// biome-ignore lint/suspicious/noExplicitAny: the document of a YAML file
function translated(instance: any): Partial<Understood> {
  const milliseconds = /^([\d.]+)(ms|s)$/.exec(instance.advertisement_interval) ?? [];
  const seconds = Number(milliseconds[1]) / (milliseconds[2] === 'ms' ? 1_000 : 1);
  const garp = { repeat: 5, second_burst_after: '5s', refresh: '0s', ...instance.garp };
  return {
    iname: instance.name,
    ifp_ifname: instance.interface,
    vrid: instance.vrid,
    base_priority: instance.priority ?? 100,
    adver_int: seconds,
    version: instance.version,
    nopreempt: instance.preempt === false,
    preempt_delay: Number.parseFloat(instance.preempt_delay ?? '0s'),
    dont_track_primary: instance.on_interface_down === 'ignore' ? 1 : 0,
    accept: instance.accept === false ? 0 : 1,
    garp_rep: garp.repeat,
    garp_delay: Number.parseFloat(garp.second_burst_after),
    garp_refresh: Number.parseFloat(garp.refresh),
    auth_type: instance.authentication === undefined ? 0 : 1,
  };
}

/** Without the addresses that only the RFC needs. */
// biome-ignore lint/suspicious/noExplicitAny: the document of a YAML file
function addressesOf(list: any[] = [], link: string): string[] {
  return list
    .map((entry) => (typeof entry === 'string' ? { address: entry, interface: link } : entry))
    .map((entry) => ({ interface: link, ...entry }))
    .map((entry) => `${entry.address.replace(/\/(32|128)$/, '')} dev ${entry.interface}`)
    .filter((text) => !text.startsWith('fe80::'));
}

function dumped(list: readonly string[] = []): string[] {
  return list.map((text) =>
    text.replace(/^(\S+) dev (\S+).*$/, '$1 dev $2').replace(/\/(32|128) /, ' '),
  );
}

/** One instance for each text. */
function instances(texts: readonly string[], first = 1): string {
  const one = (text: string, vrid: number) => `vrrp_instance i${vrid} {
 interface eth0
 virtual_router_id ${vrid}
 ${text}
 virtual_ipaddress {
  203.0.113.${vrid}/24
 }
}
`;
  return texts.map((text, index) => one(text, first + index)).join('');
}

const CASES: Readonly<Record<string, string>> = {
  'state MASTER, repeated blocks, order of definition': `
global_defs { 
  vrrp_garp_master_refresh 30
}
vrrp_script early {
  script "/bin/sh -c \\"test -e /\\""
  weight -10
}
vrrp_instance a {
  state MASTER
  interface eth0
  virtual_router_id 1
  nopreempt
  preempt_delay 5
  priority 150
  advert_int 2
  track_script {
    early
    late
  }
  track_interface {
    eth1 weight -3
  }
  virtual_ipaddress {
    203.0.113.1/24 dev eth1 label eth1:1
    203.0.113.7/24 label eth0:7
    203.0.113.300/24
  }
  virtual_ipaddress {
    203.0.113.2
  }
  virtual_ipaddress_excluded {
    2001:db8::1/64
  }
}
vrrp_script late {
  script /bin/false
}
vrrp_instance b {
  state BACKUP
  interface eth0
  virtual_router_id 2
  nopreempt
  preempt
  preempt_delay 7
  priority 300
  garp_master_repeat x
  garp_master_delay 9
  dont_track_primary
  authentication {
    auth_type PASS
    auth_pass longer-than-8
  }
  virtual_ipaddress {
    203.0.113.3/24
    2001:db8::3
  }
}
`,
  'strict mode': `
global_defs {
  vrrp_strict
}
vrrp_instance strict {
  state BACKUP
  interface eth0
  virtual_router_id 3
  preempt_delay 5
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    203.0.113.4/24
  }
}
vrrp_instance lax {
  state BACKUP
  interface eth0
  virtual_router_id 4
  strict_mode off
  advert_int 1.6
  preempt_delay 5
  authentication {
    auth_type PASS
    auth_pass secret
  }
  virtual_ipaddress {
    203.0.113.5/24
  }
}
`,
  'switches with a value': `
global_defs {
  vrrp_strict off
  vrrp_min_garp 0
}
${instances(['state BACKUP', 'state BACKUP\n strict_mode no', 'state BACKUP\n strict_mode x'])}`,
  'values beyond their limits': `
global_defs {
  vrrp_garp_master_repeat 0
  vrrp_version 3
}
${instances([
  'advert_int 60',
  'advert_int 0.001',
  'advert_int 300',
  'advert_int 1.234',
  'version 2\n advert_int 2.5',
  'state MASTER\n priority 0',
  'state BACKUP\n priority 256',
  'preempt_delay 2000',
  'state BACKUP\n priority 255\n nopreempt\n preempt_delay 5',
  'version 4',
  'garp_master_delay 0.5\n garp_master_refresh 1.5',
  'garp_master_delay x\n garp_master_refresh x\n garp_master_repeat 7',
  'garp_master_delay -1\n garp_master_refresh +3\n garp_master_repeat -1',
  'garp_master_delay 4294967296\n garp_master_refresh -3\n garp_master_repeat +2',
])}`,
  'passwords, and how a line is split': `
${instances(
  [
    'ab"cd"ef',
    '"a b"c',
    "'a#b'",
    "it's # it's",
    '"ab#cd"',
    'a!b',
    'pass$word',
    'pässword',
    'äöüäöü',
    'abc def',
  ].map((password) => `authentication {\n auth_type PASS\n auth_pass ${password}\n }`),
)}${instances(
  [
    'authentication {\n auth_pass x\n }',
    'authentication {\n auth_type pass\n auth_pass x\n }',
    'authentication { auth_type PASS auth_pass x }',
    'track_interface {\n eth1 eth0\n }',
  ],
  101,
)}`,
  'what counts twice, late, or not at all': `
vrrp_script s {
  script "/bin/sh -c \\"test -e /\\""
  weight 254
}
vrrp_script none {
  weight 5
}
${instances([
  'state master',
  'state FAULT\n nopreempt',
  'advert_int 1e1',
  'priority +120',
  'track_interface {\n eth0 weight 10\n eth1 weight 254\n eth1\n }',
  'track_interface {\n eth1 reverse\n }',
  'track_interface {\n eth1 weight\n }',
  'track_script {\n s\n s weight 7\n none\n }',
  'unicast_peer {\n }\n unicast_ttl 5',
  'unicast_src_ip 192.0.2.1\n unicast_peer {\n 192.0.2.2 min_ttl 300\n }\n unicast_ttl x',
  'virtual_ipaddress {\n 203.0.113.200/24 label a-label-that-is-too-long\n 203.0.113.201/24 dev\n }',
])}`,
  'what the members of sync groups track': `
vrrp_script heavy {
  script "/bin/sh heavy"
  weight -20
}
vrrp_script plain {
  script "/bin/sh plain"
}
vrrp_sync_group ignores {
  group {
    i1
    i2
  }
}
vrrp_sync_group weighs {
  group {
    i3
    i4
  }
  sync_group_tracking_weight
}
vrrp_sync_group alone {
  group {
    i5
  }
}
${instances(
  Array.from(
    { length: 5 },
    () => 'track_script {\n heavy\n plain\n }\n track_interface {\n eth1 weight -5\n }',
  ),
)}`,
  'what is accepted': `
global_defs {
  vrrp_strict
}
${instances([
  'version 3',
  'version 3\n accept',
  'version 2\n accept',
  'version 3\n no_accept\n accept',
  'version 3\n state BACKUP\n priority 255\n nopreempt',
  'strict_mode off\n accept\n no_accept',
  'strict_mode off\n no_accept\n accept',
])}`,
  'odd syntax': `
! head { # head
vrrp_script one {
  script "/bin/sh one" unquoted
}
vrrp_script one {
  script "/bin/sh two"
}
vrrp_instance odd { # brace {
  interface "eth0"#x
  virtual_router_id 1!x
  priority "1"20 state
  priority\u00a099
  advert_int 2 \t
  track_script { one }
  track_interface { eth1 }
  virtual_ipaddress { 203.0.113.1
    203.0.113.2/33
    203.0.113.3/255.255.255.0 dev "eth1" } }
vrrp_instance split
{
  interface eth0
  virtual_router_id 2
  priority 12\\
0
  include "none.conf"
  virtual_ipaddress
  {
    203.0.113.4
  }
}
`.replaceAll('\n', '\r\n'),
  'definitions, sequences, lists': `
$BASE=203.0.113.\${LAST}
$LAST=10
$INSTANCE= \\
vrrp_instance v\${NUM} { \\
  interface eth0 \\
  version 3 \\
  virtual_router_id \${NUM} \\
  advert_int 0.5 \\
  virtual_ipaddress { \\
    198.51.100.\${NUM} \\
  } \\
}
vrrp_instance base {
  interface eth0
  virtual_router_id 9
  virtual_ipaddress {
    \${BASE}/24
    ~SEQ(N, 20, 2, 24) 203.0.113.\${N}
    ~LST({A, B}, {10, 1}, {20, 4}) 192.0.\${A}.\${B}
  }
}
$NUM=21
$INSTANCE
$NUM=22
$INSTANCE
`,
};

describe.skipIf(lacks('keepalived', 'unshare'))(
  'an import means what keepalived understood:',
  () => {
    test.each(Object.entries(CASES))('%s', async (title, text) => {
      const theirs = await understood(title.replaceAll(/\W+/g, '-'), text);
      const { yaml = '' } = importFiles([{ file: 'k.conf', text, kind: 'keepalived' }], {
        configId: undefined,
        include: () => [],
      });
      const { instances } = parse(yaml);
      expect(instances.map(({ name }: { name: string }) => name).sort()).toEqual(
        theirs.map(({ iname }) => iname).sort(),
      );
      for (const their of theirs) {
        const ours = instances.find(({ name }: { name: string }) => name === their.iname);
        expect(their).toMatchObject(translated(ours));
        expect(ours.authentication?.password).toBe(their.auth_data);
        expect(addressesOf(ours.addresses, ours.interface)).toEqual(dumped(their.vips));
        expect(addressesOf(ours.extra_addresses, ours.interface)).toEqual(dumped(their.evips));
        // biome-ignore lint/suspicious/noExplicitAny: the document of a YAML file
        const track: any[] = ours.track ?? [];
        expect(track.flatMap((entry) => entry.interface ?? [])).toEqual(their.track_ifp ?? []);
        const scripts = track.flatMap(({ script }) =>
          script === undefined ? [] : [script.at(-1)],
        );
        expect(scripts).toEqual(
          (their.track_script ?? []).map((one) => /'([^']*)'$/.exec(one)?.[1]),
        );
      }
    });
  },
);
