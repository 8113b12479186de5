import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { seconds } from '../../../src/net/time.ts';
import { answers, ask } from '../operator.ts';
import { advert, linkOf, Rig } from '../rig.ts';

const MEMBERS = ['outside', 'inside'] as const;

/** Two members on one link, both MASTER. */
function masters(): Rig {
  const member = (name: string, vrid: number) => ({
    name,
    vrid,
    addresses: [{ address: ip(`203.0.113.${vrid}`), prefixLength: 32, interface: 'eth0' }],
  });
  const rig = new Rig([member('outside', 1), member('inside', 2)], {
    links: [linkOf()],
    syncGroups: [{ name: 'gateway', instances: [...MEMBERS], mode: 'all', track: [] }],
  });
  rig.start();
  rig.becomeMaster();
  expect(states(rig)).toEqual(['MASTER', 'MASTER']);
  return rig;
}

function states(rig: Rig): string[] {
  return MEMBERS.map((_, position) => rig.view(position).state);
}

/** The peer is MASTER of the member now. */
function successorOf(rig: Rig, vrid: number): string[] {
  return rig.hear(advert({ vrid, priority: 50, addresses: [ip(`203.0.113.${vrid}`)] }));
}

const TERMS = { wait: seconds(2), force: false };

describe('a failover of a member of a sync group', () => {
  test('resigns for every member, and each is served until its successor is heard', () => {
    const rig = masters();
    expect(ask(rig, { type: 'failover', to: null, ...TERMS }, 'outside')).toEqual([
      'advert 0 to 224.0.0.18',
      'advert 0 to 224.0.0.18',
    ]);
    expect(successorOf(rig, 1)).toContain('remove 203.0.113.1/32');
    expect(states(rig)).toEqual(['BACKUP', 'MASTER']);
    expect(rig.view(1).releasing).toBe(true);
    expect(successorOf(rig, 2)).toContain('remove 203.0.113.2/32');
    expect(states(rig)).toEqual(['BACKUP', 'BACKUP']);
    expect(rig.view(1).heldBack).toBe(true);
    expect(answers(rig).map(({ outcome }) => outcome)).toEqual(['handed-over']);
  });

  test('without a successor leaves every member MASTER', () => {
    const rig = masters();
    ask(rig, { type: 'failover', to: null, ...TERMS }, 'outside');
    expect(rig.elapse(seconds(2)).filter((line) => line.startsWith('remove'))).toEqual([]);
    expect(states(rig)).toEqual(['MASTER', 'MASTER']);
    expect(answers(rig).map(({ outcome }) => outcome)).toEqual(['no-successor']);
  });

  test('is released for every member', () => {
    const rig = masters();
    ask(rig, { type: 'failover', to: null, ...TERMS }, 'outside');
    successorOf(rig, 1);
    successorOf(rig, 2);
    ask(rig, { type: 'release' }, 'inside');
    expect([rig.view(0).heldBack, rig.view(1).heldBack]).toEqual([false, false]);
  });
});

describe('maintenance of a member of a sync group', () => {
  test('begins when every member has a successor, and takes the others into FAULT', () => {
    const rig = masters();
    ask(rig, { type: 'maintenance-on', ...TERMS }, 'outside');
    successorOf(rig, 1);
    expect(states(rig)).toEqual(['BACKUP', 'MASTER']);
    successorOf(rig, 2);
    expect(states(rig)).toEqual(['FAULT', 'FAULT']);
    expect(rig.view(0).faults).toEqual(['maintenance']);
    expect(rig.view(1).faults).toEqual(['group:gateway']);
    expect(answers(rig).map(({ outcome }) => outcome)).toEqual(['handed-over']);
  });

  test('does not begin when one member has no successor to serve its VIPs', () => {
    const rig = masters();
    ask(rig, { type: 'maintenance-on', ...TERMS }, 'outside');
    successorOf(rig, 1);
    rig.elapse(seconds(2));
    expect(rig.view(0)).toMatchObject({ maintenance: false, heldBack: false });
    expect(rig.view(1).state).not.toBe('FAULT');
    expect(answers(rig).map(({ outcome }) => outcome)).toEqual(['no-successor']);
  });
});
