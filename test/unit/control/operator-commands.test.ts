import { describe, expect, test, vi } from 'vitest';
import { CommandRefusal } from '../../../src/control/commands.ts';
import { operatorTarget, requestedBy } from '../../../src/control/operator-commands.ts';
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

function run(verb: string, body: object, commands = spies()) {
  void operatorTarget(`/v1/instances/web/${verb}`)?.run(commands, { ...body }, 'alice');
  return commands;
}

describe('what is asked of an instance', () => {
  test('failover waits ten seconds and is not forced unless it says so', () => {
    expect(run('failover', {}).failover).toHaveBeenCalledWith(
      'web',
      { wait: seconds(10), force: false, to: null },
      'alice',
    );
    const body = { wait: '1.5s', force: true, to: '2001:DB8::1' };
    expect(run('failover', body).failover).toHaveBeenCalledWith(
      'web',
      { wait: seconds(1.5), force: true, to: '2001:db8::1' },
      'alice',
    );
  });

  test('failover can be released', () => {
    const { failover, release } = run('failover', { release: true });
    expect(release).toHaveBeenCalledWith('web', 'alice');
    expect(failover).not.toHaveBeenCalled();
  });

  test('maintenance begins and ends', () => {
    const body = { mode: 'on', reason: 'new kernel', for: '2h', wait: '5s', force: false };
    expect(run('maintenance', body).beginMaintenance).toHaveBeenCalledWith(
      'web',
      { reason: 'new kernel', for: seconds(7_200), wait: seconds(5), force: false },
      'alice',
    );
    expect(run('maintenance', { mode: 'off' }).endMaintenance).toHaveBeenCalledWith('web', 'alice');
  });

  test('a priority is set and reset', () => {
    expect(run('priority', { priority: 7 }).setPriority).toHaveBeenCalledWith('web', 7, 'alice');
    const reset = run('priority', { priority: null });
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
  ])('%s %j is refused, and nothing is done', (verb, body) => {
    const commands = spies();
    expect(() => run(verb, body, commands)).toThrow(CommandRefusal);
    for (const spy of Object.values(commands)) expect(spy).not.toHaveBeenCalled();
  });

  test.each([
    '/v1/instances/web/restart',
    '/v1/instances//failover',
    '/v1/instances/web/failover/',
    '/v1/instances/a/b/failover',
    '/v1/instances/%ff/failover',
  ])('there is nothing at %s', (path) => {
    expect(operatorTarget(path)).toBeUndefined();
  });

  test('a name may be written with escapes', () => {
    expect(operatorTarget('/v1/instances/a%2Eb/priority')?.instance).toBe('a.b');
  });

  test('the person who asks is a short string or nobody', () => {
    expect(requestedBy({})).toBeNull();
    expect(requestedBy({ requested_by: 'alice' })).toBe('alice');
    expect(() => requestedBy({ requested_by: 'a'.repeat(65) })).toThrow(CommandRefusal);
    expect(() => requestedBy({ requested_by: 7 })).toThrow(CommandRefusal);
  });
});
