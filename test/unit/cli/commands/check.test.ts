import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { register } from '../../../../src/cli/commands/check.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function check(content: string | Uint8Array, ...options: string[]) {
  const file = join(folder, 'agent.yaml');
  writeFileSync(file, content);
  return checkFile(file, ...options);
}

async function checkFile(file: string, ...options: string[]) {
  const outcome = { stdout: '', stderr: '', exitCode: 0 };
  const program = new Command();
  register(program, {
    stdout: (text) => {
      outcome.stdout += text;
    },
    stderr: (text) => {
      outcome.stderr += text.replaceAll(file, 'FILE');
    },
    setExitCode: (code) => {
      outcome.exitCode = code;
    },
    isTty: false,
  });
  await program.parseAsync(['check', file, ...options], { from: 'user' });
  return outcome;
}

const GOOD = `router: lb1
realtime: off
instances:
  - name: web
    interface: eth0
    vrid: 55
    priority: 150
    advertisement_interval: 20ms
    addresses: [203.0.113.1/24, 203.0.113.2, 203.0.113.3]
    extra_addresses: [{ address: 198.51.100.1/24, interface: eth1 }]
`;

const BAD = `instances:
  - name: web
    vrid: 0
    interface: eth0
    colour: red
    addresses: []
`;

describe('check', () => {
  test('accepts credentials of the service, and says which it has not checked', async () => {
    const key = 'authentication: { type: hmac, keys: { 1: credential:web.key }, active_key: 1 }';
    const webhook = 'notify: { webhooks: [{ url: "https://192.0.2.1/", token: credential:hook }] }';
    const { stderr, exitCode } = await check(`${GOOD}    ${key}\n    ${webhook}\n`);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('these are not checked: web.key, hook');
  });

  test('shows the meaning of a valid file, and warnings', async () => {
    const { stdout, stderr, exitCode } = await check(GOOD);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('router lb1: 1 instance, real-time priority off');
    expect(stdout).toMatch(/^web +eth0 +55 +3 +150 +20ms +68.281ms +multicast +203.0.113.1\/24 /m);
    expect(stdout).toMatch(/203\.0\.113\.3\/32 and 1 more$/m);
    expect(stderr).toMatch(/^FILE:8:29: warning: with 20ms and "realtime: off"/);
  });

  test('shows times to the microsecond', async () => {
    const owner = GOOD.replace('priority: 150', 'priority: 255').replace('20ms', '1s');
    expect((await check(owner)).stdout).toMatch(/ 255 +1s +3\.003906s +multicast /);
  });

  test('shows the address of the status page, and warns if other hosts can read it', async () => {
    const { stdout, stderr } = await check(`http: { listen: 192.0.2.11:9112 }\n${GOOD}`);
    expect(stdout).toContain(', http://192.0.2.11:9112/\n');
    expect(stderr).toContain(
      'FILE:1:17: warning: metrics and status are readable without authentication at 192.0.2.11:9112',
    );
  });

  test('warns, with the position, about commands that the agent would refuse to run', async () => {
    const script = join(folder, 'told');
    writeFileSync(script, '#!/bin/sh\n');
    chmodSync(script, 0o777);
    const { stderr, exitCode } = await check(
      `${GOOD}    notify: { master: [${script}], any: { command: [/bin/true], user: nobody-here } }
    track: [{ script: [/nowhere/check] }]
`,
    );
    expect(exitCode).toBe(0);
    expect(stderr.replaceAll(script, 'SCRIPT').split('\n').slice(1)).toEqual([
      expect.stringMatching(
        /^FILE:11:23: warning: this command would not be run: SCRIPT is not run/,
      ),
      expect.stringMatching(/^FILE:11:\d+: warning: .*: there is no local user "nobody-here"$/),
      'FILE:12:23: warning: this command would not be run: /nowhere/check cannot be run: ENOENT',
      '',
    ]);
  });

  test('lists every error and exits with 2', async () => {
    const { stdout, stderr, exitCode } = await check(BAD);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n')).toEqual([
      'FILE:3:11: expected a whole number from 1 to 255, found the number 0',
      'FILE:5:5: unknown key "colour"',
      'FILE:6:16: must not be empty: what is sent to the multicast group has at least one address (RFC 9568 section 5.2.5). Only an instance with "unicast" may have none',
      '',
    ]);
  });

  test('--json prints one document for a valid file', async () => {
    const { stdout, stderr } = await check(GOOD, '--json');
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      router: 'lb1',
      instances: [
        {
          name: 'web',
          interval_ms: 20,
          master_down_ms: 68.281,
          extra_addresses: ['198.51.100.1/24@eth1'],
        },
      ],
      warnings: [{ line: 8, column: 29, code: 'advice' }],
    });
  });

  test('warns of a user of the checker that this host lacks', async () => {
    const { stderr, exitCode } = await check(`${GOOD}checker: { user: no-such-user }\n`);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('FILE: warning: there is no local user "no-such-user"');
  });

  test('--json prints one document for an invalid file', async () => {
    const { stdout, stderr, exitCode } = await check(BAD, '--json');
    expect(stderr).toBe('');
    expect(exitCode).toBe(2);
    const { ok, errors } = JSON.parse(stdout);
    expect(ok).toBe(false);
    expect(errors).toHaveLength(3);
    expect(errors[1]).toEqual({
      line: 5,
      column: 5,
      code: 'unknown-key',
      message: 'unknown key "colour"',
    });
  });

  test.each([
    ['is not there', () => checkFile(join(folder, 'nowhere.yaml'))],
    ['is a folder', () => checkFile(folder)],
    ['is not UTF-8', () => check(Uint8Array.of(0x72, 0xff, 0xfe))],
  ])('a file that %s is a configuration error', async (_, run) => {
    const { stderr, exitCode } = await run();
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^FILE:1:1: cannot read the file: /);
  });
});
