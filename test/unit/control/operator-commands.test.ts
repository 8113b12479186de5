import { describe, expect, test, vi } from 'vitest';
import { CommandRefusal } from '../../../src/control/commands.ts';
import { operatorTarget } from '../../../src/control/operator-commands.ts';
import { seconds } from '../../../src/net/time.ts';

function spies() {
  const answer = () => Promise.resolve({} as never);
  return {
    failover: vi.fn(answer),
    release: vi.fn(answer),
    beginMaintenance: vi.fn(answer),
    endMaintenance: vi.fn(answer),
    setPriority: vi.fn(answer),
  };
}

async function run(verb: string, body: object, commands = spies()) {
  await operatorTarget(`/v1/instances/web/${verb}`)?.run(
    commands,
    { ...body },
    (claimed) => claimed ?? 'alice',
  );
  return commands;
}

describe('a request to an instance', () => {
  test('failover waits ten seconds and is not forced by default', async () => {
    expect((await run('failover', {})).failover).toHaveBeenCalledWith(
      'web',
      { wait: seconds(10), force: false, to: null },
      'alice',
    );
    const body = { wait: '1.5s', force: true, to: '2001:DB8::1' };
    expect((await run('failover', body)).failover).toHaveBeenCalledWith(
      'web',
      { wait: seconds(1.5), force: true, to: '2001:db8::1' },
      'alice',
    );
  });

  test('failover can be released', async () => {
    const { failover, release } = await run('failover', { release: true });
    expect(release).toHaveBeenCalledWith('web', 'alice');
    expect(failover).not.toHaveBeenCalled();
  });

  test('maintenance begins and ends', async () => {
    const body = { mode: 'on', reason: 'new kernel', for: '2h', wait: '5s', force: false };
    expect((await run('maintenance', body)).beginMaintenance).toHaveBeenCalledWith(
      'web',
      { reason: 'new kernel', for: seconds(7_200), wait: seconds(5), force: false },
      'alice',
    );
    expect((await run('maintenance', { mode: 'off' })).endMaintenance).toHaveBeenCalledWith(
      'web',
      'alice',
    );
  });

  test('a priority is set and reset', async () => {
    expect((await run('priority', { priority: 7 })).setPriority).toHaveBeenCalledWith(
      'web',
      7,
      'alice',
    );
    const reset = await run('priority', { priority: null });
    expect(reset.setPriority).toHaveBeenCalledWith('web', null, 'alice');
  });

  test.each([
    ['failover', { wait: 10 }],
    ['failover', { wait: 'long' }],
    ['failover', { wait: '11m' }],
    ['failover', { force: 'yes' }],
    ['failover', { to: 'lb2' }],
    ['failover', { release: true, force: true }],
    ['failover', { hurry: true }],
    ['maintenance', {}],
    ['maintenance', { mode: 'maybe' }],
    ['maintenance', { mode: 'on', for: '0s' }],
    ['maintenance', { mode: 'on', reason: 7 }],
    ['maintenance', { mode: 'on', reason: 'x'.repeat(501) }],
    ['maintenance', { mode: 'off', force: true }],
    ['priority', {}],
    ['priority', { priority: 0 }],
    ['priority', { priority: 255 }],
    ['priority', { priority: 1.5 }],
    ['priority', { priority: '100' }],
  ])('%s %j is refused, and changes nothing', async (verb, body) => {
    const commands = spies();
    await expect(run(verb, body, commands)).rejects.toThrow(CommandRefusal);
    for (const spy of Object.values(commands)) expect(spy).not.toHaveBeenCalled();
  });

  test.each([
    '/v1/instances/web/restart',
    '/v1/instances//failover',
    '/v1/instances/web/failover/',
    '/v1/instances/a/b/failover',
    '/v1/instances/%ff/failover',
  ])('%s is not a path of an instance', (path) => {
    expect(operatorTarget(path)).toBeUndefined();
  });

  test('a name may be percent-encoded', () => {
    expect(operatorTarget('/v1/instances/a%2Eb/priority')?.instance).toBe('a.b');
  });

  test('the name of the user is a short string or absent', async () => {
    const body = { priority: 7, requested_by: 'bob' };
    expect((await run('priority', body)).setPriority).toHaveBeenCalledWith('web', 7, 'bob');
    for (const name of ['a'.repeat(65), 7]) {
      const refused = run('priority', { priority: 7, requested_by: name });
      await expect(refused).rejects.toThrow(/^requested_by: must /);
    }
  });
});

describe('a refusal', () => {
  test.each([
    [
      'failover',
      { wait: '11m', force: 'yes' },
      'wait: must be a duration like "10s", at most 600s; force: must be true or false',
    ],
    ['failover', { hurry: true }, 'the request: unknown key "hurry"'],
    ['failover', { to: 'lb2' }, 'to: must be an IP address'],
    ['failover', { release: 'no' }, 'release: must be true or false'],
    ['maintenance', { mode: 'maybe' }, 'mode: must be "on" or "off"'],
    ['maintenance', { mode: 'on', for: '0s' }, 'for: must be greater than 0'],
    [
      'priority',
      {},
      'priority: must be a whole number from 1 to 254, or null for the configured priority',
    ],
  ])('of %s %j lists the positions', async (verb, body, message) => {
    await expect(run(verb, body)).rejects.toThrow(message);
  });

  test('null and a missing key mean the same', async () => {
    const body = { wait: null, force: null, to: null, release: null, requested_by: null };
    expect((await run('failover', body)).failover).toHaveBeenCalledWith(
      'web',
      { wait: seconds(10), force: false, to: null },
      'alice',
    );
  });
});
