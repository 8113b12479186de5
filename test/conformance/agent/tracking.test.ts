import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { TrackSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { advert, instanceOf, linkOf, Rig } from '../rig.ts';

type Init = 'up' | 'down' | 'wait';

function script(weight?: number, init: Init = 'up', name = 'nginx'): TrackSettings {
  return { name, source: { kind: 'script', probe: name, init }, weight };
}

function link(name: string, weight?: number): TrackSettings {
  return { name, source: { kind: 'interface', interface: name }, weight };
}

function file(weight: number): TrackSettings {
  return { name: 'load', source: { kind: 'file', probe: 'load', init: 'wait' }, weight };
}

function tracking(...track: TrackSettings[]): Rig {
  const rig = new Rig([{ track }]);
  rig.start();
  return rig;
}

function report(rig: Rig, up: boolean, probe = 'nginx', value?: number): string[] {
  return rig.handle({ kind: 'probe.changed', probe, up, value, detail: 'exit status 1' });
}

function eth1(running: boolean) {
  return linkOf({ index: 3, name: 'eth1', running, addresses: [] });
}

describe('a tracked object without a weight', () => {
  test('is a reason for FAULT while it is down', () => {
    const rig = tracking(script());
    rig.becomeMaster();
    expect(report(rig, false)).toEqual([
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.100/32',
      'track nginx down',
      'MASTER -> FAULT (fault)',
    ]);
    expect(rig.view().faults).toEqual(['track:nginx']);
    expect(report(rig, true)).toEqual(['track nginx up', 'FAULT -> BACKUP (fault-cleared)']);
  });

  test('ends FAULT only when the last of several reasons clears', () => {
    const rig = tracking(script(undefined, 'down'), script(undefined, 'down', 'haproxy'));
    expect(rig.view()).toMatchObject({
      state: 'FAULT',
      faults: ['track:nginx', 'track:haproxy'],
    });
    report(rig, true);
    expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:haproxy'] });
    report(rig, true, 'haproxy');
    expect(rig.state).toBe('BACKUP');
  });

  test('affects an owner too: only the priority of an owner is fixed', () => {
    const rig = new Rig([{ priority: 255, track: [script()] }]);
    rig.start();
    report(rig, false);
    expect(rig.state).toBe('FAULT');
    report(rig, true);
    expect(rig.state).toBe('MASTER');
  });
});

describe('before the first result', () => {
  test.each([
    ['up', 'BACKUP'],
    ['down', 'FAULT'],
    ['wait', 'FAULT'],
  ] as const)('init %s is %s', (init, state) => {
    expect(tracking(script(undefined, init)).state).toBe(state);
  });

  test('an instance that waits does not become MASTER, with a weight or without', () => {
    const rig = tracking(script(-10, 'wait'));
    expect(rig.elapse(seconds(600))).toEqual([]);
    expect(rig.view().tracks[0]).toMatchObject({ status: 'unknown', adjustment: 0 });
    report(rig, false);
    expect(rig.view()).toMatchObject({ state: 'BACKUP', priority: { effective: 90 } });
    rig.becomeMaster();
    expect(rig.state).toBe('MASTER');
  });

  test('init up with a positive weight applies from the start', () => {
    const rig = tracking(script(20));
    expect(rig.view().priority).toMatchObject({ configured: 100, effective: 120 });
    expect(rig.becomeMaster()).toContain('advert 120 to 224.0.0.18');
  });
});

describe('a weight', () => {
  test('that is negative applies while the object is down', () => {
    const rig = tracking(script(-30));
    expect(rig.view().priority.effective).toBe(100);
    expect(report(rig, false)).toEqual(['track nginx down', 'priority 100 -> 70']);
    expect(report(rig, true)).toEqual(['track nginx up', 'priority 70 -> 100']);
  });

  test('that is positive applies while the object is up', () => {
    const rig = tracking(script(30, 'down'));
    expect(rig.view().priority.effective).toBe(100);
    report(rig, true);
    expect(rig.view().priority.effective).toBe(130);
  });

  test.each([
    [-30, 20, 1],
    [30, 240, 254],
  ])('of %i leaves priority %i at %i', (weight, priority, effective) => {
    const rig = new Rig([{ priority, track: [script(weight)] }]);
    rig.start();
    report(rig, weight > 0);
    expect(rig.view().priority).toMatchObject({ configured: priority, effective });
  });

  test('never changes the priority of an owner', () => {
    const rig = new Rig([{ priority: 255, track: [script(-30)] }]);
    rig.start();
    report(rig, false);
    expect(rig.view()).toMatchObject({ state: 'MASTER', priority: { effective: 255 } });
  });

  test('that lowers a MASTER is advertised immediately, and a peer of higher priority takes over', () => {
    const rig = tracking(script(-30));
    rig.becomeMaster();
    expect(report(rig, false)).toEqual([
      'advert 70 to 224.0.0.18',
      'track nginx down',
      'priority 100 -> 70',
    ]);
    expect(rig.hear(advert({ priority: 80 }))).toContain(
      'MASTER -> BACKUP (higher-priority-backup)',
    );
  });

  test('shifts the running Master_Down timer by the difference of the Skew_Times', () => {
    const rig = tracking(script(-64));
    rig.hear(advert({ priority: 200 }));
    rig.elapse(seconds(2));
    report(rig, false);
    // 3 s + (256 - 36) / 256 s after the advertisement, not after the change.
    expect(rig.elapse(milliseconds(1_859))).toEqual([]);
    expect(rig.elapse(milliseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('adds up with others and with an override', () => {
    const rig = tracking(script(-10), script(-5, 'up', 'haproxy'));
    rig.handle({
      kind: 'request',
      id: 1,
      instance: 'web',
      request: { type: 'priority', priority: 50 },
    });
    report(rig, false);
    report(rig, false, 'haproxy');
    expect(rig.view().priority).toEqual({ configured: 100, effective: 35, override: 50 });
  });
});

describe('a tracked interface', () => {
  test('is up while its link exists and is running', () => {
    const rig = new Rig([{ track: [link('eth1')] }], { links: [linkOf(), eth1(true)] });
    rig.start();
    expect(rig.state).toBe('BACKUP');
    const { addresses, ...attributes } = eth1(false);
    expect(addresses).toEqual([]);
    expect(rig.handle({ kind: 'link.changed', link: attributes })).toEqual([
      'track eth1 down',
      'BACKUP -> FAULT (fault)',
    ]);
    rig.handle({ kind: 'link.changed', link: { ...attributes, running: true } });
    expect(rig.state).toBe('BACKUP');
    rig.handle({ kind: 'link.removed', index: 3 });
    expect(rig.view().faults).toEqual(['track:eth1']);
  });

  test('that is missing at startup is down', () => {
    expect(tracking(link('eth1', -20)).view()).toMatchObject({
      state: 'BACKUP',
      priority: { effective: 80 },
      tracks: [{ name: 'eth1', kind: 'interface', status: 'down', weight: -20, adjustment: -20 }],
    });
  });
});

describe('a number in a tracked file', () => {
  test.each([
    [1, -7, 93],
    [2, 10, 120],
    [-1, 10, 90],
    [1, 200, 254],
    [1, -253, 1],
  ])('times weight %i is added: %i makes priority %i', (weight, value, effective) => {
    const rig = tracking(file(weight));
    report(rig, true, 'load', value);
    expect(rig.view()).toMatchObject({ state: 'BACKUP', priority: { effective } });
  });

  test('of -254 or less, times the weight, is FAULT', () => {
    const rig = tracking(file(2));
    report(rig, true, 'load', -127);
    expect(rig.view().faults).toEqual(['track:load']);
    report(rig, true, 'load', -126);
    expect(rig.view().faults).toEqual([]);
  });
});

describe('one probe for many instances', () => {
  const vip = (last: number) => ({ addresses: [linkAddress(last)] });

  test('affects all of them and is reported once', () => {
    const rig = new Rig([
      { name: 'a', vrid: 1, ...vip(1), track: [script()] },
      { name: 'b', vrid: 2, ...vip(2), track: [script(-10)] },
    ]);
    rig.start();
    expect(report(rig, false)).toEqual([
      'track nginx down',
      'priority 100 -> 90',
      'BACKUP -> FAULT (fault)',
    ]);
    expect(rig.reports.find(({ kind }) => kind === 'track')).toMatchObject({
      instances: ['a', 'b'],
      detail: 'exit status 1',
    });
  });

  test('that no instance uses changes nothing', () => {
    expect(report(tracking(script()), false, 'apache')).toEqual([]);
  });
});

function linkAddress(last: number) {
  return { address: `203.0.113.${last}` as never, prefixLength: 32, interface: 'eth0' };
}

test('a reload that adds a tracked object to a MASTER has no effect before the first result', () => {
  const settings = (track: readonly TrackSettings[]) => ({
    router: 'lb1',
    linger: 'off' as const,
    syncGroups: [],
    instances: [instanceOf({ track })],
  });
  const rig = tracking();
  rig.becomeMaster();
  const change = settingsChange(settings([]), settings([script(undefined, 'wait')]));
  expect(rig.handle({ kind: 'settings.changed', change })).toEqual([]);
  expect(rig.view()).toMatchObject({ state: 'MASTER', tracks: [{ status: 'unknown' }] });
  report(rig, false);
  expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:nginx'] });
  const back = settingsChange(settings([script(undefined, 'wait')]), settings([]));
  rig.handle({ kind: 'settings.changed', change: back });
  expect(rig.view()).toMatchObject({ state: 'BACKUP', faults: [], tracks: [] });
});

describe('FR-O11 a tracked object without results for long', () => {
  const lose = (rig: Rig, probe = 'nginx') =>
    rig.handle({ kind: 'probe.lost', probe, detail: 'the checker process is down' });

  test('is unknown and takes no MASTER out of service', () => {
    const rig = tracking(script());
    rig.becomeMaster();
    report(rig, true);
    expect(lose(rig)).toEqual(['track nginx unknown']);
    expect(rig.view()).toMatchObject({ state: 'MASTER', faults: [] });
    expect(rig.view().tracks).toMatchObject([{ status: 'unknown', adjustment: 0 }]);
    expect(report(rig, true)).toEqual(['track nginx up']);
  });

  test('keeps its effect on the priority, whether it adds or subtracts', () => {
    const rig = tracking(script(30), script(-20, 'up', 'haproxy'));
    rig.becomeMaster();
    report(rig, true);
    report(rig, false, 'haproxy');
    expect(rig.view().priority.effective).toBe(110);
    expect(lose(rig)).toEqual(['track nginx unknown']);
    expect(lose(rig, 'haproxy')).toEqual(['track haproxy unknown']);
    expect(rig.view().priority.effective).toBe(110);
    report(rig, true, 'haproxy');
    expect(rig.view().priority.effective).toBe(130);
  });

  test('keeps a director out of service that it has put out of service', () => {
    const rig = tracking(script());
    rig.becomeMaster();
    report(rig, false);
    lose(rig);
    expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:nginx'] });
    report(rig, true);
    expect(rig.state).toBe('BACKUP');
  });

  test('keeps the number of a file', () => {
    const rig = tracking(file(1));
    report(rig, true, 'load', -30);
    lose(rig, 'load');
    expect(rig.view().priority.effective).toBe(70);
  });

  test('that never had a result stays as it was', () => {
    expect(lose(tracking(script(undefined, 'wait')))).toEqual([]);
    const rig = tracking(script());
    report(rig, true);
    lose(rig);
    expect(lose(rig)).toEqual([]);
  });
});
