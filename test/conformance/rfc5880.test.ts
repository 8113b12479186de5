/** RFC 5880, RFC 5881 and RFC 5883 in the engine: packets go in, packets and verdicts come out. */
import { describe, expect, test } from 'vitest';
import { linesOf } from '../../scripts/replay/lines.ts';
import { ip } from '../../src/net/address.ts';
import { type BfdSettings, bfdSessionName } from '../../src/net/bfd.ts';
import { milliseconds, NEVER, seconds } from '../../src/net/time.ts';
import type { BfdArrival, BfdView } from '../../src/protocol/engine/bfd-messages.ts';
import type { TrackSettings } from '../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../src/protocol/engine/settings-change.ts';
import type { Entry } from '../../src/protocol/thread/recording/entry.ts';
import { type BfdControl, encodeBfd } from '../../src/wire/bfd/control.ts';
import { addressOf, INDEX, instanceOf, linkOf, Rig, type RigOptions } from './rig.ts';

const NEIGHBOUR = ip('192.0.2.1');
const THEIRS = 0x7777;
const SECOND = { address: ip('203.0.113.101'), prefixLength: 32, interface: 'eth0' };

const SETTINGS: BfdSettings = {
  neighbour: NEIGHBOUR,
  source: undefined,
  link: undefined,
  hops: 'single',
  passive: false,
  interval: milliseconds(50),
  receiveInterval: milliseconds(50),
  multiplier: 3,
  minimumTtl: 255,
};

function track(more: Partial<BfdSettings> = {}, weight?: number, name = 'router'): TrackSettings {
  const session = { ...SETTINGS, ...more };
  const source = { kind: 'bfd', probe: bfdSessionName(session), init: 'wait', session } as const;
  return { name, weight, source };
}

const SESSION = bfdSessionName(SETTINGS);

/** One instance with the tracked objects; the sockets of their sessions are open. */
function rigOf(tracks: readonly TrackSettings[] = [track()], options: RigOptions = {}): Rig {
  const rig = new Rig([{ track: tracks }], options);
  rig.start();
  for (const session of new Set(tracks.map(sessionOf))) open(rig, session);
  rig.turn();
  return rig;
}

function sessionOf({ source }: TrackSettings): string {
  return source.kind === 'bfd' ? source.probe : '';
}

function open(rig: Rig, session = SESSION): string[] {
  return rig.handle({ kind: 'bfd.opened', session, random: 4_711, port: 50_000 });
}

function viewOf(rig: Rig, position = 0): BfdView {
  const view = rig.engine.changedBfd()?.[position] ?? known.get(rig);
  if (view === undefined) throw new Error('no session');
  known.set(rig, view);
  return view;
}

const known = new WeakMap<Rig, BfdView>();

/** Refreshed within a second. */
function shown(rig: Rig, position = 0): BfdView {
  rig.handle({ kind: 'bfd.unsent', session: SESSION, errno: 'ENOBUFS' });
  rig.elapse(seconds(1));
  return viewOf(rig, position);
}

interface Told extends Partial<BfdControl>, Partial<Omit<BfdArrival, 'packet'>> {
  readonly error?: BfdArrival['packet'];
}

/** The neighbour sends; its Your Discriminator is right unless a test says otherwise. */
function tell(rig: Rig, told: Told = {}): string[] {
  const { hops = 'single', source = NEIGHBOUR, destination, index = INDEX, ttl = 255 } = told;
  const packet = told.error ?? {
    diagnostic: 'none',
    state: 'Down',
    poll: false,
    final: false,
    demand: false,
    detectMultiplier: 3,
    myDiscriminator: THEIRS,
    yourDiscriminator: own.get(rig) ?? 0,
    desiredMinTx: 50_000,
    requiredMinRx: 50_000,
    ...told,
  };
  const arrival = { hops, source, destination, index, ttl, packet };
  const lines = [...rig.handle({ kind: 'bfd.heard', ...arrival }), ...rig.elapse(0 as never)];
  return lines;
}

