import { describe, expect, test } from 'vitest';
import { ip } from '../../src/net/address.ts';
import { microseconds, milliseconds, seconds } from '../../src/net/time.ts';
import { type AdvertOptions, advert, type Bend, Rig } from './rig.ts';

const PASSWORD = { type: 'pass' as const, password: 'secret12' };

function heardBy(more: object, options: AdvertOptions): string[] {
  const rig = new Rig([{ version: 2, ...more }]);
  rig.start();
  const deadline = rig.engine.deadline();
  const lines = rig.hear(advert({ version: 2, ...options }));
  if (lines.some((line) => line.startsWith('discard'))) {
    expect(rig.engine.deadline()).toBe(deadline);
    expect(rig.view().master).toBeNull();
    expect(rig.count('advertisement-rcvd')).toBe(0);
  }
  return lines;
}

function setByte(fromEnd: number, value: number): Bend {
  return (message) => {
    message[message.length - fromEnd] = value;
    return message;
  };
}

/** Another authentication type, with a corrected checksum. */
function withAuthType(type: number): Bend {
  return (message) => {
    const checksum =
      ((message[6] ?? 0) << 8) + (message[7] ?? 0) - ((type - (message[4] ?? 0)) << 8);
    message[4] = type;
    message.set([(checksum >> 8) & 0xff, checksum & 0xff], 6);
    return message;
  };
}

describe('RFC 3768: version 2', () => {
  test('T-04 Skew_Time does not depend on the interval', () => {
    const rig = new Rig([{ version: 2, advertisementInterval: seconds(5) }]);
    rig.start();
    expect(rig.engine.deadline() - rig.now).toBe(15_609_375);
    rig.hear(advert({ version: 2, interval: seconds(5) }));
    rig.hear(advert({ version: 2, interval: seconds(5), priority: 0 }));
    expect(rig.elapse(microseconds(609_374))).toEqual([]);
    expect(rig.elapse(microseconds(1))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('R-02 version 3 is refused', () => {
    expect(heardBy({}, { version: 3 })).toEqual(['discard version-error']);
  });

  test('R-05 a wrong checksum is refused, authentication data included', () => {
    expect(heardBy({}, { bend: setByte(1, 7) })).toEqual(['discard checksum-error']);
  });

  test('R-07 the owner accepts no other MASTER', () => {
    const rig = new Rig([{ version: 2, priority: 255 }]);
    rig.start();
    rig.elapse(seconds(1));
    const packet = advert({ version: 2, priority: 255, source: ip('192.0.2.200') });
    expect(rig.hear(packet)).toEqual(['discard owner-conflict']);
    expect(rig.state).toBe('MASTER');
  });

  test('R-09 another interval is discarded: nothing is adopted', () => {
    expect(heardBy({}, { interval: seconds(2) })).toEqual(['discard interval-error']);
  });

  test('F-A12 a lower priority is discarded without an answer', () => {
    const rig = new Rig([{ version: 2 }]);
    rig.start();
    rig.becomeMaster();
    rig.elapse(milliseconds(2_300));
    const lines = rig.hear(advert({ version: 2, priority: 50 }));
    expect(lines).toEqual(['dual-master 192.0.2.12 50']);
    expect(rig.state).toBe('MASTER');
  });

  test('F-A10 priority 0 is answered immediately', () => {
    const rig = new Rig([{ version: 2 }]);
    rig.start();
    rig.becomeMaster();
    rig.elapse(milliseconds(2_300));
    expect(rig.hear(advert({ version: 2, priority: 0 }))).toEqual(['advert 100 to 224.0.0.18']);
  });

  test('F-A11 a greater priority makes it Backup', () => {
    const rig = new Rig([{ version: 2 }]);
    rig.start();
    rig.becomeMaster();
    expect(rig.hear(advert({ version: 2, priority: 101 }))).toContain(
      'MASTER -> BACKUP (higher-priority-backup)',
    );
  });
});

describe('RFC 2338 section 5.3.6: authentication', () => {
  test('A-01 type 0: the data is ignored, whatever its value', () => {
    const bend = (message: Uint8Array) => {
      const checksum = ((message[6] ?? 0) << 8) + (message[7] ?? 0) - 7;
      message[message.length - 1] = 7;
      message.set([checksum >> 8, checksum & 0xff], 6);
      return message;
    };
    expect(heardBy({}, { bend })).toEqual([]);
  });

  test('A-02 type 1: the right password is accepted', () => {
    expect(heardBy({ authentication: PASSWORD }, { authentication: PASSWORD })).toEqual([]);
  });

  test.each(['secret13', 'secret1', ''])(
    'R-13 A-02 type 1: the password "%s" is refused',
    (password) => {
      const authentication = { type: 'pass' as const, password };
      expect(heardBy({ authentication: PASSWORD }, { authentication })).toEqual([
        'discard auth-failure',
      ]);
    },
  );

  test.each([2, 3, 9])('A-03 A-04 type %i is refused', (type) => {
    const bend = withAuthType(type);
    expect(heardBy({}, { bend })).toEqual(['discard auth-type-mismatch']);
    expect(heardBy({ authentication: PASSWORD }, { bend })).toEqual(['discard auth-type-mismatch']);
  });

  test('R-13 A-04 a type that is not the configured one is refused', () => {
    expect(heardBy({}, { authentication: PASSWORD })).toEqual(['discard auth-type-mismatch']);
    expect(heardBy({ authentication: PASSWORD }, {})).toEqual(['discard auth-type-mismatch']);
  });

  test('A-05 a password of more than eight bytes is never truncated', () => {
    const rig = new Rig([{ version: 2, authentication: { type: 'pass', password: 'ninebytes' } }]);
    expect(() => rig.start()).toThrow('at most 8 bytes');
  });

  test('A-06 no report carries the password', () => {
    const rig = new Rig([{ version: 2, authentication: PASSWORD }]);
    rig.start();
    rig.hear(advert({ version: 2, authentication: { type: 'pass', password: 'wrong' } }));
    rig.becomeMaster();
    expect(JSON.stringify([rig.reports, rig.view()])).not.toContain('secret12');
  });

  test('A-07 a wrong password is counted apart from every other discard', () => {
    const rig = new Rig([{ version: 2, authentication: PASSWORD }]);
    rig.start();
    rig.hear(advert({ version: 2, authentication: { type: 'pass', password: 'wrong' } }));
    expect(rig.count('auth-failures')).toBe(1);
    expect(rig.reports).toContainEqual({
      kind: 'discard',
      instance: 'web',
      reason: 'auth-failure',
      source: ip('192.0.2.12'),
      count: 1,
    });
  });
});
