import { describe, expect, test } from 'vitest';
import { TableStanding } from '../../../../src/ipvs/plan/table-standing.ts';
import { BUCKETS, emptySummary, type TableSummary } from '../../../../src/net/connection.ts';
import { after, type Duration, type Instant, seconds } from '../../../../src/net/time.ts';

const NO_REFRESH = 0 as Duration;
const SECOND = seconds(1);

/** This many live connections, one for each bucket from the first on. */
function tableOf(live: number, from = 0): TableSummary {
  const buckets = new Uint16Array(BUCKETS);
  for (let i = 0; i < live; i++) {
    const bucket = (from + i) % BUCKETS;
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  return { live, synced: 0, buckets };
}

/** Two directors as one of them sees them, a second at a time. */
class Pair {
  readonly standing: TableStanding;
  now = 0 as Instant;

  constructor(isMaster: boolean, refresh: Duration = NO_REFRESH) {
    this.standing = new TableStanding(isMaster, refresh);
  }

  read(table: TableSummary) {
    return this.standing.read({ all: table, shared: table }, this.now);
  }

  pass(duration: Duration = SECOND): void {
    this.now = after(this.now, duration);
  }

  hear(summary: TableSummary, isMaster: boolean, sender = 1): void {
    const from = { address: `10.0.0.${sender}`, sender, name: `lb${sender}` };
    this.standing.heard({ ...from, isMaster, isRepetition: false, summary }, this.now);
  }

  /** Both tables stay unchanged for this many seconds. */
  compare(own: TableSummary, peer: TableSummary, peerIsMaster: boolean, times = 5) {
    const reports = [];
    for (let i = 0; i < times; i++) {
      this.pass();
      reports.push(this.read(own));
      this.hear(peer, peerIsMaster);
    }
    return reports.filter((report) => report !== undefined);
  }

  get hasCaughtUp(): boolean {
    return this.standing.hasCaughtUp(this.now);
  }

  get peer() {
    return this.standing.peers(this.now)[0];
  }
}

describe('a director that is not MASTER', () => {
  test('has caught up when nothing has been missing for five seconds', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(221), tableOf(221), true, 4);
    expect(pair.hasCaughtUp).toBe(false);
    pair.compare(tableOf(221), tableOf(221), true, 1);
    expect(pair.hasCaughtUp).toBe(true);
    expect(pair.peer).toMatchObject({ name: 'lb1', isMaster: true, live: 221, missing: 0 });
  });

  test('has not caught up while a single connection is missing', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(220), tableOf(221), true, 60);
    expect(pair.hasCaughtUp).toBe(false);
    expect(pair.peer?.missing).toBe(1);
  });

  test('catches up although connections are in transit', () => {
    const pair = new Pair(false);
    for (let i = 0; i < 10; i++) pair.compare(tableOf(200), tableOf(201, i * 7), true, 1);
    expect(pair.hasCaughtUp).toBe(false);
    for (let i = 0; i < 10; i++) {
      const young = { ...tableOf(200), buckets: tableOf(200).buckets.with(300 + i, 1) };
      pair.compare(tableOf(200), young, true, 1);
    }
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('may lack one connection in a hundred of a large table that is not repaired for 15 s', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(1_980), tableOf(2_000), true, 19);
    expect(pair.hasCaughtUp).toBe(false);
    pair.compare(tableOf(1_980), tableOf(2_000), true, 1);
    expect(pair.hasCaughtUp).toBe(true);
    pair.compare(tableOf(1_979), tableOf(2_000), true);
    expect(pair.hasCaughtUp).toBe(false);
  });

  test('waits for what the MASTER resends of a large table, and no longer', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(1_330), tableOf(1_335), true, 10);
    expect(pair.hasCaughtUp).toBe(false);
    pair.compare(tableOf(1_335), tableOf(1_335), true, 1);
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('begins to wait again when it no longer lacks so little', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(1_330), tableOf(1_335), true, 15);
    pair.compare(tableOf(1_000), tableOf(1_335), true, 5);
    pair.compare(tableOf(1_330), tableOf(1_335), true, 15);
    expect(pair.hasCaughtUp).toBe(false);
    pair.compare(tableOf(1_330), tableOf(1_335), true, 1);
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('does not wait for a resend of connections that are only counted', () => {
    const pair = new Pair(false);
    const counted = (live: number) => ({ ...tableOf(live), isCounted: true });
    pair.compare(counted(1_980), counted(2_000), true);
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('gains nothing by connections that the MASTER does not have', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(50, 100), tableOf(50), true);
    expect(pair.peer?.missing).toBe(50);
  });
});

