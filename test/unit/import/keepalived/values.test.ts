// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the notation of keepalived.conf
/** Values that keepalived changes or does not take, words that it splits, and files made to be large. */
import { describe, expect, test } from 'vitest';
import { errorsOf, imported, instanceWith } from '../import-tool.ts';

const passwordOf = (written: string) =>
  instanceWith(`authentication {\n auth_type PASS\n auth_pass ${written}\n}`).instance
    .authentication?.password;

describe('FR-M: a password is what keepalived sends', () => {
  test.each([
    ['ab"cd"ef', 'ab'],
    ['"a b"c', 'a b'],
    ["'a#b'", "'a"],
    ["it's # it's", "it's"],
    ['"ab#cd"', 'ab#cd'],
    ['a\\b', 'a\\b'],
    ['pässword', 'pässwor'],
    ['äöüäöü', 'äöüä'],
    ['longer-than-8', 'longer-t'],
  ])('%s', (written, sent) => {
    expect(passwordOf(written)).toBe(sent);
  });

  test('its eighth byte within a character, or bytes that are not UTF-8, are listed', () => {
    for (const written of ['aöüäö', 'pa\ufffdss']) {
      const { instance, of } = instanceWith(
        `authentication {\n auth_type PASS\n auth_pass ${written}\n}`,
      );
      expect(instance.authentication).toBeUndefined();
      expect(of('lost')).toContainEqual(expect.stringContaining('not UTF-8'));
    }
  });

  test('without a type that keepalived knows, and without a password, there is none', () => {
    for (const block of ['auth_pass x', 'auth_type pass\nauth_pass x', 'auth_type PASS']) {
      const { instance, of } = instanceWith(`authentication {\n${block}\n}`);
      expect(instance.authentication).toBeUndefined();
      expect(of('lost')).toEqual([]);
      expect(of('ignored')).toHaveLength(1);
    }
  });
});

describe('FR-M: a number beyond its limits is what keepalived makes of it', () => {
  test.each(['garp_master_repeat -1', 'garp_master_delay 4294967296', 'garp_lower_prio_delay -1'])(
    '%s counts as not there',
    (line) => {
      const { instance, of } = instanceWith(line);
      expect(instance.garp).toBeUndefined();
      expect(of('ignored')).toEqual([`${line}: invalid, and ignored`]);
    },
  );

  test.each([
    ['version 3\nadvert_int 60', { advertisement_interval: '40.95s' }],
    ['version 3\nadvert_int 0.005', { advertisement_interval: '1s' }],
    ['advert_int 300', { advertisement_interval: '1s' }],
    ['advert_int 2.5', { advertisement_interval: '3s' }],
    ['garp_master_repeat 0', { garp: { repeat: 1 } }],
    ['garp_master_delay +3', { garp: { second_burst_after: '3s' } }],
    ['garp_master_delay 0.5', { garp: { second_burst_after: '0s' } }],
    ['garp_master_refresh 1.5', { garp: { refresh: '1s' } }],
  ])('%s', (lines, expected) => {
    const { instance, of, yaml } = instanceWith(lines);
    expect(instance).toMatchObject(expected);
    expect(of('lost')).toEqual([]);
    expect(of('ignored')).toHaveLength(1);
    expect(errorsOf(yaml)).toEqual([]);
  });

  test.each(['priority 0', 'priority 256', 'preempt_delay 2000', 'version 4'])('%s', (line) => {
    const { instance, of } = instanceWith(line);
    expect(instance.priority).toBeUndefined();
    expect(instance.preempt_delay).toBeUndefined();
    expect(instance.version).toBe(2);
    expect(of('lost')).toEqual([]);
    expect(of('ignored')).toHaveLength(1);
  });

  test('a weight, rise and fall', () => {
    const script = 'vrrp_script s {\n script /bin/true\n weight 300\n rise 0\n fall 0\n}\n';
    const { document, of } = imported(
      `${script}vrrp_instance a {\n interface eth0\n virtual_router_id 1\n track_script {\n s weight 999\n }\n virtual_ipaddress {\n 203.0.113.1\n }\n}`,
    );
    expect(document.instances[0].track).toEqual([{ name: 's', script: ['/bin/true'] }]);
    expect(of('ignored')).toHaveLength(4);
  });
});

