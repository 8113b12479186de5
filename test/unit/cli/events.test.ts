import { describe, expect, test } from 'vitest';
import * as events from '../../../src/cli/commands/events.ts';
import { ip } from '../../../src/net/address.ts';
import { runControl, socketPath } from '../control/samples.ts';
import { AT, transition } from '../observe/samples.ts';
import { runCli } from './run-cli.ts';

const TRANSITION_LINE =
  /^2026-03-01T10:00:00\.250Z {2}web +transition +BACKUP to MASTER: no advertisement for 3\.414s$/m;

describe('events', () => {
  test('shows the history with causes', async () => {
    const { socket, model } = await runControl();
    model.apply(transition('web'), AT);
    model.apply(
      {
        kind: 'discard',
        instance: undefined,
        reason: 'vrid-error',
        source: ip('192.0.2.9'),
        count: 2,
      },
      AT,
    );
    const { stdout, code } = await runCli(events, ['events', '--socket', socket]);
    expect(code).toBe(0);
    expect(stdout).toMatch(TRANSITION_LINE);
    expect(stdout).toMatch(
      /^\S+ {2}- +discard +packet from 192\.0\.2\.9 refused: vrid-error \(2 so far\)$/m,
    );
  });

  test('says on standard error that there are no events', async () => {
    const { socket } = await runControl();
    expect(await runCli(events, ['events', '--socket', socket])).toEqual({
      stdout: '',
      stderr: 'No events yet.\n',
      code: 0,
    });
  });

  test('prints one document with --json', async () => {
    const { socket, model } = await runControl();
    model.apply(transition('web'), AT);
    const { stdout } = await runCli(events, ['events', '--socket', socket, '--json']);
    expect(JSON.parse(stdout)).toEqual({ events: model.eventsAfter(0) });
  });

  test('shows the latest of --lines, and those since a moment', async () => {
    const { socket, model } = await runControl();
    const minutes = [0, 1, 2, 3].map((count) => new Date(AT.getTime() + count * 60_000));
    for (const at of minutes) model.apply({ ...transition('web') }, at);
    const seqs = async (...args: string[]) => {
      const { stdout } = await runCli(events, ['events', '--socket', socket, '--json', ...args]);
      return JSON.parse(stdout).events.map(({ seq }: { seq: number }) => seq);
    };
    expect(await seqs('-n', '2')).toEqual([3, 4]);
    expect(await seqs('-n', '9')).toEqual([1, 2, 3, 4]);
    expect(await seqs('--since', minutes[1]?.toISOString() ?? '')).toEqual([2, 3, 4]);
    expect(await seqs('--since', minutes[1]?.toISOString() ?? '', '--lines=1')).toEqual([4]);
    expect(await seqs('--since', '1m')).toEqual([]);
    expect(await seqs('--since', '2020-01-01')).toEqual([1, 2, 3, 4]);
    const none = await runCli(events, ['events', '--socket', socket, '--since', '1m']);
    expect(none).toEqual({ stdout: '', stderr: 'No such events.\n', code: 0 });
  });

  test.each([
    ['--since', 'yesterday'],
    ['--since', '2026-03-01T99:00'],
    ['-n', '0'],
    ['-n', 'all'],
  ])('refuses %s %s', async (option, value) => {
    const { code, stderr } = await runCli(events, ['events', option, value]);
    expect(code).toBe(2);
    expect(stderr).toContain(`argument '${value}' is invalid`);
  });

  test('exits with 5 when no agent answers', async () => {
    expect((await runCli(events, ['events', '--socket', socketPath()])).code).toBe(5);
  });
});

describe('events --follow', () => {
  /** Follows an agent that sends one more event and stops. */
  async function follow(...args: string[]) {
    const { socket, server, model, followed } = await runControl();
    model.apply(transition('web'), AT);
    const outcome = runCli(events, ['events', '--follow', '--socket', socket, ...args]);
    await followed;
    model.apply(transition('web', 'FAULT'), AT);
    await server.close();
    return { ...(await outcome), model };
  }

  test('shows past and then new events, until the agent stops', async () => {
    const { stdout, stderr, code } = await follow();
    expect(stdout).toMatch(TRANSITION_LINE);
    expect(stdout).toMatch(/BACKUP to FAULT: interface-down\n$/);
    expect(stderr).toContain('the agent is stopping and ended the stream');
    expect(code).toBe(5);
  });

  test('begins with the latest of --lines', async () => {
    const { stdout } = await follow('--json', '-n', '1');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).seq)).toEqual([1, 2]);
    const { stdout: only } = await follow('--json', '--since', '1m');
    expect(JSON.parse(only).seq).toBe(2);
  });

  test('prints one JSON document per line with --json', async () => {
    const { stdout, model } = await follow('--json');
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(model.eventsAfter(0));
  });

  test('shows how many events were dropped', async () => {
    const { socket, server, model, followed } = await runControl();
    for (let i = 0; i < 1_003; i++) model.apply(transition('web'), AT);
    const outcome = runCli(events, ['events', '--follow', '--socket', socket]);
    await followed;
    await server.close();
    expect((await outcome).stdout).toMatch(/^\.\.\. 3 events are no longer kept\n2026/);
  });
});
