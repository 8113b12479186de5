import { describe, expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { type Instant, instant } from '../../../../../src/net/time.ts';
import { DirectorSession } from '../../../../../src/protocol/engine/directors/session.ts';
import type { PeerDatagram } from '../../../../../src/wire/peer-link/datagram.ts';
import type { InstanceStatement } from '../../../../../src/wire/peer-link/statement.ts';

const OWN = 'aaaaaaaaaaaaaaaa';
const OTHER = 'bbbbbbbbbbbbbbbb';
const NEXT = 'cccccccccccccccc';
const START = instant(10_000_000);

function datagram(more: Partial<PeerDatagram>): PeerDatagram {
  return {
    ...{ boot: OTHER, sequence: 1, sentAt: 0, wall: 1_000_000, echo: null, heartbeat: 100_000 },
    ...{ part: 1, parts: 1, name: 'lb2', version: '1', services: 0, statements: [], table: null },
    ...more,
  };
}

/** A session with a director, and the sequence of the own last datagram. */
class Rig {
  readonly session = new DirectorSession({ name: 'lb2', address: ip('198.51.100.140') });
  sent = 0;
  now: Instant = START;

  hear(more: Partial<PeerDatagram>) {
    const own = { boot: OWN, sequence: this.sent };
    return this.session.hear(datagram(more), own, this.now, 1_000_000);
  }

  /** The own datagram number `sequence`, as the other director echoes it. */
  echo(sequence = this.sent, boot = OWN) {
    return { boot, sequence, sentAt: this.now - 300, heldFor: 100 };
  }

  goDown() {
    this.session.goDown({ boot: OWN, sequence: this.sent }, this.now);
  }
}

/** The other director is up, after its datagram 5. */
function up(): Rig {
  const rig = new Rig();
  rig.sent = 3;
  rig.hear({ sequence: 5, echo: rig.echo() });
  return rig;
}

describe('a session with another director', () => {
  test('begins only when the director echoes a datagram of this process', () => {
    const rig = new Rig();
    expect(rig.hear({ sequence: 1 })).toBe('unproven');
    expect(rig.session.status).toBe('never');
    rig.sent = 1;
    expect(rig.hear({ sequence: 2, echo: rig.echo(1) })).toBe('first');
    expect(rig.session.status).toBe('up');
    expect(rig.hear({ sequence: 3 })).toBe('believed');
  });

  test('does not begin with an echo of the process before this one', () => {
    const rig = new Rig();
    rig.sent = 1;
    expect(rig.hear({ sequence: 9, echo: rig.echo(1_000, NEXT) })).toBe('unproven');
  });

  test('refuses what is not newer than the last datagram', () => {
    const rig = up();
    expect(rig.hear({ sequence: 5, echo: rig.echo() })).toBe('replay');
    expect(rig.hear({ sequence: 4, echo: rig.echo() })).toBe('replay');
    expect(rig.hear({ sequence: 6 })).toBe('believed');
  });

  test('answers an unknown process with an echo, so that it can prove itself', () => {
    const rig = new Rig();
    rig.hear({ sequence: 7, sentAt: 77 });
    rig.now = instant(rig.now + 20_000);
    expect(rig.session.echo(rig.now)).toEqual({
      ...{ boot: OTHER, sequence: 7, sentAt: 77, heldFor: 20_000 },
    });
  });

  test('follows a restart once the new process echoes what was sent since', () => {
    const rig = up();
    rig.sent = 4;
    expect(rig.hear({ boot: NEXT, sequence: 1, wall: 2_000_000 })).toBe('unproven');
    expect(rig.session.echo(rig.now)?.boot).toBe(NEXT);
    expect(rig.hear({ boot: NEXT, sequence: 2, wall: 2_100_000, echo: rig.echo(4) })).toBe(
      'restarted',
    );
  });

  test('never believes a recording of the process before a restart', () => {
    const rig = up();
    rig.sent = 4;
    const recorded = { sequence: 8, echo: rig.echo(4) };
    rig.sent = 5;
    rig.hear({ boot: NEXT, sequence: 1, wall: 2_000_000, echo: rig.echo(5) });
    rig.sent = 6;
    expect(rig.hear(recorded)).toBe('unproven');
    expect(rig.hear({ boot: NEXT, sequence: 2, wall: 2_100_000 })).toBe('believed');
    rig.goDown();
    expect(rig.hear(recorded)).toBe('unproven');
  });

  test('a recording, however often it is repeated, does not take the echo of a living process', () => {
    const rig = up();
    rig.hear({ boot: NEXT, sequence: 1, wall: 9_000_000 });
    for (let count = 0; count < 10; count++) rig.hear({ boot: 'dd'.repeat(8), sequence: 8 });
    expect(rig.session.echo(rig.now)?.boot).toBe(NEXT);
    // After a step of the wall clock the place becomes free by itself.
    rig.now = instant(rig.now + 4_000_000);
    rig.hear({ boot: 'dd'.repeat(8), sequence: 9 });
    expect(rig.session.echo(rig.now)?.boot).toBe('dd'.repeat(8));
  });

  test('that is down comes up only with a proof that the director hears this one', () => {
    const rig = up();
    rig.goDown();
    expect(rig.hear({ sequence: 6 })).toBe('unproven');
    expect(rig.hear({ sequence: 7, echo: rig.echo(3) })).toBe('unproven');
    rig.sent = 4;
    expect(rig.hear({ sequence: 8, echo: rig.echo(4) })).toBe('first');
  });

  test('is down after three heartbeats and a half of the other director', () => {
    const rig = up();
    expect(rig.session.deadline - rig.now).toBe(350_000);
    rig.hear({ sequence: 6, heartbeat: 50_000 });
    expect(rig.session.deadline - rig.now).toBe(175_000);
  });

  test('does not wait longer for a director that claims an absurd heartbeat', () => {
    const rig = up();
    rig.hear({ sequence: 6, heartbeat: 0xffffffff });
    expect(rig.session.deadline - rig.now).toBe(3.5 * 5_000_000);
    rig.hear({ sequence: 7, heartbeat: 0 });
    expect(rig.session.deadline - rig.now).toBe(35_000);
  });

  test('forgets what a director no longer says', () => {
    const rig = up();
    const web: InstanceStatement = {
      ...{ name: 'web', interface: 'eth0', family: 'ipv4', vrid: 55, state: 'MASTER' },
      ...{ priority: 100, canServe: 'unknown', resigningTo: null, faults: [], digests: [] },
      ...{ source: null, misses: false },
    };
    rig.hear({ sequence: 6, statements: [web] });
    expect([...rig.session.statements(rig.now)]).toEqual([web]);
    expect([...rig.session.statements(instant(rig.now + 5_000_000))]).toEqual([]);
    rig.goDown();
    expect([...rig.session.statements(rig.now)]).toEqual([]);
  });

  test('continues in another process of this director', () => {
    const rig = up();
    const next = new Rig();
    next.sent = rig.sent;
    next.session.resume(rig.session.snapshot(), next.now);
    expect(next.session.deadline - next.now).toBe(350_000);
    expect(next.hear({ sequence: 5 })).toBe('replay');
    expect(next.hear({ sequence: 6 })).toBe('believed');
  });
});

describe('the clock of another director', () => {
  test('is compared by half a round trip', () => {
    const rig = up();
    // Sent 300 us ago and held for 100 us, as `Rig.echo` says.
    expect(rig.session.clock.rtt).toBe(200);
    expect(rig.session.clock.offset).toBe(100);
  });

  test('is reported from one second on, again after a step, and once it agrees', () => {
    const { clock } = up().session;
    expect(clock.judge()).toBeUndefined();
    clock.add(200, 3_000_000);
    expect(clock.judge()).toEqual({ offset: 3_000_100, before: null, agrees: false });
    clock.add(200, 3_200_000);
    expect(clock.judge()).toBeUndefined();
    clock.add(200, -60_000_000);
    expect(clock.judge()).toEqual({ offset: -59_999_900, before: 3_000_100, agrees: false });
    clock.add(200, 0);
    expect(clock.judge()).toEqual({ offset: 100, before: -59_999_900, agrees: true });
    expect(clock.judge()).toBeUndefined();
  });

  test('is judged by the sample that waited least', () => {
    const { clock } = up().session;
    clock.add(400_000, 0);
    expect(clock.rtt).toBe(200);
    expect(clock.offset).toBe(100);
  });
});
