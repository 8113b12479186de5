import { describe, expect, test } from 'vitest';
import { instant, milliseconds, seconds } from '../../../src/net/time.ts';
import type { Input } from '../../../src/protocol/engine/inputs.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { type Director, DirectorPair, LB1, LB2 } from '../directors-rig.ts';
import { instanceOf } from '../rig.ts';

/** Both directors are up and have said everything. */
function settled(...options: ConstructorParameters<typeof DirectorPair>): DirectorPair {
  const pair = new DirectorPair(...options).start().elapse(seconds(5));
  pair.lb1.reports.length = 0;
  pair.lb2.reports.length = 0;
  return pair;
}

function viewOf({ engine }: Director) {
  const [view] = engine.changedDirectors() ?? [];
  return view;
}

describe('two directors on a peer link', () => {
  test('are up for each other once each has heard that the other hears it', () => {
    const pair = new DirectorPair().start().elapse(milliseconds(250));
    expect(pair.lb1.lines).toEqual(['peer lb2 up']);
    expect(pair.lb2.lines).toEqual(['peer lb1 up']);
  });

  test('see the states of each other, the round trip, the clock and the version', () => {
    const pair = new DirectorPair({}, { instances: [{ priority: 200 }] });
    pair.lb2.clock = 250_000;
    pair.start().elapse(seconds(5));
    expect(viewOf(pair.lb1)).toEqual({
      ...{ name: 'lb2', address: LB2, status: 'up', since: expect.any(Number) },
      ...{ rtt: 2_000, clockOffset: 250_000, version: '1.2.3' },
      ...{ configuration: 'same', differs: [] },
      instances: [{ name: 'web', state: 'MASTER', priority: 200, faults: [] }],
    });
  });

  test('a director that falls silent is down after three and a half heartbeats', () => {
    const pair = settled();
    const last = pair.lb2.sent.at(-1)?.sentAt ?? 0;
    pair.drops = (from) => from === 'lb2';
    pair.elapse(milliseconds(260));
    expect(pair.lb1.lines).toEqual([]);
    pair.elapse(milliseconds(100));
    expect(pair.lb1.lines).toEqual(['peer lb2 down']);
    expect(pair.now - last).toBeLessThan(500_000);
    pair.drops = () => false;
    pair.elapse(milliseconds(300));
    expect(pair.lb1.lines).toEqual(['peer lb2 down', 'peer lb2 up']);
    expect(pair.lb2.lines).toEqual([]);
  });

  test('that hears and is not heard is not up again until it is heard', () => {
    const pair = settled();
    pair.drops = () => true;
    pair.elapse(seconds(1));
    pair.drops = (from) => from === 'lb1';
    pair.elapse(seconds(4));
    expect(pair.lb1.lines).toEqual(['peer lb2 down', 'peer lb2 refused unproven']);
    expect(pair.lb1.reports.at(-1)).toMatchObject({ kind: 'peer-refused', up: false });
    pair.drops = () => false;
    pair.elapse(milliseconds(300));
    expect(pair.lb1.lines.at(-1)).toBe('peer lb2 up');
  });

  test('a change is said at once, and only what has changed', () => {
    const pair = settled({ instances: many(40) }, { instances: many(40) });
    pair.lb2.sent = [];
    pair.handle(pair.lb2, {
      ...{ kind: 'request', id: 1, instance: 'i7' },
      request: { type: 'priority', priority: 77 },
    });
    const [first] = pair.lb2.sent;
    expect(first?.sentAt).toBe(pair.now);
    expect(first?.statements.map(({ name, priority }) => [name, priority])).toEqual([['i7', 77]]);
  });

  test('255 instances fit into datagrams, and each is said every second', () => {
    const pair = settled({ instances: many(255) }, { instances: many(255) });
    pair.lb2.sent = [];
    pair.elapse(seconds(1));
    const said = new Set(pair.lb2.sent.flatMap((one) => one.statements.map(({ name }) => name)));
    expect(said.size).toBe(255);
    expect(pair.lb2.sent.length).toBeLessThan(40);
    expect(viewOf(pair.lb1)?.instances).toHaveLength(255);
  }, 120_000);

  test('what has not changed is the same statement again, which is encoded once', () => {
    const pair = settled();
    pair.lb2.sent = [];
    pair.elapse(seconds(2));
    const said = pair.lb2.sent.flatMap(({ statements }) => statements);
    expect(said.length).toBeGreaterThan(1);
    expect(new Set(said).size).toBe(1);
  });

  test('a heartbeat goes out when there is nothing to say', () => {
    const pair = settled();
    pair.lb2.sent = [];
    pair.elapse(seconds(1));
    expect(pair.lb2.sent).toHaveLength(10);
    expect(pair.lb2.sent.filter(({ statements }) => statements.length > 0).length).toBeGreaterThan(
      0,
    );
  });
});

