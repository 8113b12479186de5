import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, INDEX, Rig } from '../rig.ts';

function lingering(): Rig {
  const rig = new Rig([{}], { linger: 'auto' });
  rig.start();
  rig.becomeMaster();
  expect(rig.handle({ kind: 'shutdown' })).toEqual(['advert 0 to 224.0.0.18']);
  expect(rig.view()).toMatchObject({ state: 'MASTER', releasing: true });
  return rig;
}

const LET_GO = ['remove 203.0.113.100/32', 'MASTER -> INIT (shutdown)', 'finished'];

describe('a stop that lingers', () => {
  test('serves until the successor is heard', () => {
    const rig = lingering();
    expect(rig.elapse(milliseconds(600))).toEqual([]);
    expect(rig.hear(advert({ priority: 50 }))).toEqual(LET_GO);
    expect(rig.view().lastTransition?.reason).toBe('successor 192.0.2.12 was heard');
  });

  test('does not take another resignation for a successor', () => {
    const rig = lingering();
    expect(rig.hear(advert({ priority: 0 }))).toEqual([]);
    expect(rig.view().releasing).toBe(true);
  });

  test('releases when no successor comes within the longest Skew_Time and 100 ms', () => {
    const rig = lingering();
    expect(rig.elapse(microseconds(996_093 + 99_999))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toEqual(LET_GO);
  });

  test('releases immediately when requested a second time', () => {
    expect(lingering().handle({ kind: 'shutdown' })).toEqual(LET_GO);
  });

  test('releases when its interface is gone', () => {
    const lines = lingering().handle({ kind: 'link.removed', index: INDEX });
    expect(lines).toEqual([
      `unlisten ${INDEX} ipv4`,
      'MASTER -> INIT (interface-down)',
      'finished',
    ]);
  });

  test('releases after a stall so long that the successor must be MASTER', () => {
    const rig = lingering();
    rig.freeze(seconds(10));
    expect(rig.turn()).toEqual([
      'received.discard',
      'remove 203.0.113.100/32',
      'MASTER -> INIT (stall)',
      'stall',
      'finished',
    ]);
  });

  test('no longer advertises', () => {
    const rig = lingering();
    expect(rig.elapse(seconds(60)).filter((line) => line.startsWith('advert'))).toEqual([]);
  });
});

describe('a stop', () => {
  test('of many routers ends when the last one has released', () => {
    const second = { name: 'db', vrid: 56, addresses: [] };
    const vip = { address: ip('203.0.113.2'), prefixLength: 32, interface: 'eth0' };
    const rig = new Rig([{}, { ...second, addresses: [vip] }], { linger: 'auto' });
    rig.start();
    rig.hear(advert({ vrid: 56, priority: 200, addresses: [ip('203.0.113.2')] }));
    rig.elapse(milliseconds(3_700));
    rig.hear(advert({ vrid: 56, priority: 200, addresses: [ip('203.0.113.2')] }));
    expect(rig.handle({ kind: 'shutdown' })).toEqual([
      'advert 0 to 224.0.0.18',
      'BACKUP -> INIT (shutdown)',
    ]);
    expect(rig.hear(advert({ priority: 50 }))).toEqual(LET_GO);
  });

  test('before the start ends immediately', () => {
    expect(new Rig().handle({ kind: 'shutdown' })).toEqual(['finished']);
  });

  test('in FAULT sends nothing', () => {
    const rig = new Rig();
    rig.start([]);
    expect(rig.handle({ kind: 'shutdown' })).toEqual(['FAULT -> INIT (shutdown)', 'finished']);
  });
});
