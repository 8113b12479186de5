import { describe, expect, test } from 'vitest';
import * as reload from '../../../src/cli/commands/reload.ts';
import { CommandRefusal } from '../../../src/control/commands.ts';
import type { ReloadDocument } from '../../../src/control/protocol.ts';
import { runControl, socketPath } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

const PLAN: ReloadDocument = {
  applied: false,
  file: '/etc/a.yaml',
  instances: [
    {
      name: 'web',
      former_name: null,
      action: 'change',
      state: 'MASTER',
      costs_mastership: false,
      changes: [
        { key: 'priority', from: 100, to: 120 },
        {
          key: 'addresses',
          from: [{ address: '203.0.113.100/32', interface: 'eth0' }],
          to: [{ address: '203.0.113.101/32', interface: 'eth0' }],
        },
      ],
    },
    {
      name: 'mail',
      former_name: 'post',
      action: 'restart',
      state: 'MASTER',
      costs_mastership: true,
      changes: [{ key: 'version', from: 3, to: 2 }],
    },
  ],
  unchanged: 1,
  agent: [{ key: 'realtime', from: 'auto', to: 'off', effect: 'needs-restart' }],
  warnings: [],
};

async function runReload(answer: () => ReloadDocument, ...args: string[]) {
  const { socket } = await runControl({
    commands: { reload: async () => answer(), takeover: async () => ({}) },
  });
  return runCli(reload, ['reload', '--socket', socket, ...args]);
}

describe('reload', () => {
  test('prints the plan, and which MASTER resigns', async () => {
    const { stdout, code } = await runReload(() => PLAN, '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toBe(`/etc/a.yaml: plan only, nothing has changed
  web   change   MASTER: in place
      priority: 100 -> 120
      addresses: -203.0.113.100/32@eth0 +203.0.113.101/32@eth0
  mail  restart  MASTER: would resign and restart
      name: post -> mail
      version: 3 -> 2
  1 instance is unchanged and not interrupted
  agent: realtime: auto -> off: takes effect only after a restart of the agent
`);
  });

  test('shows what the host lacks for it, before it is applied', async () => {
    const lack = 'the kernel of this host has no IPVS, and no instance will become MASTER on it';
    const { stdout } = await runReload(() => ({ ...PLAN, host_lacks: [lack] }), '--dry-run');
    expect(stdout.split('\n').at(-2)).toBe(`  warning: ${lack}`);
  });

  test('FR-N15 shows the connections that it ends, and how to spare them', async () => {
    const cuts = [{ service: 'web', server: '10.0.0.12:80', connections: 37 }];
    const { stdout } = await runReload(() => ({ ...PLAN, cuts }), '--dry-run');
    expect(stdout.split('\n').at(-2)).toBe(
      '  ipvs: 37 connections would end, as 10.0.0.12:80 leaves the service web; first: vrrp-agent ipvs ' +
        'drain web 10.0.0.12:80 --wait 10m',
    );
    const done = await runReload(() => ({ ...PLAN, applied: true, cuts }));
    expect(done.stdout.split('\n').at(-2)).toBe(
      '  ipvs: 37 connections end, as 10.0.0.12:80 leaves the service web',
    );
  });

  test('prints the document with --json', async () => {
    const { stdout } = await runReload(() => ({ ...PLAN, applied: true }), '--json');
    expect(JSON.parse(stdout)).toEqual({ ...PLAN, applied: true });
  });

  test('lists the errors of the file as a compiler does, and exits with 2', async () => {
    const finding = { file: '/etc/a.yaml', line: 3, column: 7, code: 'type', message: 'is wrong' };
    const refuse = (): never => {
      const code = 'invalid-configuration';
      throw new CommandRefusal({ status: 409, code, message: '1 error', findings: [finding] });
    };
    const { stdout, stderr, code } = await runReload(refuse);
    expect({ stdout, stderr, code }).toEqual({
      stdout: '',
      stderr: '/etc/a.yaml:3:7: is wrong\nvrrp-agent: 1 error\n',
      code: 2,
    });
    const asJson = await runReload(refuse, '--json');
    expect(JSON.parse(asJson.stdout)).toMatchObject({ findings: [finding] });
    expect(asJson.code).toBe(2);
  });

  test('exits with 1 if the agent refuses for another reason, with 5 if no agent answers', async () => {
    const stopping = await runReload(() => {
      throw new CommandRefusal({ status: 409, code: 'stopping', message: 'the agent is stopping' });
    });
    expect(stopping).toMatchObject({ code: 1, stderr: 'vrrp-agent: the agent is stopping\n' });
    expect((await runCli(reload, ['reload', '--socket', socketPath()])).code).toBe(5);
  });
});
