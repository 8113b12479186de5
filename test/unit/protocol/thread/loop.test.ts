import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { type Duration, microseconds, milliseconds, seconds } from '../../../../src/net/time.ts';
import { hmac, KEYRING, signed } from '../../../conformance/hmac-rig.ts';
import { addressOf, advert, INDEX, linkOf } from '../../../conformance/rig.ts';
import { FakePorts } from './fake-ports.ts';

const EPERM = 1;

/** 3.609375 s at priority 100. */
const MASTER_DOWN = milliseconds(3_609.375);

/** The turn before the one that finds a MASTER silent. */
const EARLY = milliseconds(1);

const ONE_ANNOUNCEMENT = {
  garp: { repeat: 1, secondBurstAfter: seconds(0), refresh: seconds(0), form: 'request' as const },
};

function backup(more = {}): FakePorts {
  const ports = new FakePorts(more);
  ports.loop.start();
  return ports;
}

function master(more = {}): FakePorts {
  const ports = backup(more);
  ports.turnAfter(MASTER_DOWN);
  expect(ports.view?.state).toBe('MASTER');
  return ports;
}

describe('the wall clock', () => {
  const HOUR = 3_600_000_000;
  const signing = (wallOffset: number) => {
    const ports = new FakePorts({ authentication: hmac() }, 'off', {
      keyring: KEYRING,
      wallOffset,
    });
    ports.loop.start();
    return ports;
  };
  const heardAt = (ports: FakePorts, at: number) => {
    ports.inbox = [advert(signed({ at }))];
    ports.turnAfter(milliseconds(100));
    return ports.view?.master?.address;
  };

  test('is known before the first packet is judged', () => {
    const ports = signing(1_000 * HOUR);
    expect(heardAt(ports, ports.now + 1_000 * HOUR)).toBe('192.0.2.12');
  });

  test('is followed when it is set', () => {
    const ports = signing(1_000 * HOUR);
    ports.wallOffset = 999 * HOUR;
    expect(heardAt(ports, ports.now + 1_000 * HOUR)).toBeUndefined();
    expect(heardAt(ports, ports.now + 999 * HOUR)).toBe('192.0.2.12');
  });
});