describe('a table without summaries of a MASTER', () => {
  test('has caught up if it has not grown for ten seconds', () => {
    const pair = new Pair(false);
    pair.read(tableOf(221));
    pair.pass(seconds(9));
    pair.read(tableOf(221));
    expect(pair.hasCaughtUp).toBe(false);
    pair.pass();
    pair.read(tableOf(221));
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('has not caught up before it was read', () => {
    const pair = new Pair(false);
    pair.pass(seconds(60));
    expect(pair.hasCaughtUp).toBe(false);
  });

  test('starts the ten seconds again when it grows, but not for normal fluctuation', () => {
    const pair = new Pair(false);
    pair.read(tableOf(1_000));
    pair.pass(seconds(8));
    pair.read(tableOf(1_010));
    pair.pass(seconds(2));
    pair.read(tableOf(1_010));
    expect(pair.hasCaughtUp).toBe(true);
    pair.read(tableOf(1_011));
    expect(pair.hasCaughtUp).toBe(false);
  });

  test('waits for a refresh of the kernel, and for the buffer after it', () => {
    const pair = new Pair(false, seconds(30));
    pair.read(tableOf(221));
    pair.pass(seconds(33));
    pair.read(tableOf(221));
    expect(pair.hasCaughtUp).toBe(false);
    pair.pass();
    pair.read(tableOf(221));
    expect(pair.hasCaughtUp).toBe(true);
    pair.standing.refreshEvery(seconds(60));
    expect(pair.hasCaughtUp).toBe(false);
  });

  test('does not count a MASTER that was silent for ten seconds', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(10), tableOf(20), true);
    expect(pair.hasCaughtUp).toBe(false);
    pair.pass(seconds(11));
    pair.read(tableOf(10));
    expect(pair.standing.peers(pair.now)).toEqual([]);
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('FR-N3 has not caught up before it was read again', () => {
    const pair = new Pair(false);
    pair.read(tableOf(221));
    pair.pass(seconds(60));
    expect(pair.hasCaughtUp).toBe(false);
  });
});

describe('the MASTER', () => {
  test('has always caught up', () => {
    expect(new Pair(true).hasCaughtUp).toBe(true);
  });

  test('resends what another director lacks, less and less often while that does not help', () => {
    const pair = new Pair(true);
    const sentAt: number[] = [];
    for (let second = 1; second <= 60; second++) {
      pair.compare(tableOf(4), { ...tableOf(2), live: 2 }, false, 1);
      const buckets = pair.standing.resend(pair.now);
      if (buckets.size === 0) continue;
      expect([...buckets]).toEqual([2, 3]);
      sentAt.push(second);
    }
    expect(sentAt).toEqual([5, 10, 20, 40]);
  });

  test('resends soon again once nothing was missing', () => {
    const pair = new Pair(true);
    const lacks = () => pair.compare(tableOf(4), tableOf(2), false, 5);
    lacks();
    expect(pair.standing.resend(pair.now).size).toBe(2);
    pair.compare(tableOf(4), tableOf(4), false, 5);
    expect(pair.standing.resend(pair.now).size).toBe(0);
    lacks();
    expect(pair.standing.resend(pair.now).size).toBe(2);
    lacks();
    expect(pair.standing.resend(pair.now).size).toBe(2);
  });

  test('resends nothing to another MASTER, nor when it is not MASTER', () => {
    const master = new Pair(true);
    master.compare(tableOf(4), emptySummary(), true);
    expect(master.standing.resend(master.now).size).toBe(0);
    const backup = new Pair(false);
    backup.compare(tableOf(4), emptySummary(), false);
    expect(backup.standing.resend(backup.now).size).toBe(0);
  });
});

describe('a hand-over', () => {
  test('reports what the other director lacks', () => {
    const pair = new Pair(true);
    pair.compare(tableOf(221), tableOf(209), false);
    expect(pair.standing.follow(false, pair.now)).toEqual([
      { kind: 'hand-over', peer: 'lb1', live: 221, before: 12, missing: 12 },
    ]);
  });

  test('reports it also for a director that is already MASTER', () => {
    const pair = new Pair(true);
    pair.compare(tableOf(221), tableOf(209), false);
    pair.hear(tableOf(209), true);
    expect(pair.standing.follow(false, pair.now)).toMatchObject([{ missing: 12 }]);
  });

  test('reports unknown numbers if no other director was heard', () => {
    const pair = new Pair(true);
    pair.read(tableOf(7));
    expect(pair.standing.follow(false, pair.now)).toEqual([
      { kind: 'hand-over', peer: undefined, live: 7, before: undefined, missing: undefined },
    ]);
  });
});

describe('a takeover', () => {
  test('reports after five seconds which connections of the former MASTER are missing', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(214), tableOf(221), true);
    expect(pair.standing.follow(true, pair.now)).toEqual([]);
    expect(pair.compare(tableOf(219), emptySummary(), false)).toEqual([
      { kind: 'take-over', peer: 'lb1', live: 221, before: 7, missing: 2 },
    ]);
  });

  test('does not count what arrives late, or ends after it arrived', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(214), tableOf(221), true);
    pair.standing.follow(true, pair.now);
    expect(pair.compare(tableOf(221), emptySummary(), false, 4)).toEqual([]);
    expect(pair.compare(tableOf(100), emptySummary(), false, 1)).toMatchObject([{ missing: 0 }]);
  });

  test('does not count what was here at the move and ended before the first look', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(214), tableOf(221), true);
    pair.standing.follow(true, pair.now);
    expect(pair.compare(tableOf(100), emptySummary(), false)).toMatchObject([{ missing: 7 }]);
  });

  test('counts young connections that no earlier comparison found missing', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(221), tableOf(221), true);
    pair.hear(tableOf(240), true);
    pair.standing.follow(true, pair.now);
    expect(pair.compare(tableOf(221), emptySummary(), false)).toMatchObject([
      { before: 0, missing: 19 },
    ]);
  });

  test('from a MASTER without summaries has no report', () => {
    const pair = new Pair(false);
    pair.standing.follow(true, pair.now);
    expect(pair.compare(tableOf(214), emptySummary(), false, 10)).toEqual([]);
  });

  test('that is followed by a hand-over has no report', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(214), tableOf(221), true);
    pair.standing.follow(true, pair.now);
    pair.compare(tableOf(214), emptySummary(), false, 2);
    pair.standing.follow(false, pair.now);
    expect(pair.compare(tableOf(214), tableOf(1), true, 10)).toEqual([]);
  });

  test('to the same state changes nothing', () => {
    const pair = new Pair(true);
    expect(pair.standing.follow(true, pair.now)).toEqual([]);
  });
});

