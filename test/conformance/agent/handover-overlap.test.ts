/** The overlap of a hand-over: the successor has been heard, but hosts do not know it yet. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import { answers, ask, failover } from '../operator.ts';
import { advert, type instanceOf, PEER6, Rig, VIP6 } from '../rig.ts';

const OVERLAP = milliseconds(10);

function handingOver(more: Parameters<typeof instanceOf>[0] = {}): Rig {
  const rig = new Rig([more], { linger: 'auto', handoverOverlap: OVERLAP });
  rig.start();
  rig.becomeMaster();
  failover(rig);
  return rig;
}

describe('a router whose successor has been heard', () => {
  test('is BACKUP immediately, and keeps its VIPs for the overlap', () => {
    const rig = handingOver();
    expect(rig.hear(advert({ priority: 50 }))).toEqual(['MASTER -> BACKUP (failover)']);
    expect(rig.elapse(milliseconds(9))).toEqual([]);
    expect(answers(rig)).toEqual([]);
    expect(rig.elapse(milliseconds(1))).toEqual(['remove 203.0.113.100/32']);
    expect(answers(rig).map(({ outcome }) => outcome)).toEqual(['handed-over']);
  });

  test('keeps its VIPs for the overlap in maintenance, too', () => {
    const rig = new Rig([{}], { handoverOverlap: OVERLAP });
    rig.start();
    rig.becomeMaster();
    ask(rig, { type: 'maintenance-on', wait: seconds(10), force: false });
    expect(rig.hear(advert({ priority: 50 }))).not.toContain('remove 203.0.113.100/32');
    expect(rig.view().state).toBe('FAULT');
    expect(rig.elapse(OVERLAP)).toEqual(['remove 203.0.113.100/32']);
  });

  test('keeps its VIPs for the overlap before the agent ends', () => {
    const rig = new Rig([{}], { linger: 'auto', handoverOverlap: OVERLAP });
    rig.start();
    rig.becomeMaster();
    rig.handle({ kind: 'shutdown' });
    expect(rig.hear(advert({ priority: 50 }))).toEqual(['MASTER -> INIT (shutdown)']);
    expect(rig.elapse(OVERLAP)).toEqual(['remove 203.0.113.100/32', 'finished']);
  });

  test('does not restore a VIP that another program removes meanwhile', () => {
    const rig = handingOver();
    rig.hear(advert({ priority: 50 }));
    const address = ip('203.0.113.100');
    rig.engine.notice({ kind: 'address.removed', index: 2, address, prefixLength: 32 });
    expect(rig.elapse(OVERLAP)).toEqual([]);
  });

  test('releases immediately where two hosts must not have the address', () => {
    const six = handingOver({ family: 'ipv6' });
    const heard = six.hear(advert({ source: PEER6, priority: 50 }));
    expect(heard[0]).toBe(`remove ${VIP6}/128`);
  });

  test('yields to a stronger MASTER without an overlap', () => {
    const rig = new Rig([{}], { handoverOverlap: OVERLAP });
    rig.start();
    rig.becomeMaster();
    expect(rig.hear(advert({ priority: 200 }))).toContain('remove 203.0.113.100/32');
  });
});
