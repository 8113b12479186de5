import { afterEach, describe, expect, test, vi } from 'vitest';
import * as status from '../../../src/cli/commands/status.ts';
import { modelOf, runControl, socketPath } from '../control/samples.ts';
import { AT, viewOf } from '../observe/samples.ts';
import { runCli } from './run-cli.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

async function runStatus(...args: string[]) {
  const model = modelOf('web', 'mail');
  model.apply({ kind: 'view', view: viewOf('web') }, AT);
  const { socket } = await runControl({ model });
  return { ...(await runCli(status, ['status', '--socket', socket, ...args])), socket, model };
}

describe('status', () => {
  test('shows one line for each instance', async () => {
    const { stdout, code } = await runStatus();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^lb1: 1 MASTER, 1 INIT; up /);
    expect(stdout).toMatch(
      /^web +MASTER +\S+ +140 \(150\) +192\.0\.2\.11 +203\.0\.113\.100\/32 +-$/m,
    );
    expect(stdout).toMatch(/^mail +INIT +\S+ +150 +- +203\.0\.113\.100\/32 +-$/m);
  });

  test('shows only the instances named', async () => {
    const { stdout } = await runStatus('mail');
    expect(stdout).toMatch(/^mail /m);
    expect(stdout).not.toMatch(/^web /m);
  });

  test('fails on an unknown name, and lists the known ones', async () => {
    const { stdout, stderr, code } = await runStatus('web', 'wbe');
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toBe('vrrp-agent: no instance is named wbe; the agent has: web, mail\n');
  });

  test('prints the document with --json', async () => {
    const { stdout, model } = await runStatus('--json');
    expect(JSON.parse(stdout)).toEqual(model.status());
  });

  test('prints the document of the instances named with --json', async () => {
    const { stdout } = await runStatus('--json', 'web');
    const document = JSON.parse(stdout);
    expect(document.instances.map((one: { name: string }) => one.name)).toEqual(['web']);
    expect(document.router).toBe('lb1');
  });

  test('asks the socket of VRRP_AGENT_SOCKET, unless --socket is given', async () => {
    const { socket } = await runStatus();
    vi.stubEnv('VRRP_AGENT_SOCKET', socket);
    expect((await runCli(status, ['status'])).stdout).toMatch(/^lb1: /);
    const other = socketPath();
    const { stderr } = await runCli(status, ['status', '--socket', other]);
    expect(stderr).toContain(other);
    vi.stubEnv('VRRP_AGENT_SOCKET', '');
    const { stderr: usual } = await runCli(status, ['status', '--socket', other]);
    expect(usual).toContain(other);
  });

  test('exits with 5 and a hint when no agent answers', async () => {
    const socket = socketPath();
    const { stdout, stderr, code } = await runCli(status, ['status', '--socket', socket]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 5 });
    expect(stderr).toContain(`no agent answers on ${socket}`);
    expect(stderr).toContain('vrrp-agent run --config FILE');
  });

  test('uses colours on a terminal, unless NO_COLOR is set', async () => {
    const { socket } = await runStatus();
    const onTty = () => runCli(status, ['status', '--socket', socket], true);
    vi.stubEnv('NO_COLOR', '');
    expect((await onTty()).stdout).toContain('\u001b[32mMASTER\u001b[0m');
    vi.stubEnv('NO_COLOR', '1');
    expect((await onTty()).stdout).not.toContain('\u001b');
  });

  test('uses no colours if its output is not a terminal', async () => {
    vi.stubEnv('NO_COLOR', '');
    expect((await runStatus()).stdout).not.toContain('\u001b');
  });
});
