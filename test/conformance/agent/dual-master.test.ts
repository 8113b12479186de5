import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, NO_GARP, Rig } from '../rig.ts';

function master(): Rig {
  const rig = new Rig([{ priority: 100 }]);
  rig.start();
  rig.becomeMaster();
  rig.elapse(seconds(5));
  return rig;
}

const loser = advert({ priority: 50 });
const otherLoser = advert({ priority: 60, source: ip('192.0.2.13') });

describe('the time with two MASTERs', () => {
  test('lasts as long as the other one advertises', () => {
    const rig = master();
    for (let i = 0; i < 10; i++) {
      rig.hear(loser);
      rig.elapse(seconds(1));
    }
    expect(rig.count('dual-master-seconds')).toBeCloseTo(10, 6);
    rig.elapse(seconds(60));
    expect(rig.count('dual-master-seconds')).toBeCloseTo(10, 6);
  });

  test('counts once however many there are, and however often they advertise', () => {
    const rig = master();
    for (let i = 0; i < 40; i++) {
      rig.hear(loser, otherLoser, loser);
      rig.elapse(milliseconds(100));
    }
    expect(rig.count('dual-master-seconds')).toBeCloseTo(4.9, 6);
  });

  test('excludes the time in which nothing was heard', () => {
    const rig = master();
    rig.hear(loser);
    rig.elapse(seconds(30));
    rig.hear(loser);
    rig.elapse(seconds(30));
    expect(rig.count('dual-master-seconds')).toBeCloseTo(2, 6);
  });

  test('does not begin with the last advertisement of the former MASTER', () => {
    const rig = new Rig([{ priority: 100 }]);
    rig.start();
    for (let waited = 0; rig.state !== 'MASTER' && waited < 500; waited++) {
      rig.elapse(milliseconds(10));
    }
    expect(rig.state).toBe('MASTER');
    rig.hear(loser);
    expect(rig.count('dual-master-seconds')).toBe(0);
  });

  test('does not exist for a BACKUP', () => {
    const rig = new Rig([{ priority: 100 }]);
    rig.start();
    rig.hear(advert({ priority: 200 }));
    rig.hear(loser);
    expect(rig.count('dual-master-seconds')).toBe(0);
  });
});

describe('a refusal and a warning of the same reason', () => {
  test('are distinguished: version 3 adopts another interval', () => {
    const rig = new Rig([{}]);
    rig.start();
    rig.hear(advert({ interval: seconds(2) }));
    expect(rig.count('interval-errors')).toBe(1);
    expect(rig.count('interval-discards')).toBe(0);
  });

  test('are distinguished: version 2 refuses it', () => {
    const rig = new Rig([{ version: 2 }]);
    rig.start();
    rig.hear(advert({ version: 2, interval: seconds(2) }));
    expect(rig.count('interval-errors')).toBe(1);
    expect(rig.count('interval-discards')).toBe(1);
  });
});

describe('the end of a dual MASTER', () => {
  function contested(): Rig {
    const rig = new Rig([{ priority: 200, garp: { ...NO_GARP, repeat: 1 } }]);
    rig.start();
    rig.becomeMaster();
    rig.elapse(seconds(3));
    rig.hear(advert({ priority: 50 }));
    return rig;
  }

  test('is reported when the other one is silent, and the addresses are announced again', () => {
    const lines = contested().elapse(seconds(3));
    expect(lines).toContain('dual-master ended 192.0.2.12');
    expect(lines.filter((line) => line.startsWith('arp'))).not.toEqual([]);
  });

  test('has not come while the other one advertises', () => {
    const rig = contested();
    const lines: string[] = [];
    for (let i = 0; i < 5; i++) {
      lines.push(...rig.elapse(seconds(1)), ...rig.hear(advert({ priority: 50 })));
    }
    expect(lines).not.toContain('dual-master ended 192.0.2.12');
  });

  test('is not reported by the loser', () => {
    const rig = contested();
    rig.hear(advert({ priority: 250 }));
    expect(rig.state).toBe('BACKUP');
    expect(rig.elapse(seconds(2))).not.toContain('dual-master ended 192.0.2.12');
  });
});
