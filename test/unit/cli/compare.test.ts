import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as compare from '../../../src/cli/commands/compare.ts';
import * as config from '../../../src/cli/commands/config.ts';
import { effectiveConfig } from '../../../src/config/effective/effective.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { modelOf, runControl } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

/** The socket of an agent with this configuration. Its router is lb1. */
async function agentWith(instance: string): Promise<string> {
  const loaded = loadConfig(`instances: [{ name: web, interface: eth0, ${instance} }]`, {
    hostName: 'lb1',
  });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const { settings, agent } = loaded.value;
  const document = JSON.parse(JSON.stringify(effectiveConfig(settings, agent)));
  const { socket } = await runControl({ model: modelOf('web'), config: () => document });
  return socket;
}

/** What the director printed, as one of another name. */
async function printedAt(socket: string, more: object = {}): Promise<string> {
  const { stdout } = await runCli(config, ['config', '--json', '--socket', socket]);
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'lb2.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(stdout), router: 'lb2', ...more }));
  return file;
}

const LB1 = 'vrid: 55, priority: 150, addresses: [203.0.113.100/32]';
const LB2 = 'vrid: 55, priority: 100, addresses: [203.0.113.100/32]';

describe('config', () => {
  test('prints one file that the agent would accept', async () => {
    const socket = await agentWith(LB1);
    const { stdout, code } = await runCli(config, ['config', '--socket', socket]);
    expect(code).toBe(0);
    const again = loadConfig(stdout, { hostName: 'other' });
    expect(again).toMatchObject({ ok: true, value: { settings: { router: 'lb1' } } });
  });

  test('prints with --json what matters of the host too', async () => {
    const socket = await agentWith(LB1);
    const { stdout } = await runCli(config, ['config', '--json', '--socket', socket]);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ router: 'lb1', version: '0.1.0', configuration: { router: 'lb1' }, clock_offsets: {} },
      host: { kernel: expect.any(String), sysctl: { 'net.ipv4.ip_forward': expect.any(String) } },
    });
  });
});

describe('compare', () => {
  test('exits with 0 if the pair fits', async () => {
    const file = await printedAt(await agentWith(LB2));
    const socket = await agentWith(LB1);
    expect(await runCli(compare, ['compare', file, '--socket', socket])).toEqual({
      ...{ stdout: 'lb1 and lb2 fit (0 errors, 0 warnings)\n', stderr: '', code: 0 },
    });
  });

  test('exits with 1, and says what differs', async () => {
    const file = await printedAt(await agentWith(LB2.replace('55', '56')));
    const socket = await agentWith(LB1);
    const { stdout, code } = await runCli(compare, ['compare', file, '--socket', socket]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      'error: instances.web.vrid has to be equal\n  lb1  [55,"ipv4"]\n  lb2  [56,"ipv4"]\n' +
        'lb1 and lb2 do not fit (1 errors, 0 warnings)\n',
    );
    const json = await runCli(compare, ['compare', file, '--json', '--socket', socket]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ here: 'lb1', there: 'lb2', fits: false, findings: [{ path: 'instances.web.vrid' }] },
    });
  });

  test('warns of another version, which --strict counts', async () => {
    const file = await printedAt(await agentWith(LB2), { version: '0.2.0' });
    const socket = await agentWith(LB1);
    const run = (...more: string[]) =>
      runCli(compare, ['compare', file, '--socket', socket, ...more]);
    expect(await run()).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('warning: version'),
    });
    expect((await run('--strict')).code).toBe(1);
  });

  test('refuses what is no such document', async () => {
    expect(await runCli(compare, ['compare', '/etc/hostname'])).toMatchObject({
      ...{ code: 2, stdout: '', stderr: expect.stringContaining('/etc/hostname: it is not JSON') },
    });
  });
});
