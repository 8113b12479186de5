import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type {
  InstanceSettings,
  Settings,
  SyncGroupSettings,
} from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { advert, instanceOf, linkOf, Rig } from '../rig.ts';

const OUTSIDE = { name: 'outside', vrid: 1, interface: 'eth0', ...vip(1) };
const INSIDE = { name: 'inside', vrid: 2, interface: 'eth1', ...vip(2, 'eth1') };
const INSIDE_INDEX = 3;

function vip(last: number, link = 'eth0') {
  return { addresses: [{ address: ip(`203.0.113.${last}`), prefixLength: 32, interface: link }] };
}

function inside(running = true) {
  return linkOf({ index: INSIDE_INDEX, name: 'eth1', running });
}

interface GroupOptions extends Partial<SyncGroupSettings> {
  readonly outside?: Partial<InstanceSettings>;
  readonly inside?: Partial<InstanceSettings>;
  readonly linger?: 'auto' | 'off';
}

function grouped(options: GroupOptions = {}): Rig {
  const { outside, inside: other, linger, ...more } = options;
  const rig = new Rig(
    [
      { ...OUTSIDE, ...outside },
      { ...INSIDE, ...other },
    ],
    {
      links: [linkOf(), inside()],
      ...(linger === undefined ? {} : { linger }),
      syncGroups: [
        { name: 'gateway', instances: ['outside', 'inside'], mode: 'all', track: [], ...more },
      ],
    },
  );
  rig.start();
  return rig;
}

function ofPeer(vrid: number, priority: number): Uint8Array {
  return advert({ vrid, priority, addresses: [ip(`203.0.113.${vrid}`)] });
}

function hearOutside(rig: Rig, priority: number): string[] {
  return rig.hear(ofPeer(1, priority));
}

function hearInside(rig: Rig, priority: number): string[] {
  const packet = ofPeer(2, priority);
  rig.engine.receive(INSIDE_INDEX, packet, packet.length, rig.now);
  return rig.handle({ kind: 'quiet' });
}

/** A peer is MASTER of one member for this number of seconds. */
function hearFor(
  rig: Rig,
  hear: (rig: Rig, priority: number) => string[],
  priority: number,
  times: number,
) {
  const lines: string[] = [];
  for (let i = 0; i < times; i++) lines.push(...hear(rig, priority), ...rig.elapse(seconds(1)));
  return lines;
}

function states(rig: Rig): string[] {
  return rig.engine.view().map(({ state }) => state);
}

function setInside(rig: Rig, running: boolean): string[] {
  const { addresses, ...link } = inside(running);
  expect(addresses).not.toEqual([]);
  return rig.handle({ kind: 'link.changed', link });
}