/** The same by the short way, as the loop does it; returns whether that was taken. */
function repeat(rig: Rig, told: Told = {}): boolean {
  const { hops = 'single', source = NEIGHBOUR, destination, index = INDEX, ttl = 255 } = told;
  const bytes = encodeBfd({
    ...{ diagnostic: 'none', state: 'Up', poll: false, final: false, demand: false },
    ...{ detectMultiplier: 3, myDiscriminator: THEIRS, yourDiscriminator: own.get(rig) ?? 0 },
    ...{ desiredMinTx: 50_000, requiredMinRx: 50_000, ...told },
  });
  const origin = { hops, source, destination, index, ttl };
  return (rig.recorder ?? rig.engine).hearBfdAgain(origin, bytes, bytes.length, rig.now);
}

/** The discriminator of the rig's session, once it is known. */
const own = new WeakMap<Rig, number>();

/** Through the handshake, with the Poll Sequence of the new interval answered. */
function up(rig: Rig, told: Told = {}): void {
  tell(rig, { ...told, yourDiscriminator: 0, state: 'Down' });
  own.set(rig, viewOf(rig).discriminator || discriminatorOf(rig));
  tell(rig, { ...told, state: 'Init' });
  tell(rig, { ...told, state: 'Up', final: true });
}

function discriminatorOf(rig: Rig): number {
  return rig.engine.capture().bfd?.[0]?.discriminator ?? 0;
}

function bfdLines(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('bfd '));
}

/** Everything for a duration, while the neighbour repeats that it is Up. */
function keepUp(rig: Rig, times: number, told: Told = {}): string[] {
  return Array.from({ length: times }, () => [
    ...rig.elapse(milliseconds(40)),
    ...tell(rig, { state: 'Up', ...told }),
  ]).flat();
}

describe('the handshake', () => {
  test('B-01 an active side sends Down at once, and slowly', () => {
    const rig = new Rig([{ track: [track()] }]);
    expect(rig.start()).toContain('bfd open 192.0.2.1 single port any');
    open(rig);
    const lines = bfdLines(rig.elapse(milliseconds(3_100)));
    expect(new Set(lines)).toEqual(new Set(['bfd Down to 0 every 1000000']));
    expect(lines.length).toBeGreaterThanOrEqual(4);
    expect(lines.length).toBeLessThanOrEqual(5);
  });

  test('B-02 a passive side says nothing before the neighbour does', () => {
    const rig = rigOf([track({ passive: true })]);
    expect(bfdLines(rig.elapse(seconds(3)))).toEqual([]);
    expect(tell(rig, { yourDiscriminator: 0 })).toContain(`bfd Init to ${THEIRS} every 1000000`);
  });

  test('B-03 Down, Init, Up: the object is up with the session', () => {
    const rig = rigOf();
    expect(rig.state).toBe('FAULT');
    tell(rig, { yourDiscriminator: 0 });
    own.set(rig, discriminatorOf(rig));
    expect(own.get(rig)).not.toBe(0);
    const lines = tell(rig, { state: 'Init' });
    expect(lines).toContain('track router up');
    expect(lines).toContain('FAULT -> BACKUP (fault-cleared)');
    expect(viewOf(rig)).toMatchObject({ state: 'Up', diagnostic: 'none', downs: 0 });
  });

  test('B-04 the new interval is confirmed by a Poll Sequence, which ends with the Final bit', () => {
    const rig = rigOf();
    tell(rig, { yourDiscriminator: 0 });
    own.set(rig, discriminatorOf(rig));
    expect(tell(rig, { state: 'Init' })).toContain(`bfd Up poll to ${THEIRS} every 50000`);
    expect(bfdLines(rig.elapse(milliseconds(60)))[0]).toBe(`bfd Up poll to ${THEIRS} every 50000`);
    tell(rig, { state: 'Up', final: true });
    const after = bfdLines(rig.elapse(milliseconds(60)));
    expect(after[0]).toBe(`bfd Up to ${THEIRS} every 50000`);
  });

  test('B-05 a Poll is answered at once with the Final bit, in any state and role', () => {
    const rig = rigOf([track({ passive: true })]);
    expect(tell(rig, { yourDiscriminator: 0, poll: true })).toContain(
      `bfd Init final to ${THEIRS} every 1000000`,
    );
    up(rig);
    expect(tell(rig, { state: 'Up', poll: true })).toEqual([
      `bfd Up final to ${THEIRS} every 50000`,
    ]);
  });
});

