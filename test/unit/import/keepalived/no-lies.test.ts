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