describe('FR-M: an owner and strict mode', () => {
  test('priority 255 clears nopreempt, not preempt_delay', () => {
    const { instance } = instanceWith('priority 255\nnopreempt\npreempt_delay 5');
    expect(instance.preempt).toBeUndefined();
    expect(instance.preempt_delay).toBe('5s');
  });

  test.each([
    ['strict_mode\nversion 3\naccept', undefined],
    ['strict_mode\nversion 2\naccept', false],
    ['strict_mode\nversion 3\nno_accept\naccept', undefined],
    ['strict_mode\nversion 3\npriority 255', undefined],
    ['accept\nno_accept', false],
    ['no_accept\naccept', undefined],
  ])('%s', (lines, accept) => {
    expect(instanceWith(lines).instance.accept).toBe(accept);
  });
});

describe('FR-M: the smallest part, with several wrong ones in one list', () => {
  test('each costs only itself', () => {
    const { document, of } = imported(
      `virtual_server 203.0.113.1 80 {\n protocol TCP\n lb_kind NAT\n${[1, 2, 3, 4, 5]
        .map((last) => ` real_server ${last % 2 === 0 ? 'host' : '192.0.2.'}${last} 80 {\n }\n`)
        .join('')}}`,
    );
    const { servers } = document.ipvs.services[0];
    expect(servers.map(({ address }: { address: string }) => address)).toEqual([
      '192.0.2.1:80',
      '192.0.2.3:80',
      '192.0.2.5:80',
    ]);
    expect(of('lost').every((message) => /host[24]/.test(message))).toBe(true);
  });

  test('a second entry on one line is listed', () => {
    const { instance, of } = instanceWith(
      'track_interface {\n eth2 eth1\n}\nunicast_peer { 192.0.2.2 192.0.2.3 }',
    );
    expect(instance.track).toBeUndefined();
    expect(instance.unicast.peers).toEqual(['192.0.2.2']);
    expect(of('ignored')).toEqual([
      expect.stringContaining('"eth1" cannot be read'),
      expect.stringContaining('"192.0.2.3" cannot be read'),
    ]);
  });

  test.each([
    ['TCP_CHECK {\n retry 2\n }', 3, 0],
    ['HTTP_GET {\n nb_get_retry 2\n url {\n path /\n }\n }', 3, 0],
    ['TCP_CHECK {\n nb_get_retry 2\n }', 8, 1],
  ])(
    'the retries of a check are those of the innermost block that says them: %s',
    (text, fall, ignored) => {
      const { document, of } = imported(
        `virtual_server 203.0.113.1 80 {\n protocol TCP\n retry 7\n real_server 192.0.2.1 80 {\n ${text}\n }\n}`,
      );
      expect(document.ipvs.services[0].servers[0].check.fall).toBe(fall);
      expect(of('ignored')).toHaveLength(ignored);
    },
  );
});

describe('a file made to be large is read in part, and listed:', () => {
  const instance =
    'vrrp_instance a {\n interface eth0\n virtual_router_id 1\n virtual_ipaddress {\n 203.0.113.1\n }\n}\n';
  const doubled = Array.from({ length: 40 }, (_, n) => `$A${n}=\${A${n + 1}} \${A${n + 1}}\n`);

  test.each([
    ['definitions that double', `${doubled.join('')}$A40=x\nx \${A0}\n`],
    ['a definition of two of itself', '$A=${A}${A}\nx ${A}\n'],
    ['a block of two of itself', '$A= \\\n${A} \\\n${A} \\\nx\n$A\n'],
    [
      'a product of sequences',
      '~SEQ(A,1,900) ~SEQ(B,1,900) ~SEQ(C,1,900) # x\n~SEQ(A,1,60000) ~SEQ(B,1,60000) ~SEQ(C,9) @x y\n',
    ],
  ])('%s', (_, text) => {
    const { document, of } = imported(instance + text, { configId: 'other' });
    expect(document.instances).toHaveLength(1);
    expect(of('lost').join()).toMatch(/more than 2 MiB|nested too deeply/);
  });

  test('an include of itself, twice', () => {
    const text = 'include k.conf\ninclude k.conf\n';
    const { document, of } = imported(instance + text, { files: { 'k.conf': text } });
    expect(document.instances).toHaveLength(1);
    expect(of('lost').join()).toContain('more than 2 MiB');
  });

  test.each(['}', '${', '"', '\\ '])('one line of %s', (part) => {
    const { document } = imported(`${instance}${part.repeat(50_000)}\n`);
    expect(document.instances).toHaveLength(1);
  });
});