describe('a heartbeat', () => {
  const answers = ({ lb1, lb2 }: DirectorPair) => {
    const heard = new Set(lb1.sent.map(({ sentAt }) => sentAt + 1_000));
    return lb2.sent.filter(({ sentAt }) => heard.has(sentAt)).length;
  };

  test('that is due soon leaves in answer to that of the other director, in the same turn', () => {
    const pair = new DirectorPair();
    pair.start(pair.lb1).elapse(milliseconds(30));
    pair.start(pair.lb2).elapse(seconds(5));
    pair.lb1.sent = [];
    pair.lb2.sent = [];
    pair.elapse(seconds(1));
    expect(pair.lb1.sent).toHaveLength(10);
    expect(pair.lb2.sent).toHaveLength(10);
    expect(answers(pair)).toBe(10);
  });

  test('keeps its own time when there is none to answer', () => {
    const pair = settled();
    pair.drops = () => true;
    pair.elapse(seconds(1));
    pair.lb1.sent = [];
    pair.lb2.sent = [];
    pair.elapse(seconds(1));
    expect([pair.lb1.sent.length, pair.lb2.sent.length]).toEqual([10, 10]);
  });

  test('is not sent in answer to a summary of the connection table', () => {
    const pair = settled();
    pair.drops = (from, { table }) => from === 'lb2' && table === null;
    pair.lb1.sent = [];
    for (let count = 0; count < 20; count++) {
      pair.handle(pair.lb2, { kind: 'table.summary', summary: '0a' });
      pair.elapse(milliseconds(65));
    }
    expect(pair.lb1.sent).toHaveLength(13);
  });

  test('is not sent more often because the other director is faster', () => {
    const pair = settled({ link: { heartbeat: milliseconds(10) } });
    pair.lb2.sent = [];
    pair.elapse(seconds(1));
    expect(pair.lb2.sent).toHaveLength(10);
  });
});

describe('a recording of a director', () => {
  test('is believed by no process of the other one', () => {
    const pair = settled();
    const recorded = [...pair.lb2.sent];
    pair.restart(pair.lb1, '3333333333333333');
    for (const datagram of recorded) pair.replay(pair.lb1, datagram);
    expect(pair.lb1.lines).toEqual([]);
    pair.elapse(milliseconds(300));
    for (const datagram of recorded) pair.replay(pair.lb1, datagram);
    expect(pair.lb1.lines).toEqual(['peer lb2 up']);
    expect(pair.lb2.lines).toEqual(['peer lb1 restarted']);
  });

  test('is not believed after a restart of the director itself', () => {
    const pair = settled();
    const recorded = [...pair.lb2.sent];
    pair.restart(pair.lb2, '4444444444444444');
    pair.elapse(milliseconds(300));
    expect(pair.lb1.lines).toEqual(['peer lb2 restarted']);
    const before = viewOf(pair.lb1);
    for (const datagram of recorded) pair.replay(pair.lb1, datagram);
    pair.elapse(seconds(1));
    expect(viewOf(pair.lb1)?.since).toBe(before?.since);
    expect(pair.lb1.lines).toEqual(['peer lb2 restarted']);
  });

  test('does not keep a director up that is dead', () => {
    const pair = settled();
    const recorded = [...pair.lb2.sent];
    pair.drops = (from) => from === 'lb2';
    for (let turn = 0; turn < 10; turn++) {
      for (const datagram of recorded) pair.replay(pair.lb1, datagram);
      pair.elapse(milliseconds(50));
    }
    expect(pair.lb1.lines).toEqual(['peer lb2 down']);
  });

  test('repeated without end does not keep a restarted director down', () => {
    const pair = settled();
    const recorded = [...pair.lb2.sent];
    pair.drops = (from) => from === 'lb2';
    pair.elapse(seconds(1));
    pair.drops = () => false;
    pair.restart(pair.lb2, '4444444444444444');
    for (let turn = 0; turn < 60; turn++) {
      for (const datagram of recorded.slice(-5)) pair.replay(pair.lb1, datagram);
      pair.elapse(milliseconds(20));
    }
    expect(pair.lb1.lines.slice(0, 2)).toEqual(['peer lb2 down', 'peer lb2 restarted']);
  });
});

describe('the configuration of another director', () => {
  test('is compared key by key', () => {
    const pair = new DirectorPair(
      { instances: [{}, { name: 'only-here', vrid: 9 }] },
      { instances: [{ advertisementInterval: seconds(2), accept: false }] },
    )
      .start()
      .elapse(seconds(6));
    expect(viewOf(pair.lb1)).toMatchObject({
      configuration: 'differs',
      differs: [
        'instances.web.advertisement_interval',
        'instances.web.accept',
        'instances.only-here',
      ],
    });
    expect(pair.lb1.lines.filter((line) => line.includes('differs'))).toHaveLength(1);
  });

  test('is the same when one virtual router has two names', () => {
    const pair = settled({}, { instances: [{ name: 'www' }] });
    expect(viewOf(pair.lb1)?.configuration).toBe('same');
  });

  test('differs in the IPVS services by their digest', () => {
    const pair = new DirectorPair({ link: { services: 5 } }).start().elapse(seconds(6));
    expect(viewOf(pair.lb1)?.differs).toEqual(['ipvs.services']);
    expect(viewOf(pair.lb2)?.differs).toEqual(['ipvs.services']);
  });
});