describe('FR-N3 a table that is seldom read', () => {
  const TOOK = seconds(1);
  const REST = seconds(20);

  function repeat(pair: Pair, summary: TableSummary, isMaster: boolean): void {
    const from = { address: '10.0.0.1', sender: 1, name: 'lb1' };
    pair.standing.heard({ ...from, isMaster, isRepetition: true, summary }, pair.now);
  }

  /** The other director repeats its last summary each four seconds. */
  function rest(pair: Pair, summary: TableSummary, isMaster: boolean): void {
    for (let waited = 0; waited < REST; waited += seconds(4)) {
      pair.pass(seconds(4));
      repeat(pair, summary, isMaster);
    }
  }

  test('keeps the other director known, and what it lacks, until the next reading', () => {
    const pair = new Pair(true);
    for (let count = 0; count < 5; count++) {
      pair.standing.read({ all: tableOf(9), shared: tableOf(9) }, pair.now, TOOK);
      pair.pass(TOOK);
      pair.hear(tableOf(5), false);
      rest(pair, tableOf(5), false);
    }
    expect(pair.peer).toMatchObject({ name: 'lb1', missing: 4 });
  });

  test('is compared by a BACKUP that reads it after the MASTER has', () => {
    const pair = new Pair(false);
    for (let count = 0; count < 5; count++) {
      expect(pair.hasCaughtUp).toBe(false);
      pair.hear(tableOf(9), true);
      pair.pass(TOOK);
      pair.standing.read({ all: tableOf(9), shared: tableOf(9) }, pair.now, TOOK);
      rest(pair, tableOf(9), true);
    }
    expect(pair.hasCaughtUp).toBe(true);
  });

  test('is not compared with one of another time, nor one reading twice', () => {
    const pair = new Pair(true);
    for (let count = 0; count < 10; count++) {
      pair.standing.read({ all: tableOf(9), shared: tableOf(9) }, pair.now, TOOK);
      rest(pair, tableOf(5), false);
      pair.hear(tableOf(5), false);
      pair.pass(seconds(5));
    }
    expect(pair.peer).toMatchObject({ missing: undefined });
    for (let count = 0; count < 10; count++) pair.hear(tableOf(5), false);
    expect(pair.peer).toMatchObject({ missing: undefined });
  });

  test('is sent again once for each comparison', () => {
    const pair = new Pair(true);
    let resends = 0;
    for (let count = 0; count < 6; count++) {
      pair.standing.read({ all: tableOf(9), shared: tableOf(9) }, pair.now, TOOK);
      pair.pass(TOOK);
      pair.hear(tableOf(5), false);
      for (let waited = 0; waited < 60; waited++) {
        if (pair.standing.resend(pair.now).size > 0) resends++;
        pair.pass();
        repeat(pair, tableOf(5), false);
      }
    }
    expect(resends).toBe(2);
  });

  test('has no known losses after a takeover', () => {
    const pair = new Pair(false);
    pair.compare(tableOf(5), tableOf(9), true);
    pair.standing.follow(true, pair.now);
    pair.pass(REST);
    expect(pair.read(tableOf(5))).toBeUndefined();
    pair.pass(REST);
    expect(pair.read(tableOf(5))).toMatchObject({ kind: 'take-over', live: 9, missing: undefined });
  });
});