describe('the loop', () => {
  test('reads the state of the kernel, listens, and arms its clock before it reports', () => {
    const ports = new FakePorts();
    expect(ports.during(() => ports.loop.start())).toEqual([
      'snapshot',
      'listen',
      'arm',
      'reports',
    ]);
    expect(ports.deadline).toBe(ports.now + MASTER_DOWN - EARLY);
  });

  test('has a turn a millisecond before a MASTER counts as silent, in which nothing happens', () => {
    const ports = backup();
    const silentAt = ports.now + MASTER_DOWN;
    expect(ports.turnAfter(milliseconds(MASTER_DOWN / 1_000 - 1))).toEqual(['read 64', 'arm']);
    expect(ports.deadline).toBe(silentAt);
    expect(ports.view?.state).toBe('BACKUP');
    expect(ports.turnAfter(EARLY)).toContain('advertise 100');
    expect(ports.view?.state).toBe('MASTER');
  });

  test('has no second turn before an advertisement of its own, nor after a short wait', () => {
    const ports = master();
    while (ports.deadline < ports.now + milliseconds(500)) ports.turnAfter(milliseconds(500));
    const slot = milliseconds(10);
    expect(ports.deadline % slot).toBe(0);
    const short = backup({ advertisementInterval: milliseconds(10) });
    const silentAt = short.now + microseconds(36_093);
    expect(short.deadline).toBe(silentAt - EARLY);
    short.turnAfter(milliseconds(20));
    expect(short.deadline).toBe(silentAt);
  });

  test('FR-O13 reads links that changed during the reading again, and runs meanwhile', () => {
    const ports = new FakePorts();
    ports.isQuiet = false;
    expect(ports.during(() => ports.loop.start())).toContain('listen');
    expect(ports.deadline).toBe(ports.now + seconds(1));
    expect(ports.turnAfter(milliseconds(500))).not.toContain('snapshot');
    expect(ports.turnAfter(milliseconds(500))).toContain('snapshot');
    ports.isQuiet = true;
    expect(ports.turnAfter(seconds(2))).toContain('snapshot');
    expect(ports.turnAfter(seconds(1))).not.toContain('snapshot');
    expect(ports.deadline).toBeGreaterThan(ports.now);
  });

  test('FR-O13 reads links that always change during the reading less and less often', () => {
    const ports = new FakePorts();
    ports.isQuiet = false;
    ports.loop.start();
    const pauses: number[] = [];
    let pause = 0;
    for (let second = 1; second <= 180; second++) {
      pause++;
      if (!ports.turnAfter(seconds(1)).includes('snapshot')) continue;
      pauses.push(pause);
      pause = 0;
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 60]);
    ports.isQuiet = true;
    expect(ports.turnAfter(seconds(60))).toContain('snapshot');
    ports.isQuiet = false;
    ports.monitor = 'overrun';
    ports.during(() => ports.loop.routesReadable());
    ports.monitor = 'drained';
    expect(ports.turnAfter(seconds(1))).toContain('snapshot');
  });

  test('defence: serves while the kernel refuses to list the links for a moment, and reads them again', () => {
    const ports = master();
    ports.monitor = 'overrun';
    ports.snapshotFailure = Object.assign(new Error('no'), { errno: 'ENOBUFS' });
    expect(ports.during(() => ports.loop.routesReadable())).toContain('snapshot');
    ports.monitor = 'drained';
    expect(ports.turnAfter(seconds(1))).toEqual(
      expect.arrayContaining(['advertise 100', 'snapshot']),
    );
    ports.snapshotFailure = undefined;
    expect(ports.turnAfter(seconds(2))).toContain('snapshot');
    expect(ports.turnAfter(seconds(1))).not.toContain('snapshot');
    expect(ports.view?.state).toBe('MASTER');
  });

  test('defence: fails when the kernel refuses it each time, and at the start', () => {
    const ports = master();
    ports.monitor = 'overrun';
    ports.snapshotFailure = Object.assign(new Error('no'), { errno: 'ENOBUFS' });
    ports.loop.routesReadable();
    ports.monitor = 'drained';
    ports.turnAfter(seconds(1));
    ports.turnAfter(seconds(2));
    expect(() => ports.turnAfter(seconds(4))).toThrow('no');
    const first = new FakePorts();
    first.snapshotFailure = Object.assign(new Error('no'), { errno: 'ENOBUFS' });
    expect(() => first.loop.start()).toThrow('no');
  });

  test('takes over in the order addresses, advertisement, announcements', () => {
    const calls = backup(ONE_ANNOUNCEMENT).turnAfter(MASTER_DOWN);
    expect(calls).toEqual(['read 64', 'add', 'advertise 100', 'announce', 'arm', 'reports']);
  });

  describe('while turns follow each other at once', () => {
    /** The announcements of 200 VIPs in two forms need two turns. */
    const addresses = Array.from({ length: 200 }, (_, at) => ({
      address: ip(`198.51.100.${at + 1}`),
      prefixLength: 32,
      interface: 'eth0',
    }));
    const many = { garp: { ...ONE_ANNOUNCEMENT.garp, form: 'both' as const }, addresses };

    test('reports wait for the last of them', () => {
      const ports = backup(many);
      ports.calls.length = 0;
      const turns = [ports.turnAfter(MASTER_DOWN)];
      while (ports.deadline <= ports.now) turns.push(ports.turnAfter(0 as Duration));
      expect(turns.length).toBeGreaterThan(1);
      expect(turns.map((calls) => calls.includes('reports'))).toEqual(
        turns.map((_, turn) => turn === turns.length - 1),
      );
      expect(ports.view?.state).toBe('MASTER');
    });

    test('reports wait no longer than some milliseconds, and not for a pause', () => {
      const late = backup(many);
      late.turnAfter(MASTER_DOWN);
      expect(late.view?.state).toBe('BACKUP');
      const paused = backup(many);
      paused.now = late.now;
      expect(paused.during(() => paused.loop.pause())).toContain('reports');
      expect(paused.view?.state).toBe('MASTER');
      expect(late.turnAfter(milliseconds(10))).toContain('reports');
      expect(late.view?.state).toBe('MASTER');
    });
  });

  test('announces no address that the kernel has refused', () => {
    const ports = backup(ONE_ANNOUNCEMENT);
    ports.errno = EPERM;
    const calls = ports.turnAfter(MASTER_DOWN);
    expect(calls.slice(0, 3)).toEqual(['read 64', 'add', 'advertise 100']);
    expect(calls).not.toContain('announce');
    expect(ports.reports).toContainEqual(
      expect.objectContaining({ kind: 'address-failed', operation: 'add', errno: EPERM }),
    );
  });

  test('sends due advertisements before it reads waiting packets', () => {
    const ports = master();
    ports.inbox = [advert({ priority: 50 })];
    expect(ports.turnAfter(seconds(1))[0]).toBe('advertise 100');
  });

  test('concludes that a MASTER is silent only after it has read all waiting packets', () => {
    const ports = backup();
    ports.inbox = [...Array(100)].map(() => advert({ priority: 200 }));
    const calls = ports.turnAfter(MASTER_DOWN);
    expect(calls.filter((call) => call.startsWith('read'))).toEqual(['read 64', 'read 64']);
    expect(calls).not.toContain('advertise 100');
    expect(ports.view?.state).toBe('BACKUP');
  });

  test.each<[string, Duration, Duration]>([
    ['counts silence from when an advertisement arrived', milliseconds(2), milliseconds(2)],
    ['takes none for older than the turn before', seconds(3_600), milliseconds(5)],
  ])('%s', (_, waited, counted) => {
    const ports = backup();
    ports.turnAfter(milliseconds(10));
    ports.waited = waited;
    ports.inbox = [advert({ priority: 200 })];
    ports.turnAfter(milliseconds(5));
    ports.turnAfter(microseconds(MASTER_DOWN - counted - 1));
    expect(ports.view?.state).toBe('BACKUP');
    ports.turnAfter(microseconds(1));
    expect(ports.view?.state).toBe('MASTER');
  });

  test('does its own work under a flood', () => {
    const ports = backup();
    ports.endless = advert({ ttl: 1 });
    const calls = ports.turnAfter(MASTER_DOWN);
    expect(calls.filter((call) => call.startsWith('read'))).toHaveLength(48);
    expect(calls).toContain('advertise 100');
  });

  test('discards what was queued before a stall, and yields without an advertisement', () => {
    const ports = master();
    ports.inbox = [advert({ priority: 50 })];
    const calls = ports.turnAfter(seconds(6));
    expect(calls).toEqual(['discard', 'remove', 'read 64', 'arm', 'reports']);
    expect(ports.view?.state).toBe('BACKUP');
  });

  test('reports how late it was woken', () => {
    const ports = master();
    ports.lateness.length = 0;
    ports.turnAfter(microseconds(ports.deadline - ports.now + 250));
    ports.turnAfter(milliseconds(100));
    expect(ports.lateness).toEqual([250]);
  });

  test('sends due advertisements before it reads many changes', () => {
    const ports = master();
    ports.events = [{ kind: 'link.removed', index: 77 }];
    ports.now = ports.deadline;
    const calls = ports.during(() => ports.loop.routesReadable());
    expect(calls.slice(0, 2)).toEqual(['advertise 100', 'read changes']);
  });

  test.each(['overrun', 'malformed'] as const)('reads everything again after %s', (state) => {
    const ports = master();
    ports.monitor = state;
    ports.links = [linkOf({ running: false })];
    const calls = ports.during(() => ports.loop.routesReadable());
    expect(calls.slice(0, 2)).toEqual(['read changes', 'snapshot']);
    expect(ports.view).toMatchObject({ state: 'FAULT', faults: ['interface-down'] });
  });

  test('reports the 1st, 2nd and 4th message of the kernel that cannot be decoded', () => {
    const ports = master();
    ports.monitor = 'malformed';
    for (let turn = 0; turn < 5; turn++) ports.during(() => ports.loop.routesReadable());
    const malformed = ports.reports.filter(({ kind }) => kind === 'netlink-malformed');
    expect(malformed).toEqual([1, 2, 4].map((count) => ({ kind: 'netlink-malformed', count })));
  });

  test('fails when the kernel has answered fewer changes than it was asked for', () => {
    const ports = backup();
    ports.answersOnly = 0;
    expect(() => ports.turnAfter(MASTER_DOWN)).toThrow('no element 0 of 0');
  });

  test('acts on a change of a link in the same turn', () => {
    const ports = master();
    ports.events = [{ kind: 'link.removed', index: INDEX }];
    ports.during(() => ports.loop.routesReadable());
    expect(ports.view).toMatchObject({ state: 'FAULT', faults: ['interface-missing'] });
  });

  test('FR-O12 releases the VIPs once another MASTER is heard that cannot hear this one', () => {
    const ports = master();
    ports.sendFailure = 'EPERM';
    for (let turn = 0; turn < 5; turn++) ports.turnAfter(seconds(1));
    expect(ports.view?.state).toBe('MASTER');
    ports.inbox = [advert({ priority: 50 })];
    ports.turnAfter(milliseconds(10));
    expect(ports.view).toMatchObject({ state: 'BACKUP', lastTransition: { cause: 'unheard' } });
  });

  test('FR-O12 keeps them if one of its unicast peers can be reached', () => {
    const peers = ['192.0.2.12', '192.0.2.13'].map((text) => ({
      ...{ address: ip(text), minimumTtl: 255 },
    }));
    const ports = master({ unicast: { source: undefined, peers } });
    ports.sendFailure = 'EPERM';
    ports.reaches = 1;
    for (let turn = 0; turn < 5; turn++) ports.turnAfter(seconds(1));
    ports.inbox = [advert({ priority: 50, destination: ip('192.0.2.11') })];
    ports.turnAfter(milliseconds(10));
    expect(ports.view?.state).toBe('MASTER');
  });

  test('FR-O12 judges each router by its own failure, whatever link fails last', () => {
    const vip = { address: ip('203.0.113.101'), prefixLength: 32, interface: 'eth1' };
    const mail = { name: 'mail', vrid: 56, interface: 'eth1', addresses: [vip] };
    const ports = new FakePorts({}, 'off', { others: [mail] });
    const { addresses } = linkOf();
    ports.links = [linkOf(), linkOf({ index: INDEX + 1, name: 'eth1', addresses })];
    ports.loop.start();
    ports.turnAfter(MASTER_DOWN);
    ports.sendFailureOn.set(INDEX, 'EPERM').set(INDEX + 1, 'ENETDOWN');
    for (let turn = 0; turn < 5; turn++) {
      expect(ports.turnAfter(seconds(1))[0]).toBe('advertise 100,100');
    }
    ports.inbox = [advert({ priority: 50 })];
    ports.turnAfter(milliseconds(10));
    expect(ports.view).toMatchObject({ name: 'web', lastTransition: { cause: 'unheard' } });
    const failures = ports.reports.filter(({ kind }) => kind === 'send-failed');
    expect(failures).toEqual(
      [1, 2, 4].map((count) => ({ kind: 'send-failed', errno: 'EPERM', count })),
    );
  });

  test('reports that it cannot send, except while the link is down', () => {
    const ports = master();
    const told = () => ports.reports.filter(({ kind }) => kind === 'send-failed');
    ports.sendFailure = 'ENETDOWN';
    ports.turnAfter(seconds(1));
    expect(told()).toEqual([]);
    ports.sendFailure = 'EPERM';
    for (let turn = 0; turn < 5; turn++) ports.turnAfter(seconds(1));
    // The 1st, the 2nd, the 4th.
    expect(told()).toEqual(
      [1, 2, 4].map((count) => ({ kind: 'send-failed', errno: 'EPERM', count })),
    );
    ports.sendFailure = '';
    for (let turn = 0; turn < 301; turn++) ports.turnAfter(seconds(1));
    ports.sendFailure = 'EPERM';
    ports.turnAfter(seconds(1));
    expect(told().at(-1)).toMatchObject({ count: 1 });
  });

  test('continues when a socket cannot be opened, and reports it', () => {
    const ports = new FakePorts();
    ports.listenFailure = Object.assign(new Error('no'), { errno: 'EPERM' });
    ports.loop.start();
    expect(ports.view).toMatchObject({ state: 'FAULT', faults: ['socket-failed'] });
    ports.listenFailure = undefined;
    ports.turnAfter(seconds(5));
    expect(ports.view?.state).toBe('BACKUP');
  });

  test('resigns, removes its addresses and finishes at a shutdown', () => {
    const ports = master();
    const calls = ports.during(() => ports.loop.shutdown());
    expect(calls).toEqual(['advertise 0', 'remove', 'finished', 'arm', 'reports']);
  });

  test.each(['without marks', 'with marks'])(
    'FR-H takes the VIPs over from an earlier process on a kernel %s, and removes them',
    (kernel) => {
      const former = master();
      const { addresses } = linkOf();
      const linkWith = (ours: boolean) =>
        linkOf({ addresses: [...addresses, addressOf('203.0.113.100/32', { ours })] });
      const ports = new FakePorts({}, 'off', { standby: true });
      ports.now = former.now;
      const marks = kernel === 'with marks';
      ports.links = [linkWith(marks)];
      if (!marks) ports.claimedLinks = [linkWith(true)];
      ports.loop.start([], true);
      const capture = former.engine.capture();
      const calls = ports.during(() => ports.loop.feed([{ kind: 'adopt', capture }]));
      expect(calls).toContain('claim 203.0.113.100');
      expect(calls.includes('snapshot')).toBe(!marks);
      expect(ports.view?.state).toBe('MASTER');
      expect(ports.reports.filter(({ kind }) => kind === 'address-foreign')).toEqual([]);
      expect(ports.during(() => ports.loop.shutdown())).toContain('remove');
    },
  );

  test('serves after it has resigned, until it hears the successor', () => {
    const ports = new FakePorts({}, 'auto');
    ports.loop.start();
    ports.turnAfter(MASTER_DOWN);
    expect(ports.during(() => ports.loop.shutdown())).toEqual(['advertise 0', 'arm', 'reports']);
    ports.inbox = [advert({ priority: 50 })];
    expect(ports.turnAfter(milliseconds(600))).toEqual(['read 64', 'arm', 'reports']);
    const calls = ports.turnAfter(milliseconds(10));
    expect(calls).toEqual(['remove', 'finished', 'read 64', 'arm']);
  });

  test('collects packets on a busy segment, and wakes for each of them when it is quiet again', () => {
    const ports = backup();
    ports.inbox = [...Array(300)].map(() => advert({ priority: 200 }));
    expect(ports.turnAfter(milliseconds(1))).toContain('wake on packets: false');
    expect(ports.deadline).toBe(ports.now + 500);
    expect(ports.turnAfter(milliseconds(0.5))).toContain('wake on packets: true');
    expect(ports.deadline - ports.now).toBeGreaterThan(seconds(3));
  });
});
