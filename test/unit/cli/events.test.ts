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