test('FR-O9 a host counts once, whatever numbers it gives itself', () => {
  const pair = new Pair(false);
  for (let sender = 1; sender <= 100; sender++) {
    const forged = { sender, name: `x${sender}`, isMaster: true, isRepetition: false };
    const summary = tableOf(500);
    pair.standing.heard({ address: '10.0.0.66', ...forged, summary }, pair.now);
  }
  pair.compare(tableOf(9), tableOf(9), true);
  expect(pair.standing.peers(pair.now).map(({ name }) => name)).toEqual(['x100', 'lb1']);
});

test('FR-O9 made-up directors do not hide the MASTER', () => {
  const pair = new Pair(false);
  for (let sender = 2; sender <= 17; sender++) pair.hear(tableOf(0), false, sender);
  pair.compare(tableOf(100), tableOf(221), true);
  expect(pair.standing.peers(pair.now).filter(({ isMaster }) => isMaster)).toMatchObject([
    { name: 'lb1', missing: 121 },
  ]);
  expect(pair.standing.hasRoom(pair.now)).toBe(false);
  pair.pass(seconds(11));
  expect(pair.hasCaughtUp).toBe(false);
});

test('FR-O9 a made-up MASTER does not let a director preempt before it has the connections of the other', () => {
  const pair = new Pair(false);
  for (let second = 0; second < 6; second++) {
    pair.hear(tableOf(0), true, 2);
    pair.compare(tableOf(100), tableOf(221), true, 1);
  }
  expect(pair.standing.peers(pair.now)).toHaveLength(2);
  expect(pair.hasCaughtUp).toBe(false);
});

test('FR-O9 made-up MASTERs that leave no room for the real one let no director preempt', () => {
  const pair = new Pair(false);
  const forged = Array.from({ length: 16 }, (_, position) => position + 2);
  for (let second = 0; second < 6; second++) {
    pair.pass();
    pair.read(tableOf(0));
    for (const sender of forged) pair.hear(tableOf(0), true, sender);
    pair.hear(tableOf(221), true);
  }
  expect(pair.standing.peers(pair.now).map(({ missing }) => missing)).toEqual(forged.map(() => 0));
  expect(pair.hasCaughtUp).toBe(false);
});

test('FR-O9 made-up MASTERs do not take the places of those that a MASTER resends to', () => {
  const pair = new Pair(true);
  for (let sender = 1; sender <= 16; sender++) pair.hear(tableOf(1), false, sender);
  pair.hear(tableOf(0), true, 66);
  const names = () => pair.standing.peers(pair.now).map(({ name }) => name);
  expect([names().length, names()[0]]).toEqual([16, 'lb1']);
  expect(names()).not.toContain('lb66');
  pair.standing.follow(false, pair.now);
  pair.hear(tableOf(0), true, 66);
  expect(names()).toContain('lb66');
});

test('At most sixteen forged directors are kept, and silent ones make room', () => {
  const pair = new Pair(true);
  for (let sender = 1; sender <= 100; sender++) pair.hear(tableOf(1), false, sender);
  expect(pair.standing.peers(pair.now)).toHaveLength(16);
  pair.pass(seconds(11));
  pair.hear(tableOf(1), false, 101);
  expect(pair.standing.peers(pair.now).map(({ name }) => name)).toEqual(['lb101']);
});
