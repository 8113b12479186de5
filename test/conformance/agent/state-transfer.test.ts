/** One process continues where another has stopped (`run --takeover`). */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { after, elapsed, microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { addressOf, advert, defaultRoute, linkOf, NO_GARP, Rig, VIP } from '../rig.ts';

const LEASED = { lease: seconds(4), garp: { ...NO_GARP, refresh: seconds(30) } };

/** A process on standby on the same host, at the same time. */
function standbyFor(old: Rig, instances: readonly Partial<InstanceSettings>[] = [LEASED]): Rig {
  const holds = old.view().state === 'MASTER';
  const vips = holds ? [addressOf(`${VIP}/32`, { ours: true })] : [];
  const own = linkOf();
  const links = [{ ...own, addresses: [...own.addresses, ...vips] }];
  const next = new Rig(instances, { links, standby: true });
  next.now = old.now;
  return next;
}

function handOver(old: Rig, next: Rig): string[] {
  // The snapshot goes through a socket.
  const capture = JSON.parse(JSON.stringify(old.engine.capture()));
  return next.handle({ kind: 'adopt', capture });
}

function masterFor(time = seconds(20)): Rig {
  const old = new Rig([LEASED]);
  old.start();
  old.becomeMaster();
  old.elapse(time);
  return old;
}

describe('an engine on standby', () => {
  test('opens its sockets and does nothing else, however long it takes', () => {
    const next = standbyFor(masterFor());
    expect(next.start()).toEqual(['listen eth0 ipv4 55']);
    expect(next.elapse(seconds(60))).toEqual([]);
    expect(next.hear(advert({ priority: 1 }))).toEqual([]);
    expect(next.reports).toEqual([]);
  });
});

describe('the next process', () => {
  test('FR-G still knows the other cluster with its VRID, which is silent', () => {
    const old = masterFor();
    old.hear(advert({ priority: 50, addresses: [ip('203.0.113.200')] }));
    const { problems } = old.view();
    expect(problems).toMatchObject([{ code: 'vrid-shared' }]);
    const next = standbyFor(old);
    next.start();
    handOver(old, next);
    expect(next.view().problems).toEqual(problems);
    next.elapse(seconds(601));
    expect(next.view().problems).toBeUndefined();
    const other = standbyFor(old, [
      {
        ...LEASED,
        addresses: [{ address: ip('203.0.113.200'), prefixLength: 32, interface: 'eth0' }],
      },
    ]);
    other.start();
    handOver(old, other);
    expect(other.view().problems).toBeUndefined();
  });

  test('starts routers that waited for the start delay of its predecessor', () => {
    const old = new Rig([LEASED], { common: { startDelay: seconds(60) } });
    old.start();
    old.elapse(seconds(20));
    expect(old.state).toBe('INIT');
    const next = standbyFor(old);
    next.start();
    handOver(old, next);
    next.elapse(seconds(1));
    expect(next.state).toBe('BACKUP');
  });

  test('has the routes of its predecessor, and mistakes none of them for a foreign one', () => {
    const instance = { ...LEASED, routes: [defaultRoute(ip('192.0.2.1'))] };
    const old = new Rig([instance]);
    old.start();
    old.becomeMaster();
    const next = standbyFor(old, [instance]);
    next.start();
    next.errnoOf = (change) => ('entry' in change ? 17 : 0);
    const lines = handOver(old, next);
    expect(lines.filter((line) => line.startsWith('failed'))).toEqual([]);
    expect(next.view().routing).toMatchObject([{ present: true, refusal: 0 }]);
    next.errnoOf = () => 0;
    expect(next.hear(advert({ priority: 200 }))).toContain(
      'remove route default via 192.0.2.1 dev eth0',
    );
  });

  test('tries a refused VIP again when its predecessor would have, and not before', () => {
    const old = new Rig([LEASED]);
    old.start();
    old.errnoOf = () => 28;
    old.becomeMaster();
    expect(old.state).toBe('FAULT');
    const next = standbyFor(old);
    next.start();
    next.errnoOf = () => 28;
    expect(handOver(old, next)).toEqual([]);
    const left = seconds(5) - elapsed(old.view().since, next.now);
    expect(next.view().faults).toEqual(['address-failed']);
    expect(next.elapse(microseconds(left - 1))).toEqual([]);
    expect(next.elapse(milliseconds(1))).toEqual(['FAULT -> BACKUP (virtual-ip-addresses)']);
  });

  test('does not advertise a VIP that the kernel still refuses', () => {
    const old = new Rig([LEASED]);
    old.start();
    old.errnoOf = () => 28;
    old.becomeMaster();
    old.elapse(seconds(5.5));
    expect(old.state).toBe('BACKUP');
    const next = standbyFor(old);
    next.start();
    next.errnoOf = () => 28;
    handOver(old, next);
    const lines = next.elapse(seconds(4));
    expect(lines).toContain('BACKUP -> MASTER (master-timeout)');
    expect(lines.filter((line) => line.startsWith('advert'))).toEqual([]);
  });

  test('continues as MASTER on the same grid, announces nothing, and renews the lease immediately', () => {
    const old = masterFor();
    const next = standbyFor(old);
    next.start();
    const deadline = old.engine.deadline();
    expect(handOver(old, next)).toEqual(['renew 203.0.113.100/32']);
    expect(next.view()).toEqual(old.view());
    const [mine, its] = [next, old].map((rig) => {
      const lines: string[] = [];
      while (!lines.some((line) => line.startsWith('advert'))) {
        rig.now = rig.engine.deadline();
        lines.push(...rig.turn());
      }
      return rig.now;
    });
    expect(mine).toBe(its);
    expect(deadline).toBeLessThanOrEqual(its ?? 0);
    expect(next.elapse(seconds(60)).filter((line) => /->|restored/.test(line))).toEqual([]);
  });

  test('continues as BACKUP with the Master_Down timer that was running', () => {
    const old = new Rig([LEASED]);
    old.start();
    old.hear(advert({ interval: milliseconds(500) }));
    old.elapse(milliseconds(700));
    const next = standbyFor(old);
    next.start();
    expect(handOver(old, next)).toEqual([]);
    expect(next.view().master).toEqual(old.view().master);
    // 3 * 500 ms and a Skew_Time of 304 ms after the advertisement.
    expect(next.elapse(milliseconds(1_104))).toEqual([]);
    expect(next.elapse(milliseconds(2))).toContain('BACKUP -> MASTER (master-timeout)');
  });

  test('knows the checksum form, the counters and the priority that an operator set', () => {
    const old = masterFor();
    old.hear(advert({ priority: 50, form: 'pseudo_header' }));
    old.handle({
      kind: 'request',
      id: 1,
      instance: 'web',
      request: { type: 'priority', priority: 77 },
    });
    const next = standbyFor(old);
    next.start();
    handOver(old, next);
    expect(next.view().priority).toMatchObject({ configured: 100, effective: 77, override: 77 });
    expect(next.count('advertisement-sent')).toBe(old.count('advertisement-sent'));
    expect(next.engine.capture().routers[0]?.forms).toEqual(old.engine.capture().routers[0]?.forms);
  });

  test('listens first when the transfer took longer than a peer waits', () => {
    const old = masterFor();
    const next = standbyFor(old);
    next.start();
    const capture = old.engine.capture();
    next.now = after(next.now, seconds(5));
    next.handle({ kind: 'adopt', capture });
    expect(next.turn()).not.toContain('advert 100 to 224.0.0.18');
    expect(next.state).toBe('BACKUP');
  });

  test('restores a VIP that was lost during the transfer', () => {
    const old = masterFor();
    const next = new Rig([LEASED], { standby: true });
    next.now = old.now;
    next.start();
    expect(handOver(old, next)).toContain('add 203.0.113.100/32');
    expect(next.state).toBe('MASTER');
  });

  test('derives FAULT from the present state', () => {
    const old = new Rig([LEASED]);
    old.start([linkOf({ running: false })]);
    expect(old.state).toBe('FAULT');
    const next = standbyFor(old);
    next.start();
    expect(handOver(old, next)).toContain('FAULT -> BACKUP (interface-up)');
  });

  test('starts the instances that its predecessor lacked, and ignores those that it lacks itself', () => {
    const old = masterFor();
    const mail = {
      name: 'mail',
      vrid: 56,
      addresses: [{ address: ip('203.0.113.101'), prefixLength: 32, interface: 'eth0' }],
    };
    const next = standbyFor(old, [LEASED, mail]);
    next.start();
    expect(handOver(old, next)).toContain('INIT -> BACKUP (startup)');
    expect(next.view(0).state).toBe('MASTER');
  });
});
