/** Every transition has a cause, which shows whether the former MASTER may still run. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings, SyncGroupSettings } from '../../../src/protocol/engine/settings.ts';
import { advert, linkOf, Rig } from '../rig.ts';

function causes(rig: Rig, instance = 'web'): string[] {
  return rig.reports.flatMap((one) =>
    one.kind === 'transition' && one.instance === instance ? [one.cause] : [],
  );
}

function backup(instance: Partial<InstanceSettings> = {}): Rig {
  const rig = new Rig([instance]);
  rig.start();
  return rig;
}

/** A MASTER of this priority for this number of half seconds. */
function hear(rig: Rig, priority: number, times: number): void {
  for (let i = 0; i < times; i++) {
    rig.hear(advert({ priority }));
    rig.elapse(milliseconds(500));
  }
}

describe('the cause of a takeover', () => {
  test.each([
    ['master-silent', {}, (rig: Rig) => hear(rig, 200, 4)],
    ['master-silent', { preemptDelay: seconds(60) }, (rig: Rig) => hear(rig, 50, 4)],
    ['priority-zero', {}, (rig: Rig) => [hear(rig, 200, 4), rig.hear(advert({ priority: 0 }))]],
    ['preemption', {}, (rig: Rig) => hear(rig, 50, 10)],
    ['preempt-delay-passed', { preemptDelay: seconds(3) }, (rig: Rig) => hear(rig, 50, 10)],
  ] as const)('is %s (%j)', (cause, instance, happen) => {
    const rig = backup(instance);
    happen(rig);
    rig.elapse(seconds(5));
    expect(causes(rig)).toEqual(['started', cause]);
  });

  test('of an owner is its start', () => {
    expect(causes(backup({ priority: 255 }))).toEqual(['owner-started']);
  });

  test('is the same after before_master was asked', () => {
    const rig = backup({ beforeMaster: { deadline: seconds(1), onFailure: 'proceed' } });
    rig.hear(advert({ priority: 200 }));
    rig.hear(advert({ priority: 0 }));
    rig.elapse(seconds(3));
    expect(causes(rig)).toEqual(['started', 'priority-zero']);
  });
});

describe('the cause of a takeover of a sync group', () => {
  function grouped(more: Partial<SyncGroupSettings>): Rig {
    const member = (name: string, vrid: number, interval: number) => ({
      name,
      vrid,
      preempt: false,
      advertisementInterval: milliseconds(interval),
      addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' }],
    });
    const rig = new Rig([member('fast', 1, 100), member('slow', 2, 1_000)], {
      links: [linkOf()],
      syncGroups: [{ name: 'g', instances: ['fast', 'slow'], mode: 'any', track: [], ...more }],
    });
    rig.start();
    return rig;
  }

  function hearMember(rig: Rig, vrid: number, priority: number, interval: number): void {
    const addresses = [ip(`203.0.113.${vrid}`)];
    rig.hear(advert({ vrid, priority, interval: milliseconds(interval), addresses }));
  }

  test('is the silence of the MASTER also for a member that still waits for it', () => {
    const rig = grouped({});
    hearMember(rig, 1, 50, 100);
    hearMember(rig, 2, 50, 1_000);
    rig.elapse(milliseconds(600));
    expect(causes(rig, 'fast')).toEqual(['started', 'master-silent']);
    expect(causes(rig, 'slow')).toEqual(['started', 'master-silent']);
    expect(rig.view(1).lastTransition?.event).toBe('group-master');
  });

  test('is the resignation that one member has heard', () => {
    const rig = grouped({});
    hearMember(rig, 1, 50, 100);
    hearMember(rig, 1, 0, 100);
    hearMember(rig, 2, 50, 1_000);
    rig.elapse(milliseconds(600));
    expect(causes(rig, 'slow')).toEqual(['started', 'priority-zero']);
  });
});

describe('the cause of the end of a mastership', () => {
  test.each([
    ['higher-priority', (rig: Rig) => rig.hear(advert({ priority: 200 }))],
    ['stall', (rig: Rig) => [rig.freeze(seconds(10)), rig.turn()]],
    ['shutdown', (rig: Rig) => rig.handle({ kind: 'shutdown' })],
    ['fault', (rig: Rig) => rig.start([linkOf({ running: false })])],
  ] as const)('is %s', (cause, happen) => {
    const rig = backup();
    rig.becomeMaster();
    happen(rig);
    expect(causes(rig).at(-1)).toBe(cause);
  });

  test.each([
    ['successor-heard', (rig: Rig) => rig.hear(advert({ priority: 90 }))],
    ['no-successor', (rig: Rig) => rig.elapse(seconds(10))],
  ] as const)('that an operator wanted is %s', (cause, happen) => {
    const rig = backup();
    rig.becomeMaster();
    const request = { type: 'failover', to: null, wait: seconds(5), force: true } as const;
    rig.handle({ kind: 'request', id: 1, instance: 'web', request });
    happen(rig);
    expect(causes(rig)[2]).toBe(cause);
  });

  test('of the end of FAULT is that it was cleared', () => {
    const rig = backup();
    rig.start([linkOf({ running: false })]);
    rig.start([linkOf()]);
    expect(causes(rig)).toEqual(['started', 'fault', 'fault-cleared']);
  });
});