describe('what an operator should know of another director', () => {
  test('is a clock that steps, once each time', () => {
    const pair = settled();
    pair.lb2.clock = 5_000_000;
    pair.elapse(seconds(10));
    pair.lb2.clock = 0;
    pair.elapse(seconds(10));
    expect(pair.lb1.lines).toEqual([
      expect.stringMatching(/^peer lb2 clock 5\d{6}$/),
      expect.stringMatching(/^peer lb2 clock -?\d{1,3}$/),
    ]);
  });

  test('is a name that the configuration does not give it', () => {
    const pair = settled();
    const named = (name: string) => {
      const last = pair.lb2.sent.at(-1);
      if (last === undefined) throw new Error('lb2 has sent nothing');
      pair.replay(pair.lb1, { ...last, sequence: last.sequence + 1, name });
      pair.lb2.sent.push({ ...last, sequence: last.sequence + 1 });
    };
    pair.drops = () => true;
    for (let turn = 0; turn < 20; turn++) {
      named('lb1');
      pair.elapse(milliseconds(100));
    }
    expect(pair.lb1.lines).toEqual(['peer lb2 calls itself lb1']);
    expect(pair.lb1.reports[0]).toMatchObject({ own: true });
  });

  test('is a refusal, once in ten minutes and again after it was up', () => {
    const pair = settled();
    const refused: Input = {
      kind: 'director.refused',
      director: 'lb2',
      source: LB2,
      reason: 'authentication',
    };
    for (let count = 0; count < 100; count++) {
      pair.handle(pair.lb1, refused);
      pair.elapse(seconds(1));
    }
    expect(pair.lb1.lines).toEqual(['peer lb2 refused authentication']);
    expect(pair.lb1.reports[0]).toMatchObject({ up: true });
    pair.restart(pair.lb2, '4444444444444444');
    pair.elapse(seconds(1));
    pair.handle(pair.lb1, refused);
    expect(pair.lb1.lines.at(-1)).toBe('peer lb2 refused authentication');
  });

  test('is a socket that cannot be opened, until it can', () => {
    const pair = new DirectorPair();
    pair.lb1.refusal = 'EADDRNOTAVAIL';
    pair.start().elapse(seconds(5));
    expect(pair.lb1.lines).toEqual(['peer link EADDRNOTAVAIL']);
    pair.lb1.refusal = undefined;
    pair.elapse(seconds(2));
    expect(pair.lb1.lines).toEqual(['peer link EADDRNOTAVAIL', 'peer link open', 'peer lb2 up']);
  });
});

describe('the peer link of a running agent', () => {
  test('continues in the next process without a break', () => {
    const pair = settled();
    const { lb1 } = pair;
    const capture = JSON.parse(JSON.stringify(lb1.engine.capture()));
    lb1.boot = '5555555555555555';
    lb1.engine = new (Object.getPrototypeOf(lb1.engine).constructor)(lb1.settings, lb1.counters, {
      standby: true,
    });
    pair.start(lb1);
    lb1.sent = [];
    pair.elapse(milliseconds(50));
    expect(lb1.sent).toEqual([]);
    pair.handle(lb1, { kind: 'adopt', capture });
    pair.elapse(seconds(3));
    expect([...pair.lb1.lines, ...pair.lb2.lines]).toEqual([]);
    expect(lb1.sent[0]?.boot).toBe('1111111111111111');
  });

  test('is opened, changed and closed by a reload', () => {
    const pair = settled();
    const { lb1 } = pair;
    const { peerLink, ...without } = lb1.settings;
    pair.handle(lb1, { kind: 'settings.changed', change: settingsChange(lb1.settings, without) });
    lb1.sent = [];
    pair.elapse(seconds(1));
    expect(lb1.sent).toEqual([]);
    expect(lb1.engine.changedDirectors()).toEqual([]);
    expect(pair.lb2.lines).toEqual(['peer lb1 down']);
    pair.handle(lb1, { kind: 'settings.changed', change: settingsChange(without, lb1.settings) });
    pair.elapse(seconds(1));
    expect(pair.lb2.lines).toEqual(['peer lb1 down', 'peer lb1 up']);
    expect(peerLink?.source).toBe(LB1);
  });

  test('a stall of this process is no silence of the other director', () => {
    const pair = settled();
    pair.now = instant(pair.now + 2_000_000);
    pair.handle(pair.lb1, { kind: 'wake' });
    pair.handle(pair.lb1, { kind: 'quiet' });
    pair.elapse(seconds(1));
    expect(pair.lb1.lines).toEqual([]);
  });
});

function many(count: number) {
  return Array.from({ length: count }, (_, at) => ({
    ...{ name: `i${at}`, vrid: at + 1, priority: 100 + (at % 3) },
    addresses: instanceOf().addresses,
  }));
}
