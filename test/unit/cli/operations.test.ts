import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as failover from '../../../src/cli/commands/failover.ts';
import * as maintenance from '../../../src/cli/commands/maintenance.ts';
import * as priority from '../../../src/cli/commands/priority.ts';
import type { CommandModule } from '../../../src/cli/commands.ts';
import { CommandRefusal } from '../../../src/control/commands.ts';
import type { OperatorCommands } from '../../../src/control/operator-commands.ts';
import { handedOver, operatorsThat, prioritySet } from '../control/operators.ts';
import { modelOf, runControl, socketPath } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

beforeEach(() => {
  vi.stubEnv('SUDO_USER', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

const MODULES: Readonly<Record<string, CommandModule>> = { failover, maintenance, priority };

/** Runs one command line against an agent with the instances `web` and `mail`. */
async function cli(line: string, more: Partial<OperatorCommands> = {}) {
  const operators = operatorsThat(more);
  const { socket } = await runControl({ model: modelOf('web', 'mail'), operators });
  const args = line.split(' ');
  const module = MODULES[args[0] ?? ''];
  if (module === undefined) throw new Error(`no such command: ${line}`);
  return { ...(await runCli(module, [...args, '--socket', socket])), calls: operators.calls };
}

function refusing(code: string, status = 409) {
  return (instance: string) =>
    instance === 'mail'
      ? Promise.reject(new CommandRefusal({ status, code, message: `it is ${code}` }))
      : Promise.resolve(handedOver(instance));
}

const MOVED =
  '192.0.2.12 (priority 100) took over after 612.3 ms; this router served until it was heard: no gap seen from here';

describe('failover', () => {
  test('shows which router took over, when, and the resulting state', async () => {
    const { stdout, code } = await cli('failover web');
    expect({ stdout, code }).toEqual({
      stdout: `web: ${MOVED}; it does not preempt until failover --release\n`,
      code: 0,
    });
  });

  test('sends a request for every instance with --all, and one for an instance named twice', async () => {
    expect((await cli('failover --all')).calls.map((call) => (call as string[])[0])).toEqual([
      'web',
      'mail',
    ]);
    expect((await cli('failover web web')).calls).toHaveLength(1);
  });

  test('sends the name of the user behind root', async () => {
    vi.stubEnv('SUDO_USER', 'alice');
    const { calls } = await cli('failover web --wait 3s --to 192.0.2.12 --force');
    expect(calls).toEqual([['web', { wait: 3_000_000, force: true, to: '192.0.2.12' }, 'alice']]);
  });

  test.each([
    ['no-successor', 409, 3],
    ['no-master', 409, 3],
    ['owner', 409, 4],
    ['another-wins', 409, 4],
    ['no-engine-answer', 500, 1],
  ])(
    'that is %s for one instance does the others and exits as it must',
    async (reason, status, exit) => {
      const { stdout, stderr, code } = await cli('failover --all', {
        failover: refusing(reason, status),
      });
      expect(stdout).toMatch(/^web: 192\.0\.2\.12 /);
      expect({ stderr, code }).toEqual({
        stderr: `vrrp-agent: mail: it is ${reason}\n`,
        code: exit,
      });
    },
  );

  test('prints one document with --json, including failures', async () => {
    const { stdout, code } = await cli('failover --all --json', {
      failover: refusing('no-successor'),
    });
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual({
      instances: [
        handedOver('web'),
        { instance: 'mail', error: { code: 'no-successor', message: 'it is no-successor' } },
      ],
    });
  });

  test('with --to fails if another router took over', async () => {
    expect((await cli('failover web --to 192.0.2.12')).code).toBe(0);
    expect((await cli('failover web --to 192.0.2.13')).code).toBe(1);
  });

  test('fails if it was interrupted, and says why', async () => {
    const { stdout, code } = await cli('failover web', {
      failover: (instance) =>
        Promise.resolve({
          ...handedOver(instance),
          outcome: 'broken-off',
          state: 'FAULT',
          reason: 'interface-down',
        }),
    });
    expect(code).toBe(1);
    expect(stdout).toContain('web: interrupted, FAULT now: interface-down');
  });

  test('prints warnings to standard error', async () => {
    const { stderr, code } = await cli('failover web', {
      failover: (instance) =>
        Promise.resolve({ ...handedOver(instance), warnings: ['the disk is full'] }),
    });
    expect({ stderr, code }).toEqual({ stderr: 'vrrp-agent: web: the disk is full\n', code: 0 });
  });

  test('with an unknown name sends no request', async () => {
    const { stderr, code, calls } = await cli('failover web wbe');
    expect({ stderr, code, calls }).toEqual({
      stderr: 'vrrp-agent: no instance is named wbe; the agent has: web, mail\n',
      code: 2,
      calls: [],
    });
  });

  test.each([
    'failover',
    'failover web --all',
    'failover web --wait long',
    'failover web --to lb2',
    'failover web --release --force',
  ])('%s is a usage error', async (line) => {
    const { code, calls } = await cli(line);
    expect({ code, calls }).toEqual({ code: 2, calls: [] });
  });

  test('exits with 5 when no agent answers', async () => {
    const line = ['failover', '--all', '--socket', socketPath()];
    expect((await runCli(failover, line)).code).toBe(5);
  });
});

describe('maintenance', () => {
  test('on sends its options, for every instance if none is named', async () => {
    const { calls, code } = await cli('maintenance on --reason kernel --for 2h --wait 5s');
    const terms = { wait: 5_000_000, force: false, reason: 'kernel', for: 7_200_000_000 };
    expect({ calls, code }).toEqual({
      calls: [
        ['web', terms, 'root'],
        ['mail', terms, 'root'],
      ],
      code: 0,
    });
  });

  test('on shows when it ends', async () => {
    const until = '2026-03-01T12:00:00.000Z';
    const { stdout } = await cli('maintenance on web', {
      beginMaintenance: (instance) =>
        Promise.resolve({
          ...handedOver(instance),
          maintenance: { since: until, until, by: 'alice', reason: null },
        }),
    });
    expect(stdout).toBe(`web: ${MOVED}; in maintenance until ${until}\n`);
  });

  test('off and status', async () => {
    expect((await cli('maintenance off web')).stdout).toBe('web: BACKUP, not in maintenance\n');
    const { stdout, code } = await cli('maintenance status');
    expect({ stdout, code }).toEqual({
      stdout: 'web: INIT, in service\nmail: INIT, in service\n',
      code: 0,
    });
  });

  test('with an invalid duration is a usage error', async () => {
    expect(await cli('maintenance on --for ever')).toMatchObject({ code: 2, calls: [] });
  });
});

describe('priority', () => {
  test('is set and reset', async () => {
    const set = await cli('priority web 80');
    expect(set).toMatchObject({
      stdout: 'web: MASTER, priority 80 (configured: 150)\n',
      code: 0,
      calls: [['web', 80, 'root']],
    });
    expect((await cli('priority web reset')).calls).toEqual([['web', null, 'root']]);
  });

  test('of a member of a sync group lists the other members', async () => {
    const setPriority = () => Promise.resolve(prioritySet('web', 80, ['mail']));
    expect((await cli('priority web 80', { setPriority })).stdout).toBe(
      'web: MASTER, priority 80 (configured: 150); also set for its sync group: mail\n',
    );
  });

  test.each(['0', '255', 'high'])('%s is a usage error', async (text) => {
    expect(await cli(`priority web ${text}`)).toMatchObject({ code: 2, calls: [] });
  });
});
