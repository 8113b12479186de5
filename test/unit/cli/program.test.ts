import { describe, expect, test } from 'vitest';
import type { CommandEntry } from '../../../src/cli/commands.ts';
import { runProgram } from '../../../src/cli/program.ts';
import type { CliContext } from '../../../src/cli/terminal/context.ts';

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
  readonly loaded: readonly string[];
}

/** A program of two commands: `echo` prints its options, `fail` throws. */
async function run(...args: string[]): Promise<Outcome> {
  const outcome = { stdout: '', stderr: '', exitCode: undefined as number | undefined };
  const loaded: string[] = [];
  const context: CliContext = {
    stdout: (text) => {
      outcome.stdout += text;
    },
    stderr: (text) => {
      outcome.stderr += text;
    },
    setExitCode: (code) => {
      outcome.exitCode = code;
    },
    isTty: false,
  };
  const entry = (name: string, act: (options: object) => void): CommandEntry => ({
    name,
    summary: `does ${name}`,
    load: async () => {
      loaded.push(name);
      return {
        register: (program) => {
          const command = program.command(name).option('--json').option('--socket <path>');
          command.action(act);
        },
      };
    },
  });
  await runProgram(args, context, [
    entry('echo', (options) => context.stdout(JSON.stringify(options))),
    entry('fail', () => {
      throw new Error('it broke');
    }),
  ]);
  return { ...outcome, loaded };
}

describe('the program', () => {
  test('loads only the command that is called', async () => {
    expect(await run('echo')).toEqual({
      stdout: '{}',
      stderr: '',
      exitCode: undefined,
      loaded: ['echo'],
    });
  });

  test('lists all commands without loading any', async () => {
    const { stdout, exitCode, loaded } = await run('--help');
    expect(stdout).toMatch(/echo +does echo\n +fail +does fail/);
    expect(exitCode).toBe(0);
    expect(loaded).toEqual([]);
  });

  test.each([[['echo', '--help']], [['help', 'echo']]])(
    '%j shows help of the command',
    async (args) => {
      const { stdout, exitCode } = await run(...args);
      expect(stdout).toContain('Usage: vrrp-agent echo [options]');
      expect(exitCode).toBe(0);
    },
  );

  test('accepts --socket and --json before the command', async () => {
    const { stdout } = await run('--socket', '/x', '--json', 'echo');
    expect(JSON.parse(stdout)).toEqual({ socket: '/x', json: true });
  });

  test('answers an unknown command with a suggestion and status 2', async () => {
    const { stderr, exitCode } = await run('ecoh');
    expect(stderr).toContain("unknown command 'ecoh'\n(Did you mean echo?)");
    expect(exitCode).toBe(2);
  });

  test.each([[['echo', '--nope']], [['echo', 'extra']], [['--nope']], [[]]])(
    'a usage error has status 2: %j',
    async (args) => {
      const { stdout, stderr, exitCode } = await run(...args);
      expect(exitCode).toBe(2);
      expect(stderr).not.toBe('');
      expect(stdout).toBe('');
    },
  );

  test('a failure is one line and status 1', async () => {
    expect(await run('fail')).toMatchObject({ stderr: 'vrrp-agent: it broke\n', exitCode: 1 });
  });

  test('has topics of help, and lists them', async () => {
    const { stdout } = await run('help');
    const topics = stdout.split('Topics of')[1]?.match(/^ {2}[a-z-]+/gm) ?? [];
    expect(topics.length).toBeGreaterThan(4);
    for (const topic of topics) {
      const shown = await run('help', topic.trim());
      expect(shown).toMatchObject({ stderr: '', exitCode: undefined, loaded: [] });
      expect(shown.stdout).not.toBe('');
    }
    expect((await run('help', 'exit-status')).stdout).toMatch(/^0 {2}done\n1 {2}failed\n/);
    expect(await run('help', 'no-such-topic')).toMatchObject({ exitCode: 2 });
  });

  test('prints its version', async () => {
    expect((await run('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