describe('the intervals', () => {
  test('B-06 packets leave after 75 to 100 % of the interval', () => {
    const rig = rigOf();
    up(rig);
    const sent: number[] = [];
    for (let step = 0; step < 2_000; step++) {
      const lines = rig.elapse(milliseconds(1));
      if (lines.some((line) => line.startsWith('bfd Up'))) sent.push(rig.now);
      if (step % 40 === 0) tell(rig, { state: 'Up' });
    }
    const gaps = sent.slice(1).map((at, before) => at - (sent[before] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(37_500);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(50_000);
    expect(new Set(gaps).size).toBeGreaterThan(1);
  });

  test('B-07 the slower of both sides counts, and zero silences this one', () => {
    const rig = rigOf();
    up(rig, { requiredMinRx: 300_000 });
    expect(bfdLines(keepUp(rig, 30, { requiredMinRx: 300_000 })).length).toBeLessThanOrEqual(6);
    expect(viewOf(rig).transmitInterval).toBe(300_000);
    const silent = rigOf();
    up(silent, { requiredMinRx: 0, desiredMinTx: 1_000_000 });
    expect(bfdLines(silent.elapse(seconds(2)))).toEqual([]);
    expect(bfdLines(tell(silent, { state: 'Up', desiredMinTx: 1_000_000 }))).not.toEqual([]);
  });

  test('B-08 a shorter interval of the neighbour counts from the last packet on', () => {
    const rig = rigOf();
    up(rig, { requiredMinRx: 1_000_000, desiredMinTx: 1_000_000 });
    rig.elapse(milliseconds(200));
    const told = { state: 'Up', requiredMinRx: 50_000, desiredMinTx: 1_000_000 } as const;
    expect(bfdLines(tell(rig, told))).toHaveLength(1);
  });

  test('B-09 a slower interval waits for the answer to its Poll, a faster one does not', () => {
    const rig = rigOf();
    up(rig);
    const slower = { interval: milliseconds(200), receiveInterval: milliseconds(200) };
    reload(rig, [track()], [track(slower)]);
    expect(bfdLines(keepUp(rig, 5)).length).toBeGreaterThanOrEqual(4);
    expect(shownPoll(rig)).toBe('bfd Up poll to 30583 every 200000');
    tell(rig, { state: 'Up', final: true });
    expect(bfdLines(keepUp(rig, 5)).length).toBeLessThanOrEqual(2);
    reload(rig, [track(slower)], [track()]);
    expect(bfdLines(keepUp(rig, 5)).length).toBeGreaterThanOrEqual(4);
  });
});

function shownPoll(rig: Rig): string | undefined {
  return bfdLines(keepUp(rig, 2))[0];
}

function reload(rig: Rig, before: readonly TrackSettings[], after: readonly TrackSettings[]) {
  const common = { router: 'lb1', linger: 'off', syncGroups: [] } as const;
  const change = settingsChange(
    { ...common, instances: [instanceOf({ track: before })] },
    { ...common, instances: [instanceOf({ track: after })] },
  );
  return rig.handle({ kind: 'settings.changed', change });
}

describe('detection', () => {
  test('B-10 the neighbour is down after its multiplier times the slower interval of silence', () => {
    const rig = rigOf();
    up(rig);
    expect(rig.elapse(milliseconds(149))).not.toContain('track router down');
    const lines = rig.elapse(milliseconds(1));
    expect(lines).toContain('track router down');
    expect(lines).toContain('BACKUP -> FAULT (fault)');
    expect(lines).toContain('bfd Down poll to 0 every 1000000');
    expect(viewOf(rig)).toMatchObject({
      ...{ state: 'Down', diagnostic: 'detection-time-expired', downs: 1 },
      result: 'nothing was heard from 192.0.2.1 for 150ms',
    });
  });

  test('B-11 with a weight the priority changes instead', () => {
    const rig = rigOf([track({}, -30)]);
    up(rig);
    expect(rig.elapse(milliseconds(150))).toContain('priority 100 -> 70');
    up(rig);
    expect(rig.view()).toMatchObject({ priority: { effective: 100 }, faults: [] });
  });

  test('B-12 a neighbour that does not hear this host says Down', () => {
    const rig = rigOf();
    up(rig);
    expect(tell(rig, { state: 'Down' })).toContain('track router down');
    expect(viewOf(rig)).toMatchObject({
      ...{ state: 'Down', diagnostic: 'neighbour-signaled-down' },
      result: '192.0.2.1 says that it does not hear this host',
    });
  });

  test('B-13 AdminDown of the neighbour says nothing about the path (RFC 5882 section 3.2)', () => {
    const rig = rigOf();
    up(rig);
    expect(tell(rig, { state: 'AdminDown' })).toContain('track router unknown');
    expect(rig.view()).toMatchObject({ state: 'BACKUP', faults: [] });
    rig.elapse(seconds(60));
    expect(rig.view().faults).toEqual([]);
    tell(rig, { state: 'Down', yourDiscriminator: 0 });
    rig.elapse(milliseconds(4_000));
    expect(rig.view().faults).toEqual(['track:router']);
  });

  test('B-14 a session that does not come up is down after four seconds', () => {
    const rig = rigOf([track({}, -30)]);
    rig.elapse(milliseconds(3_999));
    expect(rig.view()).toMatchObject({ state: 'FAULT', tracks: [{ status: 'unknown' }] });
    rig.elapse(milliseconds(1));
    expect(rig.view()).toMatchObject({ state: 'BACKUP', priority: { effective: 70 } });
    expect(viewOf(rig).result).toBe('192.0.2.1 has not been heard yet');
  });

  test.each([
    ['Down', '192.0.2.1 does not come up: it says Down'],
    ['AdminDown', '192.0.2.1 has disabled the session'],
  ] as const)('B-14 of a neighbour that says %s it says so', (state, result) => {
    const rig = rigOf();
    tell(rig, { yourDiscriminator: 0, state });
    rig.elapse(seconds(4));
    expect(viewOf(rig).result).toBe(result);
  });

  test('B-15 a stall is no silence of the neighbour', () => {
    const rig = rigOf();
    up(rig);
    rig.freeze(seconds(10));
    const lines = rig.turn();
    expect(lines).toContain('stall');
    expect(lines).not.toContain('track router down');
    expect(rig.elapse(milliseconds(150))).toContain('track router down');
  });

  test('B-16 a neighbour that has restarted is followed down and up', () => {
    const rig = rigOf();
    up(rig);
    const lines = tell(rig, { yourDiscriminator: 0, state: 'Down', myDiscriminator: 9 });
    expect(lines).toContain('track router down');
    tell(rig, { state: 'Down', myDiscriminator: 9 });
    expect(tell(rig, { state: 'Init', myDiscriminator: 9 })).toContain('track router up');
  });
});

describe('the short way', () => {
  /** Up, and the neighbour has said so once in full. */
  function steady(options: RigOptions = {}): Rig {
    const rig = rigOf([track()], options);
    up(rig);
    tell(rig, { state: 'Up' });
    return rig;
  }

  test('B-29 is taken by every packet that repeats the last one, and restarts the detection', () => {
    const rig = steady();
    for (let times = 0; times < 100; times++) {
      rig.elapse(milliseconds(40));
      expect(repeat(rig)).toBe(true);
    }
    expect(rig.engine.bfdRepeats).toBe(100);
    expect(viewOf(rig)).toMatchObject({ state: 'Up', downs: 0 });
    expect(rig.elapse(milliseconds(149))).not.toContain('track router down');
    expect(rig.elapse(milliseconds(1))).toContain('track router down');
    expect(viewOf(rig).received).toBe(104);
  });

  test.each<Told>([
    { state: 'Down' },
    { state: 'Init' },
    { state: 'AdminDown' },
    { diagnostic: 'path-down' },
    { poll: true },
    { final: true },
    { demand: true },
    { detectMultiplier: 4 },
    { myDiscriminator: 9 },
    { yourDiscriminator: 9 },
    { desiredMinTx: 60_000 },
    { requiredMinRx: 60_000 },
    { ttl: 254 },
    { index: 3 },
    { hops: 'multi' },
    { source: ip('192.0.2.2') },
    { destination: ip('192.0.2.11') },
  ])('B-29 is not for a packet with %o', (told) => {
    const rig = steady();
    expect(repeat(rig, told)).toBe(false);
    expect(rig.engine.bfdRepeats).toBe(0);
    expect(viewOf(rig).received).toBe(4);
  });

  test.each<[string, (rig: Rig) => unknown]>([
    ['Poll', (rig) => tell(rig, { state: 'Up', poll: true })],
    ['Demand', (rig) => tell(rig, { state: 'Up', demand: true })],
    ['Down', (rig) => tell(rig, { state: 'Down' })],
    ['silence', (rig) => rig.elapse(milliseconds(150))],
    ['a reload', (rig) => reload(rig, [track()], [track({ multiplier: 5 })])],
    ['the end of the session', (rig) => reload(rig, [track()], [])],
    [
      'a lost socket',
      (rig) => rig.handle({ kind: 'bfd.unsent', session: SESSION, errno: 'ENXIO' }),
    ],
    ['a changed link', (rig) => rig.start([linkOf({ mtu: 1400 })])],
  ])('is not taken after %s', (_, change) => {
    const rig = steady();
    change(rig);
    expect(repeat(rig)).toBe(false);
  });

  test('wakes for its packets alone send what a whole turn sends', () => {
    const [alone, whole] = [steady(), steady()];
    for (const rig of [alone, whole]) {
      expect(rig.engine.bfdPatience).toBe(10_000);
      rig.elapse(milliseconds(20));
      rig.now = rig.engine.deadline();
      expect(rig.engine.deadlineBesidesBfd()).toBeGreaterThan(rig.now);
    }
    const lines = alone.engine.wakeBfd(alone.now).flatMap(linesOf);
    expect(lines).toEqual([`bfd Up to ${THEIRS} every 50000`]);
    expect(whole.handle({ kind: 'wake' })).toEqual(lines);
    expect(alone.engine.deadline()).toBe(whole.engine.deadline());
  });

  test('is recorded as the long way that leads to the same', () => {
    const entries: Entry[] = [];
    const rig = steady({ record: (batch) => entries.push(...batch.entries) });
    const before = entries.length;
    expect(repeat(rig)).toBe(true);
    rig.recorder?.wakeBfd(rig.now);
    expect(repeat(rig, { state: 'Down' })).toBe(false);
    rig.recorder?.flush();
    expect(entries.slice(before)).toMatchObject([
      { kind: 'input', input: { kind: 'bfd.heard', source: NEIGHBOUR, packet: { state: 'Up' } } },
      { kind: 'input', input: { kind: 'wake' } },
    ]);
  });
});

describe('a packet is refused', () => {
  function refusals(rig: Rig) {
    return rig.reports.filter((one) => one.kind === 'bfd-refused');
  }

  test.each([
    ['B-17', { ttl: 254 }, { reason: 'ttl', found: '254', expected: '255' }],
    [
      'B-18',
      { error: { code: 'authentication', found: 1 } },
      { reason: 'authentication', found: '1' },
    ],
    ['B-19', { error: { code: 'version', found: 0 } }, { reason: 'version', found: '0' }],
  ] as const)('B-17, B-18, B-19: %s %o', (_, told, expected) => {
    const rig = rigOf();
    up(rig);
    expect(tell(rig, { state: 'Down', ...told })).toContain(
      `bfd 192.0.2.1 refused ${expected.reason}`,
    );
    expect(refusals(rig)).toEqual([
      expect.objectContaining({ neighbour: NEIGHBOUR, hops: 'single', ...expected }),
    ]);
    expect(viewOf(rig).state).toBe('Up');
    // Once in ten minutes, and no timer has moved.
    tell(rig, { state: 'Down', ...told });
    expect(refusals(rig)).toHaveLength(1);
    expect(rig.elapse(milliseconds(150))).toContain('track router down');
    expect(shown(rig).refused).toBe(2);
  });

  test('B-20 for another discriminator, or for none while the neighbour says Up or Init', () => {
    for (const wrong of [
      { yourDiscriminator: 1, state: 'Down' },
      { yourDiscriminator: 0, state: 'Up' },
      { yourDiscriminator: 0, state: 'Init' },
    ] as const) {
      const rig = rigOf();
      up(rig);
      for (let times = 0; times < 3; times++) {
        rig.elapse(milliseconds(40));
        tell(rig, wrong);
      }
      expect(rig.elapse(milliseconds(30))).toContain('track router down');
    }
  });

  test('B-20 is reported only when it continues for five seconds: a restart is ordinary', () => {
    const rig = rigOf();
    for (let second = 0; second < 5; second++) {
      tell(rig, { yourDiscriminator: 1 });
      rig.elapse(seconds(1));
    }
    expect(refusals(rig)).toEqual([]);
    tell(rig, { yourDiscriminator: 1 });
    expect(refusals(rig)).toMatchObject([{ reason: 'your-discriminator', found: '1' }]);
  });

  test('B-21 DEVIATION: demand mode of the neighbour is not followed, and reported', () => {
    const rig = rigOf();
    up(rig);
    tell(rig, { state: 'Up', demand: true });
    expect(refusals(rig)).toMatchObject([{ reason: 'demand' }]);
    expect(bfdLines(rig.elapse(milliseconds(100))).length).toBeGreaterThanOrEqual(2);
  });

  test('B-22 of a host that is no neighbour, or on the port of the other kind, counts for nothing', () => {
    const rig = rigOf();
    expect(tell(rig, { source: ip('192.0.2.2'), yourDiscriminator: 0 })).toEqual([]);
    expect(tell(rig, { hops: 'multi', yourDiscriminator: 0 })).toEqual([]);
    expect(shown(rig).refused).toBe(0);
  });

  test('B-23 sent to another address, or on another link, than the session has', () => {
    const settings = { source: ip('192.0.2.11'), link: 'eth0' };
    const rig = rigOf([track(settings)]);
    tell(rig, { yourDiscriminator: 0, destination: ip('192.0.2.99') });
    tell(rig, { yourDiscriminator: 0, destination: ip('192.0.2.11'), index: 3 });
    expect(refusals(rig)).toMatchObject([
      { reason: 'source', found: '192.0.2.99', expected: '192.0.2.11' },
      { reason: 'link', found: null, expected: 'eth0' },
    ]);
    expect(
      bfdLines(tell(rig, { yourDiscriminator: 0, destination: ip('192.0.2.11') })),
    ).not.toEqual([]);
  });

  test('B-23 without "link", on another link than that of the subnet of the neighbour', () => {
    const eth1 = linkOf({ index: 3, name: 'eth1', addresses: [addressOf('198.51.100.11/24')] });
    const rig = rigOf([track()], { links: [linkOf(), eth1] });
    tell(rig, { yourDiscriminator: 0, index: 3 });
    expect(refusals(rig)).toMatchObject([{ reason: 'link', found: 'eth1', expected: 'eth0' }]);
    expect(bfdLines(tell(rig, { yourDiscriminator: 0 }))).not.toEqual([]);
    // By a route to the host, on any link; over several hops as well.
    const far = { neighbour: ip('203.0.113.1') };
    const routed = rigOf([track(far)], { links: [linkOf(), eth1] });
    const told = { source: far.neighbour, yourDiscriminator: 0, index: 3 };
    expect(bfdLines(tell(routed, told))).not.toEqual([]);
    const multi = rigOf([track({ hops: 'multi', minimumTtl: 254 })], { links: [linkOf(), eth1] });
    expect(bfdLines(tell(multi, { yourDiscriminator: 0, index: 3, hops: 'multi' }))).not.toEqual(
      [],
    );
  });

  test('B-24 over several hops, only below the lowest TTL', () => {
    const rig = rigOf([track({ hops: 'multi', minimumTtl: 250 })]);
    tell(rig, { hops: 'multi', yourDiscriminator: 0, ttl: 249 });
    expect(refusals(rig)).toMatchObject([{ reason: 'ttl', found: '249', expected: '250' }]);
    expect(bfdLines(tell(rig, { hops: 'multi', yourDiscriminator: 0, ttl: 250 }))).not.toEqual([]);
  });
});

describe('the sessions of an agent', () => {
  test('are shared by all that track the same neighbour', () => {
    const rig = new Rig([
      { track: [track()] },
      { name: 'mail', vrid: 56, addresses: [SECOND], track: [track({}, -10, 'same')] },
    ]);
    const lines = rig.start();
    expect(lines.filter((line) => line.startsWith('bfd open'))).toHaveLength(1);
    open(rig);
    up(rig);
    expect(rig.elapse(milliseconds(150))).toContain('track router down');
    expect(rig.view(1).tracks).toMatchObject([{ status: 'down', adjustment: -10 }]);
  });

  test('that a reload does not change are not disturbed; one that ends says AdminDown', () => {
    const other = track({ neighbour: ip('192.0.2.2') }, -1, 'other');
    const rig = rigOf([track()]);
    up(rig);
    const lines = reload(rig, [track()], [track(), other]);
    expect(lines).toEqual(['bfd open 192.0.2.2 single port any']);
    keepUp(rig, 10);
    expect(viewOf(rig)).toMatchObject({ state: 'Up', downs: 0 });
    expect(reload(rig, [track(), other], [other])).toContain(
      `bfd AdminDown to ${THEIRS} every 1000000`,
    );
    // It stays for a Detection Time of the neighbour, deaf, and is then forgotten.
    expect(tell(rig, { state: 'Down' })).toEqual([]);
    expect(rig.elapse(milliseconds(150))).toContain('bfd close');
  });

  test('that return before they are forgotten begin again', () => {
    const rig = rigOf();
    up(rig);
    reload(rig, [track()], []);
    const lines = reload(rig, [], [track()]);
    expect(lines).toContain('bfd close');
    expect(lines).toContain('bfd open 192.0.2.1 single port any');
    expect(rig.view()).toMatchObject({ state: 'BACKUP', tracks: [{ status: 'unknown' }] });
  });

  test('say AdminDown when the agent stops', () => {
    const rig = rigOf();
    up(rig);
    const lines = rig.handle({ kind: 'shutdown' });
    expect(lines).toContain(`bfd AdminDown to ${THEIRS} every 1000000`);
    expect(lines.at(-1)).toBe('finished');
  });

  test('continue in the next process with the same port and discriminator', () => {
    const before = rigOf();
    up(before);
    const next = new Rig([{ track: [track()] }], { standby: true });
    next.now = before.now;
    expect(next.start().filter((line) => line.startsWith('bfd'))).toEqual([]);
    expect(next.engine.deadline()).toBe(NEVER);
    const capture = before.engine.capture();
    const lines = next.handle({ kind: 'adopt', capture });
    expect(lines).toContain('bfd open 192.0.2.1 single port 50000');
    open(next);
    own.set(next, discriminatorOf(before));
    expect(bfdLines(next.turn())).toEqual([`bfd Up to ${THEIRS} every 50000`]);
    keepUp(next, 5);
    expect(next.view()).toMatchObject({ state: 'BACKUP', faults: [] });
    expect(next.elapse(milliseconds(150))).toContain('track router down');
  });

  test('that another process has not brought up begin there', () => {
    const before = new Rig([{ track: [track()] }]);
    before.start();
    expect(before.engine.capture().bfd).toBeUndefined();
    open(before);
    const next = new Rig([{ track: [track({ passive: true })] }], { standby: true });
    next.now = before.now;
    next.start();
    next.handle({ kind: 'adopt', capture: before.engine.capture() });
    open(next);
    expect(bfdLines(next.elapse(seconds(2)))).toEqual([]);
  });
});

describe('a socket', () => {
  test('that cannot be opened is tried again each second, and reported once', () => {
    const rig = new Rig([{ track: [track()] }]);
    rig.start();
    const failed = { kind: 'bfd.failed', session: SESSION, errno: 'EADDRINUSE' } as const;
    expect(rig.handle(failed)).toEqual(['bfd 192.0.2.1 socket EADDRINUSE']);
    expect(rig.elapse(seconds(1))).toContain('bfd open 192.0.2.1 single port any');
    expect(rig.handle(failed)).toEqual([]);
    rig.elapse(seconds(1));
    expect(open(rig)).toContain('bfd 192.0.2.1 socket open');
    expect(rig.reports.filter(({ kind }) => kind === 'bfd-socket-failed')).toHaveLength(2);
  });

  test('that failed is the reason why there is no session', () => {
    const rig = new Rig([{ track: [track()] }]);
    rig.start();
    rig.handle({ kind: 'bfd.failed', session: SESSION, errno: 'EADDRINUSE' });
    rig.elapse(seconds(4));
    expect(viewOf(rig)).toMatchObject({ result: 'no session with 192.0.2.1: EADDRINUSE' });
  });

  test('that has lost its link or address is opened again, with the same port', () => {
    const rig = rigOf();
    const unsent = { kind: 'bfd.unsent', session: SESSION, errno: 'ENODEV' } as const;
    expect(rig.handle(unsent)).toEqual(['bfd close']);
    expect(rig.handle(unsent)).toEqual([]);
    expect(rig.elapse(seconds(1))).toContain('bfd open 192.0.2.1 single port 50000');
    // A full queue is no reason, and neither is an unknown session.
    open(rig);
    expect(rig.handle({ ...unsent, errno: 'ENOBUFS' })).toEqual([]);
    expect(rig.handle({ ...unsent, session: 'another' })).toEqual([]);
  });

  test('waits for the link of its session, and follows it', () => {
    const eth1 = track({ link: 'eth1' });
    const rig = new Rig([{ track: [eth1] }]);
    expect(rig.start().filter((line) => line.startsWith('bfd'))).toEqual([]);
    const link = (index: number) => linkOf({ index, name: 'eth1', addresses: [] });
    expect(rig.handle({ kind: 'link.changed', link: link(7) })).toContain(
      'bfd open 192.0.2.1 single port any',
    );
    open(rig, bfdSessionName({ ...SETTINGS, link: 'eth1' }));
    expect(rig.handle({ kind: 'link.removed', index: 7 })).toContain('bfd close');
    expect(rig.handle({ kind: 'link.changed', link: link(8) })).toContain(
      'bfd open 192.0.2.1 single port 50000',
    );
  });
});

test('the counters of a session are shown once a second at most', () => {
  const rig = rigOf();
  up(rig);
  rig.engine.changedBfd();
  keepUp(rig, 5);
  expect(rig.engine.changedBfd()).toBeUndefined();
  keepUp(rig, 25);
  const [view] = rig.engine.changedBfd() ?? [];
  expect(view?.received).toBeGreaterThan(20);
  expect(view?.sent).toBeGreaterThan(20);
  expect(view?.result).toBe('up: sends every 50ms, down after 150ms of silence');
});
