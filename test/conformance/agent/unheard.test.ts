/** FR-O12: a MASTER whose advertisements the host itself refuses to send, as a local firewall does. */
import { describe, expect, test } from 'vitest';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import { advert, linkOf, Rig, type RigOptions, VIP } from '../rig.ts';

const PEER_MASTER = advert({ priority: 50 });

function masterOf(instances = [{}], options: RigOptions = {}): Rig {
  const rig = new Rig(instances, options);
  rig.start();
  rig.becomeMaster();
  return rig;
}

/** Each second, at the tick of the grid, the kernel refuses what is sent. */
function refuse(rig: Rig, times: number, errno = 'EPERM', unheard: readonly number[] = [0]) {
  for (let i = 0; i < times; i++) {
    rig.elapse(seconds(1));
    rig.handle({ kind: 'send.failed', errno, count: 1, unheard });
  }
}

describe('FR-O12 a MASTER that cannot advertise', () => {
  test.each(['EPERM', 'ENOBUFS', 'EMSGSIZE', 'ENETUNREACH'])(
    'for %s releases once it hears another MASTER, and does not preempt it',
    (errno) => {
      const rig = masterOf();
      refuse(rig, 5, errno);
      const lines = rig.hear(PEER_MASTER);
      expect(lines).toContain('MASTER -> BACKUP (unheard)');
      expect(lines).toContain('remove 203.0.113.100/32');
      expect(rig.view().lastTransition?.cause).toBe('unheard');
      for (let second = 0; second < 20; second++) {
        rig.elapse(seconds(1));
        rig.hear(PEER_MASTER);
      }
      expect(rig.state).toBe('BACKUP');
      expect(rig.view().heldBack).toBe(true);
    },
  );

  test('takes over again when that one falls silent: one director has to serve', () => {
    const rig = masterOf();
    refuse(rig, 5);
    rig.hear(PEER_MASTER);
    rig.becomeMaster();
    expect(rig.state).toBe('MASTER');
  });

  test('still serves while it hears no other router', () => {
    const rig = masterOf();
    refuse(rig, 20);
    expect(rig.state).toBe('MASTER');
  });

  test('serves on until a Master_Down_Interval has passed', () => {
    const rig = masterOf();
    refuse(rig, 3);
    rig.hear(PEER_MASTER);
    expect(rig.state).toBe('MASTER');
  });

  test('serves on if one of its advertisements has left in between', () => {
    const rig = masterOf();
    refuse(rig, 3);
    rig.elapse(seconds(2));
    refuse(rig, 2);
    rig.hear(PEER_MASTER);
    expect(rig.state).toBe('MASTER');
  });

  test('serves on if the last one has left', () => {
    const rig = masterOf();
    refuse(rig, 6);
    rig.elapse(milliseconds(1_000));
    rig.hear(PEER_MASTER);
    expect(rig.state).toBe('MASTER');
  });

  test('serves on where the link is down, which the kernel reports by itself', () => {
    const rig = masterOf();
    refuse(rig, 6, 'ENETDOWN');
    rig.hear(PEER_MASTER);
    expect(rig.state).toBe('MASTER');
  });

  test.each(['ENETUNREACH', 'ENETDOWN'])(
    'FR-O12: is not unheard (%s) while its link is down, of which it does not depend',
    (errno) => {
      const lan = linkOf({ index: 3, name: 'lan', addresses: [] });
      const addresses = [{ address: VIP, prefixLength: 32, interface: 'lan' }];
      const links = [linkOf(), lan];
      const rig = masterOf([{ addresses, onInterfaceDown: 'ignore' }], { links });
      // The kernel refuses the first advertisement before it reports that the link is down.
      refuse(rig, 1, errno);
      const { addresses: _, ...link } = linkOf({ running: false });
      rig.handle({ kind: 'link.changed', link });
      refuse(rig, 8, errno);
      rig.hear(PEER_MASTER);
      expect([rig.state, rig.view().heldBack]).toEqual(['MASTER', false]);
      expect(rig.count('send-failures', 0)).toBe(errno === 'ENETDOWN' ? 0 : 1);
    },
  );

  test('serves on if the messages of another router were refused, or none is named', () => {
    const rig = masterOf();
    refuse(rig, 6, 'EPERM', [7]);
    for (let i = 0; i < 6; i++) rig.handle({ kind: 'send.failed', errno: 'EPERM', count: 1 });
    rig.hear(PEER_MASTER);
    expect(rig.state).toBe('MASTER');
  });

  test('FR-O12 begins its next mastership without the failures of the last one', () => {
    const rig = masterOf();
    refuse(rig, 1);
    const superior = advert({ priority: 200 });
    rig.hear(superior);
    expect(rig.state).toBe('BACKUP');
    // Hours later it takes over, and its first advertisement fails.
    for (let minute = 0; minute < 60; minute++) {
      for (let second = 0; second < 60; second++) {
        rig.elapse(seconds(1));
        rig.hear(superior);
      }
    }
    rig.hear(advert({ priority: 0 }));
    rig.elapse(milliseconds(700));
    expect(rig.state).toBe('MASTER');
    rig.handle({ kind: 'send.failed', errno: 'EPERM', count: 1, unheard: [0] });
    rig.hear(PEER_MASTER);
    expect([rig.state, rig.view().heldBack]).toEqual(['MASTER', false]);
  });

  test('takes its sync group along, which does not preempt either', () => {
    const mail = { name: 'mail', vrid: 56 };
    const syncGroups = [
      { name: 'pair', instances: ['web', 'mail'], mode: 'all', track: [] },
    ] as const;
    const rig = masterOf([{}, mail], { syncGroups });
    refuse(rig, 5);
    rig.hear(PEER_MASTER);
    expect(rig.engine.view().map(({ state }) => state)).toEqual(['BACKUP', 'BACKUP']);
    expect(rig.engine.view().map(({ heldBack }) => heldBack)).toEqual([true, true]);
  });
});