describe('the members of a sync group become MASTER', () => {
  test('together, when no other router is MASTER of any', () => {
    const rig = grouped({ inside: { priority: 20 } });
    const skew = (priority: number) => milliseconds(Math.floor(((256 - priority) * 1_000) / 256));
    expect(rig.elapse(seconds(3 + skew(100) / 1_000_000))).toEqual([]);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(rig.elapse(seconds(1))).toEqual([
      'add 203.0.113.1/32',
      'add 203.0.113.2/32',
      'advert 100 to 224.0.0.18',
      'advert 20 to 224.0.0.18',
      'BACKUP -> MASTER (master-timeout)',
      'BACKUP -> MASTER (master-timeout)',
      'group gateway BACKUP -> MASTER',
    ]);
  });

  test('not while one of them hears a MASTER', () => {
    const rig = grouped();
    expect(hearFor(rig, hearOutside, 200, 60)).toEqual([]);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
  });

  test('as soon as the last of them has waited, however short the wait of the others', () => {
    const rig = grouped();
    hearFor(rig, hearOutside, 200, 10);
    expect(rig.elapse(milliseconds(2_608))).toEqual([]);
    rig.elapse(milliseconds(2));
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('not by a silence that has ended', () => {
    const rig = grouped();
    hearFor(rig, hearOutside, 200, 10);
    hearInside(rig, 200);
    rig.elapse(milliseconds(3_500));
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    rig.elapse(seconds(1));
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('by preempting, when all of them hear lower priorities', () => {
    const rig = grouped();
    hearFor(rig, hearOutside, 50, 4);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('when all their preempt delays have passed, though these end one after the other', () => {
    const delayed = { preemptDelay: seconds(10) };
    const rig = grouped({ outside: delayed, inside: delayed });
    for (let i = 0; i < 11; i++) {
      hearOutside(rig, 50);
      rig.elapse(milliseconds(500));
      hearInside(rig, 50);
      rig.elapse(milliseconds(500));
    }
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('immediately when they own their addresses', () => {
    const owner = { priority: 255 };
    expect(states(grouped({ outside: owner, inside: owner }))).toEqual(['MASTER', 'MASTER']);
  });
});

describe('mode any', () => {
  test('follows the first silence, where the other MASTER will yield', () => {
    const rig = grouped({ mode: 'any', outside: { preempt: false }, inside: { preempt: false } });
    hearInside(rig, 50);
    hearFor(rig, hearOutside, 50, 4);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
    expect(rig.view(0).lastTransition?.event).toBe('group-master');
    expect(rig.view(1).lastTransition?.event).toBe('master-timeout');
  });

  test('waits for a MASTER that would take its addresses back', () => {
    const rig = grouped({ mode: 'any' });
    expect(hearFor(rig, hearOutside, 200, 60)).toEqual([]);
    rig.elapse(seconds(5));
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('notices that such a MASTER was followed by one that will yield', () => {
    const patient = { preempt: false };
    const rig = grouped({ mode: 'any', outside: patient, inside: patient });
    hearFor(rig, hearOutside, 200, 10);
    hearFor(rig, hearOutside, 50, 2);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });
});

describe('when one member is no longer MASTER', () => {
  test('the others resign with priority 0', () => {
    const rig = grouped();
    rig.becomeMaster();
    expect(hearOutside(rig, 200)).toEqual([
      'advert 100 to 224.0.0.18',
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.1/32',
      'remove 203.0.113.2/32',
      'MASTER -> BACKUP (higher-priority-backup)',
      'MASTER -> BACKUP (group-backup)',
      'group gateway MASTER -> BACKUP',
    ]);
    expect(rig.view(1).lastTransition?.reason).toBe(
      'another member of sync group gateway is no longer MASTER',
    );
  });

  test('it may have been because of a stall', () => {
    const rig = grouped({ inside: { advertisementInterval: milliseconds(100) } });
    rig.becomeMaster();
    rig.freeze(milliseconds(500));
    rig.turn();
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
  });

  test('the group returns when no other router is heard', () => {
    const rig = grouped();
    rig.becomeMaster();
    hearOutside(rig, 200);
    rig.elapse(seconds(4));
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });
});

describe('a member in FAULT', () => {
  test('takes the others with it, each with priority 0', () => {
    const rig = grouped();
    rig.becomeMaster();
    expect(setInside(rig, false)).toEqual([
      'advert 0 to 224.0.0.18',
      'advert 0 to 224.0.0.18',
      'remove 203.0.113.1/32',
      'remove 203.0.113.2/32',
      'MASTER -> FAULT (interface-down)',
      'MASTER -> FAULT (fault)',
      'group gateway MASTER -> FAULT',
    ]);
    expect(rig.engine.view().map(({ faults }) => faults)).toEqual([
      ['group:gateway'],
      ['interface-down'],
    ]);
  });

  test('ends the FAULT of the others when its last reason clears', () => {
    const rig = grouped();
    setInside(rig, false);
    setInside(rig, true);
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    rig.becomeMaster();
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  });

  test('at startup keeps the others from becoming MASTER', () => {
    const rig = new Rig([OUTSIDE, INSIDE], {
      links: [linkOf()],
      syncGroups: [{ name: 'gateway', instances: ['outside', 'inside'], mode: 'any', track: [] }],
    });
    rig.start();
    expect(rig.elapse(seconds(60))).toEqual([]);
    expect(rig.engine.view().map(({ faults }) => faults)).toEqual([
      ['group:gateway'],
      ['interface-missing'],
    ]);
  });
});

describe('what a group or its members track', () => {
  const nginx = (weight?: number) => ({
    name: 'nginx',
    source: { kind: 'script' as const, probe: 'nginx', init: 'up' as const },
    weight,
  });
  const fail = {
    kind: 'probe.changed',
    probe: 'nginx',
    up: false,
    value: undefined,
    detail: '',
  } as const;

  test('by the group is a separate reason for every member', () => {
    const rig = grouped({ track: [nginx()] });
    rig.becomeMaster();
    rig.handle(fail);
    expect(rig.engine.view().map(({ faults }) => faults)).toEqual([
      ['track:nginx'],
      ['track:nginx'],
    ]);
  });

  test('with a weight applies to all members, so that their order among peers stays the same', () => {
    const rig = grouped({ outside: { track: [nginx(-30)] }, inside: { priority: 120 } });
    rig.handle(fail);
    expect(rig.engine.view().map(({ priority }) => priority.effective)).toEqual([70, 90]);
  });

  test('counts once when several members track the same', () => {
    const track = [nginx(-30)];
    const rig = grouped({ outside: { track }, inside: { track } });
    rig.handle(fail);
    expect(rig.engine.view().map(({ priority }) => priority.effective)).toEqual([70, 70]);
  });
});

test('a group that stops resigns every member', () => {
  const rig = grouped({ linger: 'off' });
  rig.becomeMaster();
  const lines = rig.handle({ kind: 'shutdown' });
  expect(lines.filter((line) => line.startsWith('advert 0'))).toHaveLength(2);
  expect(lines.at(-1)).toBe('finished');
});

describe('a reload', () => {
  const PLAIN = { router: 'lb1', linger: 'off' as const };
  const THIRD = { ...OUTSIDE, name: 'third', vrid: 3, ...vip(3) };
  const ofAll = {
    name: 'gateway',
    instances: ['outside', 'inside', 'third'],
    mode: 'all' as const,
    track: [],
  };

  function reload(rig: Rig, before: Partial<Settings>, after: Partial<Settings>): string[] {
    const whole = (some: Partial<Settings>) => ({
      ...PLAIN,
      instances: [],
      syncGroups: [],
      ...some,
    });
    const change = settingsChange(whole(before), whole(after));
    return rig.handle({ kind: 'settings.changed', change });
  }

  function addThird(rig: Rig): string[] {
    const instances = [OUTSIDE, INSIDE].map((one) => instanceOf(one));
    const group = { ...ofAll, instances: ['outside', 'inside'] };
    return reload(
      rig,
      { instances, syncGroups: [group] },
      { instances: [...instances, instanceOf(THIRD)], syncGroups: [ofAll] },
    );
  }

  test('that adds a member does not cost the others their mastership', () => {
    const rig = grouped();
    rig.becomeMaster();
    const lines = [...addThird(rig), ...rig.elapse(seconds(4))];
    expect(lines.filter((line) => line.includes('->'))).toEqual([
      'INIT -> BACKUP (startup)',
      'group gateway MASTER -> BACKUP',
      'BACKUP -> MASTER (master-timeout)',
      'group gateway BACKUP -> MASTER',
    ]);
    expect(lines).not.toContain('advert 0 to 224.0.0.18');
  });

  test('that adds a member lets it join where its MASTER would yield', () => {
    const rig = grouped();
    rig.becomeMaster();
    addThird(rig);
    rig.hear(ofPeer(3, 50));
    rig.elapse(seconds(4));
    expect(states(rig)).toEqual(['MASTER', 'MASTER', 'MASTER']);
  });

  test('that adds a member whose MASTER is stronger leaves no group split', () => {
    const rig = grouped();
    rig.becomeMaster();
    addThird(rig);
    rig.hear(ofPeer(3, 200));
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP', 'BACKUP']);
  });

  test('that makes a group of two sides puts both on the stronger one', () => {
    const rig = new Rig([{ ...OUTSIDE, preempt: false }, INSIDE], { links: [linkOf(), inside()] });
    rig.start();
    hearFor(rig, hearOutside, 50, 4);
    expect(states(rig)).toEqual(['BACKUP', 'MASTER']);
    const instances = [{ ...OUTSIDE, preempt: false }, INSIDE].map((one) => instanceOf(one));
    reload(
      rig,
      { instances },
      { instances, syncGroups: [{ ...ofAll, instances: ['outside', 'inside'] }] },
    );
    hearOutside(rig, 50);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
    expect(rig.view(0).lastTransition?.event).toBe('group-master');
  });

  test('that removes the group lets every member continue alone', () => {
    const rig = grouped();
    hearFor(rig, hearOutside, 200, 10);
    const instances = [OUTSIDE, INSIDE].map((one) => instanceOf(one));
    reload(
      rig,
      { instances, syncGroups: [{ ...ofAll, instances: ['outside', 'inside'] }] },
      { instances },
    );
    hearFor(rig, hearOutside, 200, 4);
    expect(states(rig)).toEqual(['BACKUP', 'MASTER']);
  });
});
