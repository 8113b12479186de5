/** RFC 9568 section 8.4: one virtual router in version 2 and version 3 at the same time. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { Output } from '../../../src/protocol/engine/outputs.ts';
import { type AdvertOptions, advert, PEER, Rig } from '../rig.ts';

const BOTH = { alsoVersion2: true, advertisementInterval: milliseconds(100) } as const;
const SLOW_PEER = ip('192.0.2.13');

function backup(more: object = {}): Rig {
  const rig = new Rig([{ ...BOTH, ...more }]);
  rig.start();
  return rig;
}

function version2(more: AdvertOptions = {}): Uint8Array {
  return advert({ version: 2, ...more });
}

function version3(more: AdvertOptions = {}): Uint8Array {
  return advert({ interval: milliseconds(100), ...more });
}

/** Version, priority and interval field of each advertisement sent. */
function sentIn(outputs: readonly Output[]): string[] {
  return outputs.flatMap((output) =>
    output.kind === 'datagrams.send'
      ? output.datagrams.map(({ packet }) => {
          const version = (packet[20] ?? 0) >> 4;
          return `v${version} priority ${packet[22]} interval ${packet[25]}`;
        })
      : [],
  );
}

describe('a MASTER of both versions', () => {
  test('sends both each time, sub-second too, and at least one second in version 2 (V-02, V-07)', () => {
    const rig = backup();
    rig.elapse(milliseconds(400));
    expect(rig.state).toBe('MASTER');
    rig.freeze(milliseconds(100));
    expect(sentIn(rig.engine.handle({ kind: 'wake' }, rig.now))).toEqual([
      'v3 priority 100 interval 10',
      'v2 priority 100 interval 1',
    ]);
  });

  test('resigns in both', () => {
    const rig = backup();
    rig.elapse(milliseconds(400));
    expect(sentIn(rig.engine.handle({ kind: 'shutdown' }, rig.now))).toEqual([
      'v3 priority 0 interval 10',
      'v2 priority 0 interval 1',
    ]);
  });

  test('yields to a greater one of either version', () => {
    for (const packet of [version2({ priority: 200 }), version3({ priority: 200 })]) {
      const rig = backup();
      rig.elapse(milliseconds(400));
      rig.hear(packet);
      expect(rig.state).toBe('BACKUP');
    }
  });
});

describe('a BACKUP of both versions', () => {
  test('waits for a MASTER of version 2 by the interval which that MASTER advertises (V-03)', () => {
    const rig = backup();
    rig.hear(version2());
    rig.elapse(milliseconds(3_500));
    expect(rig.state).toBe('BACKUP');
    rig.elapse(milliseconds(200));
    expect(rig.state).toBe('MASTER');
  });

  test('does not refuse the interval of version 2 although its own interval differs', () => {
    const rig = backup();
    rig.hear(version2({ interval: seconds(3) }));
    expect(rig.count('interval-discards')).toBe(0);
    expect(rig.count('interval-errors')).toBe(1);
  });

  test('ignores version 2 of a MASTER that it hears in version 3 (V-04)', () => {
    const rig = backup();
    rig.hear(version3(), version2());
    expect(rig.count('version-2-copies')).toBe(1);
    rig.elapse(milliseconds(400));
    expect(rig.state).toBe('MASTER');
  });

  test('accepts version 2 once two advertisements of version 3 are missing', () => {
    const rig = backup();
    rig.hear(version3(), version2());
    rig.elapse(milliseconds(290));
    rig.hear(version2());
    rig.elapse(milliseconds(1_000));
    expect(rig.state).toBe('BACKUP');
    expect(rig.count('version-2-copies')).toBe(1);
  });

  test('hears a second MASTER of version 2 beside the one of version 3', () => {
    const rig = backup();
    rig.hear(version3());
    rig.hear(version2({ source: SLOW_PEER, priority: 201 }));
    expect(rig.view().master?.address).toBe(SLOW_PEER);
  });

  test('takes over after Skew_Time when either version resigns', () => {
    const rig = backup();
    rig.hear(version3(), version2());
    rig.hear(version3({ priority: 0 }), version2({ priority: 0 }));
    rig.elapse(milliseconds(70));
    expect(rig.state).toBe('MASTER');
  });

  test('requires the password of version 2, and none of version 3', () => {
    const rig = backup({ authentication: { type: 'pass', password: 'secret' } });
    rig.hear(version2({ source: PEER }));
    expect(rig.count('auth-type-mismatches')).toBe(1);
    rig.hear(version2({ authentication: { type: 'pass', password: 'secret' } }));
    rig.hear(version3());
    expect(rig.count('advertisement-rcvd')).toBe(2);
  });
});

test('a router runs one version unless configured otherwise (V-01)', () => {
  const rig = new Rig();
  rig.start();
  rig.hear(version2());
  expect(rig.count('version-errors')).toBe(1);
  rig.becomeMaster();
  rig.freeze(seconds(1));
  const sent = sentIn(rig.engine.handle({ kind: 'wake' }, rig.now));
  expect(sent).toEqual(['v3 priority 100 interval 100']);
});
