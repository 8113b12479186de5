/** What a director does with more evidence than the silence of one segment: the rows of `fsm/judgement`. */
import { describe, expect, test, vi } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import { microseconds, milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings, PeerLinkSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { Director, linkTo, openLink, pass } from '../director.ts';
import { addressOf, advert, INDEX, linkOf, OWN, PEER, PEER6, Rig } from '../rig.ts';

const GATEWAY = ip('192.0.2.1');
const THIRD = ip('192.0.2.13');

interface Given {
  readonly link?: Partial<PeerLinkSettings>;
  readonly names?: readonly string[];
  readonly instance?: Partial<InstanceSettings>;
}

/** A BACKUP that hears its MASTER, lb1, by VRRP and over the peer link. */
function backup({ link = {}, names = ['lb1'], instance = {} }: Given = {}) {
  const rig = new Rig([instance], { router: 'lb2', peerLink: linkTo(names, link) });
  rig.gateway = GATEWAY;
  rig.answering.add(GATEWAY).add(PEER);
  rig.start();
  openLink(rig);
  const master = new Director(rig);
  rig.hear(advert());
  master.says();
  return { rig, master };
}

/** The process that continues, with an open link, and what it has done by then. */
function nextOf(rig: Rig, instance: Partial<InstanceSettings> = {}) {
  const next = new Rig([instance], { router: 'lb2', peerLink: linkTo(), standby: true });
  next.now = rig.now;
  next.start();
  const capture = JSON.parse(JSON.stringify(rig.engine.capture()));
  const lines = next.handle({ kind: 'adopt', capture });
  openLink(next);
  return { next, lines };
}

function causeOf(rig: Rig): string | undefined {
  return rig.view().lastTransition?.cause;
}

function reasonOf(rig: Rig): string | undefined {
  return rig.view().lastTransition?.reason;
}

function questionsIn(lines: readonly string[], address: string): number {
  return lines.filter(
    (line) => line.startsWith('arp question ') && `${line} `.includes(`${address} `),
  ).length;
}

describe('F-B7 a BACKUP whose MASTER is silent, with a peer link', () => {
  test('holds while the MASTER says that it serves, and says what is blocked', () => {
    const { rig, master } = backup();
    master.says({ canServe: 'yes' });
    const lines = pass(rig, seconds(30), master);
    expect(rig.state).toBe('BACKUP');
    expect(lines.filter((line) => line.includes('path'))).toEqual(['path lost: vrrp-blocked']);
    expect(rig.view().pathLoss?.reason).toBe(
      'lb1 is MASTER over the peer link and answers ARP here: VRRP is blocked between the directors (firewall? IGMP snooping?)',
    );
  });

  test('reports that within one Master_Down_Interval, and its end with the next advertisement', () => {
    const { rig, master } = backup();
    const before = rig.now;
    pass(rig, milliseconds(3_650), master);
    expect(rig.view().pathLoss?.since).toBe(before + 3_609_375);
    rig.hear(advert());
    expect(pass(rig, milliseconds(200), master)).toContain('path restored');
    expect(rig.view().pathLoss).toBeUndefined();
  });

  test('holds while the MASTER answers ARP, although that knows nothing of itself', () => {
    const { rig, master } = backup();
    pass(rig, seconds(10), master);
    expect([rig.state, rig.view().pathLoss?.cause]).toEqual(['BACKUP', 'vrrp-blocked']);
  });

  test('names port isolation where the MASTER serves and does not answer here', () => {
    const { rig, master } = backup();
    rig.answering.delete(PEER);
    master.says({ canServe: 'yes' });
    pass(rig, seconds(10), master);
    expect([rig.state, rig.view().pathLoss?.cause]).toEqual(['BACKUP', 'unreachable']);
  });

  test('takes over at the Master_Down_Interval from a MASTER that knows nothing and is silent to ARP', () => {
    const { rig, master } = backup();
    rig.answering.delete(PEER);
    pass(rig, milliseconds(3_550), master);
    expect(rig.state).toBe('BACKUP');
    pass(rig, milliseconds(100), master);
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-silent']);
  });

  test('takes over from a MASTER that third hosts do not answer, as soon as that says so', () => {
    const { rig, master } = backup();
    rig.answering.delete(PEER);
    pass(rig, milliseconds(1_500), master);
    expect(rig.state).toBe('BACKUP');
    master.says({ canServe: 'no' });
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-cut-off']);
    expect(reasonOf(rig)).toBe(
      'no third host answers lb1 on the segment, and 192.0.2.1 answers ARP here',
    );
  });

  test('does not take over from it while it hears its advertisements', () => {
    const { rig, master } = backup();
    master.says({ canServe: 'no' });
    expect(rig.state).toBe('BACKUP');
  });

  test('stays BACKUP when no third host answers here: its own receiver may be dead', () => {
    const { rig, master } = backup();
    rig.answering.clear();
    pass(rig, seconds(20), master);
    expect([rig.state, rig.view().pathLoss?.cause]).toEqual(['BACKUP', 'segment-broken']);
  });

  test('does so without the link as well, but takes over when there is no third host to ask', () => {
    const { rig } = backup();
    rig.answering.clear();
    rig.elapse(seconds(20));
    expect(rig.state).toBe('BACKUP');
    const alone = backup();
    alone.rig.gateway = null;
    alone.rig.answering.clear();
    alone.rig.elapse(seconds(4));
    expect(alone.rig.state).toBe('MASTER');
  });

  test('takes over when the gateway has never answered: it may not exist', () => {
    const rig = new Rig([{}], { router: 'lb2', peerLink: linkTo(['lb1'], {}) });
    rig.gateway = GATEWAY;
    rig.start();
    openLink(rig);
    rig.elapse(seconds(4));
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-silent']);
  });

  test('follows the RFC when the link is down', () => {
    const { rig } = backup();
    rig.answering.delete(PEER);
    rig.elapse(milliseconds(3_600));
    expect(rig.state).toBe('BACKUP');
    rig.elapse(milliseconds(10));
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-silent']);
  });

  test('and when the other director is no MASTER', () => {
    const { rig, master } = backup();
    master.says({ state: 'INIT', canServe: 'no' });
    pass(rig, seconds(4), master);
    expect(rig.state).toBe('MASTER');
  });

  test('with `on_vrrp_loss: take_over` counts advertisements only', () => {
    const { rig, master } = backup({ instance: { onVrrpLoss: 'take_over' } });
    master.says({ canServe: 'yes' });
    pass(rig, seconds(4), master);
    expect(rig.state).toBe('MASTER');
  });

  test('preempts a lower priority that it hears, whatever that says', () => {
    const { rig, master } = backup();
    rig.hear(advert({ priority: 50 }));
    master.says({ priority: 50, canServe: 'yes' });
    for (let i = 0; i < 5; i++) {
      pass(rig, seconds(1), master);
      if (rig.state === 'BACKUP') rig.hear(advert({ priority: 50 }));
    }
    expect(rig.state).toBe('MASTER');
  });
});

describe('questions of ARP', () => {
  test('go to the MASTER and to the gateway as soon as one advertisement is missing', () => {
    const { rig, master } = backup();
    expect(questionsIn(pass(rig, milliseconds(1_200), master), GATEWAY)).toBe(0);
    const lines = pass(rig, milliseconds(200), master);
    expect(questionsIn(lines, PEER)).toBeGreaterThan(0);
    expect(questionsIn(lines, GATEWAY)).toBeGreaterThan(0);
  });

  test('are considered in one turn for routers whose advertisements arrive in one burst', () => {
    const vrids = Array.from({ length: 30 }, (_, position) => 100 + position);
    const instances = vrids.map((vrid) => ({ name: `i${vrid}`, vrid }));
    const rig = new Rig(instances, { router: 'lb2', peerLink: linkTo() });
    rig.start();
    openLink(rig);
    const master = new Director(rig);
    const turn = vi.spyOn(rig, 'turn');
    for (let second = 0; second < 5; second++) {
      for (const vrid of vrids) {
        rig.elapse(microseconds(50));
        rig.hear(advert({ vrid }));
      }
      pass(rig, milliseconds(998), master);
      if (second < 4) turn.mockClear();
    }
    // 20 heartbeats, and the looks.
    expect(turn.mock.calls.length).toBeLessThan(25);
  });

  test('end with the next advertisement', () => {
    const { rig, master } = backup();
    pass(rig, milliseconds(1_500), master);
    rig.hear(advert());
    pass(rig, milliseconds(300), master);
    expect(questionsIn(pass(rig, milliseconds(700), master), GATEWAY)).toBe(0);
  });

  test('begin as early after a long quiet time, in which nothing is looked at again', () => {
    const { rig, master } = backup();
    for (let second = 0; second < 20; second++) {
      pass(rig, seconds(1), master);
      rig.hear(advert());
    }
    expect(questionsIn(pass(rig, milliseconds(1_200), master), PEER)).toBe(0);
    expect(questionsIn(pass(rig, milliseconds(100), master), PEER)).toBeGreaterThan(0);
  });

  test('go at once to a gateway that the instance tracks since a reload', () => {
    const tracked = ip('192.0.2.7');
    const { rig, master } = backup();
    pass(rig, milliseconds(3_000), master);
    rig.hear(advert());
    pass(rig, milliseconds(300), master);
    const common = { router: 'lb2', linger: 'off', syncGroups: [], peerLink: linkTo() } as const;
    const { instances } = rig.engine;
    const next = instances.map((one) => ({ ...one, thirdHosts: [tracked] }));
    const change = settingsChange({ ...common, instances }, { ...common, instances: next });
    const lines = rig.handle({ kind: 'settings.changed', change });
    expect(questionsIn(lines, tracked)).toBe(1);
  });

  test('go to the gateways that the instance tracks, not to the default gateway', () => {
    const tracked = ip('192.0.2.7');
    const { rig, master } = backup({ instance: { thirdHosts: [tracked] } });
    rig.answering.add(tracked);
    const lines = pass(rig, milliseconds(1_500), master);
    expect(questionsIn(lines, tracked)).toBeGreaterThan(0);
    expect(questionsIn(lines, GATEWAY)).toBe(0);
  });

  test('go to a third director where there is no gateway', () => {
    const { rig, master } = backup({ names: ['lb1', 'lb3'] });
    rig.gateway = null;
    const third = new Director(rig, 'lb3', THIRD);
    third.says({ state: 'BACKUP', priority: 50 });
    expect(questionsIn(pass(rig, milliseconds(1_500), master, third), THIRD)).toBeGreaterThan(0);
  });

  test('do not go to the other director of a pair: its silence is no evidence against this one', () => {
    const { rig, master: other } = backup();
    rig.gateway = null;
    rig.answering.delete(PEER);
    other.says({ state: 'BACKUP', priority: 50 });
    pass(rig, seconds(4), other);
    expect(rig.state).toBe('MASTER');
    const asked = [...other.says({ misses: true }), ...pass(rig, seconds(2), other)];
    expect(asked.filter((line) => line.startsWith('to director ')).at(-1)).not.toContain(' no');
  });

  test('do not go to a third director that cannot serve there either', () => {
    const { rig, master } = backup({ names: ['lb1', 'lb3'] });
    rig.gateway = null;
    const third = new Director(rig, 'lb3', THIRD);
    third.says({ state: 'FAULT', canServe: 'no', priority: 50 });
    expect(questionsIn(pass(rig, milliseconds(1_500), master, third), THIRD)).toBe(0);
  });

  test('are asked by a MASTER, too, whose advertisements a BACKUP misses', () => {
    const { rig, master: other } = backup();
    other.says({ state: 'BACKUP', priority: 50 });
    rig.elapse(seconds(4));
    expect(rig.state).toBe('MASTER');
    const lines = [...other.says({ misses: true }), ...pass(rig, milliseconds(200), other)];
    expect(questionsIn(lines, GATEWAY)).toBeGreaterThan(0);
    expect(lines.filter((line) => line.startsWith('to director ')).at(-1)).toContain('yes');
  });
});

describe('F-B8 a resignation over the peer link', () => {
  test('makes the BACKUP that it names MASTER at once', () => {
    const { rig, master } = backup();
    master.says({ resigningTo: 'lb2' });
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-resigned']);
    expect(reasonOf(rig)).toBe('lb1 resigned over the peer link and named this director');
  });

  test('names the faults of a MASTER that cannot serve any more', () => {
    const { rig, master } = backup();
    master.says({ state: 'FAULT', canServe: 'no', faults: ['interface-down'], resigningTo: 'lb2' });
    expect(reasonOf(rig)).toBe(
      'lb1 resigned over the peer link (interface-down) and named this director',
    );
  });

  test('does nothing to a BACKUP that it does not name', () => {
    const { rig, master } = backup({ names: ['lb1', 'lb3'] });
    master.says({ resigningTo: 'lb3' });
    expect(rig.state).toBe('BACKUP');
  });

  test('does nothing while another MASTER is heard: the statement is old', () => {
    const { rig, master } = backup({ names: ['lb1', 'lb3'] });
    rig.hear(advert({ source: THIRD }));
    master.says({ state: 'BACKUP', resigningTo: 'lb2' });
    expect(rig.state).toBe('BACKUP');
  });
});

describe('`dead_after`', () => {
  const link = { deadAfter: milliseconds(200) };

  test('replaces a MASTER that is silent over the link, by VRRP and to ARP', () => {
    const { rig } = backup({ link });
    rig.answering.delete(PEER);
    rig.elapse(milliseconds(199));
    expect(rig.state).toBe('BACKUP');
    rig.elapse(milliseconds(50));
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-dead']);
  });

  test('does not while it answers ARP: only its agent, or the link, is gone', () => {
    const { rig } = backup({ link });
    for (let i = 0; i < 10; i++) {
      rig.elapse(seconds(1));
      rig.hear(advert());
    }
    expect(rig.state).toBe('BACKUP');
  });

  test('does not while the link is up', () => {
    const { rig, master } = backup({ link });
    rig.answering.delete(PEER);
    pass(rig, seconds(1), master);
    expect(rig.state).toBe('BACKUP');
  });

  test('does not while no third host answers here', () => {
    const { rig } = backup({ link });
    rig.answering.clear();
    rig.elapse(seconds(3));
    expect(rig.state).toBe('BACKUP');
  });

  test('leaves the takeover to a BACKUP of higher priority', () => {
    const { rig } = backup({ link, names: ['lb1', 'lb3'] });
    rig.answering.delete(PEER);
    rig.answering.add(THIRD);
    const third = new Director(rig, 'lb3', THIRD);
    third.says({ state: 'BACKUP', priority: 150 });
    pass(rig, seconds(3), third);
    expect(rig.state).toBe('BACKUP');
  });
});

describe('F-A11 a MASTER that knows another one from the peer link', () => {
  /** Became MASTER while lb1 was BACKUP. */
  function masterOf(instance: Partial<InstanceSettings> = {}) {
    const { rig, master: other } = backup({ instance });
    other.says({ state: 'BACKUP', priority: 50 });
    rig.elapse(seconds(5));
    expect(rig.state).toBe('MASTER');
    return { rig, other };
  }

  test('yields at once when third hosts answer the other one and not itself', () => {
    const { rig, other } = masterOf();
    rig.answering.clear();
    other.says({ misses: true });
    pass(rig, milliseconds(800), other);
    expect(rig.state).toBe('MASTER');
    other.says({ state: 'MASTER', canServe: 'yes', misses: false });
    expect([rig.state, causeOf(rig)]).toEqual(['BACKUP', 'cut-off']);
    expect(rig.view().heldBack).toBe(true);
  });

  test('yields to a greater one that serves as well, once advertisements had their time', () => {
    const { rig, other } = masterOf();
    other.says({ state: 'MASTER', priority: 200, canServe: 'yes' });
    pass(rig, milliseconds(1_200), other);
    expect(rig.state).toBe('MASTER');
    pass(rig, milliseconds(200), other);
    expect([rig.state, causeOf(rig)]).toEqual(['BACKUP', 'outranked']);
  });

  test('stays beside a smaller one, which yields', () => {
    const { rig, other } = masterOf();
    other.says({ state: 'MASTER', priority: 50, canServe: 'yes' });
    pass(rig, seconds(5), other);
    expect(rig.state).toBe('MASTER');
  });

  test('reports two MASTERs with the evidence where nothing shows which of them serves', () => {
    const { rig, other } = masterOf();
    rig.gateway = null;
    rig.answering.clear();
    pass(rig, seconds(2), other);
    other.says({ state: 'MASTER', priority: 200 });
    pass(rig, seconds(3), other);
    expect(rig.state).toBe('MASTER');
    const reports = rig.reports.flatMap((one) => (one.kind === 'dual-master' ? [one] : []));
    expect(reports.map(({ peer, evidence }) => [peer, evidence])).toEqual([
      [
        PEER,
        'lb1 is MASTER over the peer link with priority 200 and does not know whether it serves, and this director does not know whether it serves',
      ],
    ]);
  });
});

describe('F-A8 a MASTER that gives up', () => {
  function master(linger: 'auto' | 'off' = 'auto') {
    const rig = new Rig([{}], { router: 'lb2', peerLink: linkTo(['lb1', 'lb3']), linger });
    rig.gateway = GATEWAY;
    rig.answering.add(GATEWAY);
    rig.start();
    openLink(rig);
    const best = new Director(rig);
    const other = new Director(rig, 'lb3', THIRD);
    best.says({ state: 'BACKUP', priority: 90 });
    other.says({ state: 'BACKUP', priority: 80 });
    pass(rig, seconds(4), best, other);
    expect(rig.state).toBe('MASTER');
    return { rig, best, other };
  }

  function successorIn(lines: readonly string[]): string | undefined {
    const said = lines.filter((line) => line.includes(' resigns to '));
    return said.at(-1)?.split(' resigns to ').at(1);
  }

  test('names the best BACKUP when its link goes down, beside priority 0', () => {
    const { rig } = master();
    const lines = rig.handle({
      kind: 'link.changed',
      link: linkOf({ running: false }),
    });
    expect(rig.state).toBe('FAULT');
    expect(successorIn(lines)).toBe('lb1');
  });

  test('names the next one when that cannot serve', () => {
    const { rig, best } = master();
    best.says({ state: 'FAULT', canServe: 'no' });
    expect(successorIn(rig.handle({ kind: 'shutdown' }))).toBe('lb3');
  });

  test('serves until its successor is heard, or says over the link that it is MASTER', () => {
    const { rig, best } = master();
    const lines = rig.handle({ kind: 'shutdown' });
    expect(successorIn(lines)).toBe('lb1');
    expect(rig.view()).toMatchObject({ state: 'MASTER', releasing: true });
    best.says({ state: 'MASTER' });
    expect([rig.state, causeOf(rig)]).toEqual(['INIT', 'successor-heard']);
  });

  test('does so for a planned failover, too, and answers the operator', () => {
    const { rig, best } = master();
    const request = { type: 'failover', to: null, wait: seconds(10), force: false } as const;
    const lines = rig.handle({ kind: 'request', id: 1, instance: 'web', request });
    expect(successorIn(lines)).toBe('lb1');
    best.says({ state: 'MASTER' });
    expect(rig.state).toBe('BACKUP');
    const [answer] = rig.reports.flatMap((one) => (one.kind === 'answer' ? [one.answer] : []));
    expect(answer).toMatchObject({
      outcome: 'handed-over',
      successor: { address: PEER, priority: 90 },
    });
  });

  test('says nothing more once another director is MASTER', () => {
    const { rig, best, other } = master();
    rig.handle({ kind: 'link.changed', link: linkOf({ running: false }) });
    best.says({ state: 'MASTER' });
    best.says({ state: 'BACKUP' });
    expect(successorIn(pass(rig, seconds(1), other))).toBeUndefined();
  });
});

describe('a pair without a third host', () => {
  test('F-B7 becomes MASTER by the RFC although the other BACKUP does not answer', () => {
    const rig = new Rig([{}], { router: 'lb2', peerLink: linkTo() });
    rig.start();
    openLink(rig);
    const other = new Director(rig);
    other.says({ state: 'BACKUP', priority: 50 });
    pass(rig, seconds(4), other);
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-silent']);
  });

  test('a MASTER says `unknown` of itself when the other director does not answer', () => {
    const rig = new Rig([{}], { router: 'lb2', peerLink: linkTo() });
    rig.start();
    openLink(rig);
    const other = new Director(rig);
    other.says({ state: 'BACKUP', priority: 50 });
    pass(rig, seconds(4), other);
    other.says({ misses: true });
    const lines = pass(rig, seconds(3), other);
    const said = lines.filter((line) => line.includes('web MASTER'));
    expect(said.length).toBeGreaterThan(10);
    expect(said.filter((line) => !line.includes('web MASTER unknown'))).toEqual([]);
  });
});

describe('a MASTER whose frames are lost', () => {
  /** It asks the gateway, which does not hear it, because the other director misses it. */
  function unheard() {
    const rig = new Rig([{}], { router: 'lb2', peerLink: linkTo() });
    rig.gateway = GATEWAY;
    rig.answering.add(GATEWAY).add(PEER);
    rig.start();
    openLink(rig);
    const other = new Director(rig);
    other.says({ state: 'BACKUP', priority: 50 });
    pass(rig, seconds(4), other);
    rig.answering.clear();
    other.says({ misses: true });
    return { rig, other };
  }

  test.each([
    ['asks all hosts for an address', {}],
    ['answers another host', { to: PEER }],
  ])('cannot serve although it hears that the gateway %s', (_, more) => {
    const { rig, other } = unheard();
    const lines: string[] = [];
    const claim = { index: INDEX, address: GATEWAY, mac: mac('02:00:00:00:00:98') };
    for (let left = 20; left > 0; left--) {
      rig.handle({ kind: 'address.claimed', ...claim, ...more });
      lines.push(...pass(rig, milliseconds(100), other));
    }
    expect(lines.filter((line) => line.includes('web MASTER no')).length).toBeGreaterThan(5);
  });
});

describe('two instances with one VRID, on two interfaces', () => {
  test('a MASTER that resigns makes the instance of that name MASTER at once', () => {
    const inner = {
      ...{ name: 'inner', interface: 'eth1' },
      addresses: [{ address: ip('198.51.100.100'), prefixLength: 32, interface: 'eth1' }],
    };
    const links = [
      linkOf(),
      linkOf({ index: INDEX + 1, name: 'eth1', addresses: [addressOf('198.51.100.11/24')] }),
    ];
    const rig = new Rig([{}, inner], { router: 'lb2', peerLink: linkTo(), links });
    rig.start();
    openLink(rig);
    const master = new Director(rig);
    const other = { name: 'inner', interface: 'eth1', source: ip('198.51.100.12') };
    rig.hear(advert());
    master.says();
    master.says(other);
    master.says({ ...other, resigningTo: 'lb2' });
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['BACKUP', 'MASTER']);
  });
});

describe('a path that is lost', () => {
  test('is not reported any longer when the peer link is removed', () => {
    const { rig, master } = backup();
    pass(rig, seconds(5), master);
    expect(rig.view().pathLoss).toBeDefined();
    const common = { router: 'lb2', linger: 'off', syncGroups: [] } as const;
    const instances = rig.engine.instances;
    const change = settingsChange(
      { ...common, instances, peerLink: linkTo() },
      { ...common, instances },
    );
    expect(rig.handle({ kind: 'settings.changed', change })).toContain('path restored');
    expect(rig.view().pathLoss).toBeUndefined();
    rig.elapse(seconds(4));
    expect(rig.state).toBe('MASTER');
  });
});

describe('a path on which a lower priority is heard, which the sync group does not preempt', () => {
  const mail = {
    ...{ name: 'mail', vrid: 56 },
    addresses: [{ address: ip('203.0.113.56'), prefixLength: 32, interface: 'eth0' }],
  };

  function group() {
    const instances = ['web', 'mail'];
    const rig = new Rig([{}, mail], {
      ...{ router: 'lb2', peerLink: linkTo() },
      syncGroups: [{ name: 'gateway', instances, mode: 'all', track: [] }],
    });
    rig.gateway = GATEWAY;
    rig.answering.add(GATEWAY).add(PEER);
    rig.start();
    openLink(rig);
    return { rig, master: new Director(rig) };
  }

  /** The MASTER says by the link that it is one, and advertises unless VRRP is blocked. */
  function interval({ rig, master }: ReturnType<typeof group>, isBlocked = false): string[] {
    const lines: string[] = [];
    for (let left = 10; left > 0; left--) {
      lines.push(...rig.elapse(milliseconds(100)));
      lines.push(...master.says({ name: 'web', vrid: 55, priority: 200 }));
      lines.push(...master.says({ name: 'mail', vrid: 56, priority: 50 }));
    }
    if (isBlocked) return lines;
    lines.push(...rig.hear(advert({ priority: 200 })));
    const addresses = mail.addresses.map(({ address }) => address);
    lines.push(...rig.hear(advert({ vrid: 56, priority: 50, addresses })));
    return lines;
  }

  function pathsIn(lines: readonly string[]): string[] {
    return lines.filter((line) => line.startsWith('path '));
  }

  test('is lost once with all advertisements, and found with the first', () => {
    const given = group();
    for (let left = 6; left > 0; left--) interval(given);
    expect(given.rig.view(1).state).toBe('BACKUP');
    const lost: string[] = [];
    for (let left = 10; left > 0; left--) lost.push(...interval(given, true));
    expect(pathsIn(lost)).toEqual(['path lost: vrrp-blocked', 'path lost: vrrp-blocked']);
    expect(pathsIn([...interval(given), ...interval(given)])).toEqual([
      'path restored',
      'path restored',
    ]);
    expect([given.rig.view(0).pathLoss, given.rig.view(1).pathLoss]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test('is not lost with one advertisement', () => {
    const given = group();
    for (let left = 6; left > 0; left--) interval(given);
    const lines: string[] = [];
    for (let round = 0; round < 20; round++) lines.push(...interval(given, round % 5 === 0));
    expect(pathsIn(lines)).toEqual([]);
  });
});

describe('the gateway of a link that has vanished', () => {
  function replaceLink(rig: Rig, former: number, index: number): void {
    rig.handle({ kind: 'link.removed', index: former });
    const { addresses, ...link } = linkOf({ index });
    rig.handle({ kind: 'link.changed', link });
    for (const address of addresses) rig.handle({ kind: 'address.added', index, address });
  }

  test('is forgotten: links come and go with new numbers', () => {
    const { rig, master } = backup();
    expect(rig.lookups).toEqual([INDEX]);
    for (const [former, index] of [
      [INDEX, 7],
      [7, INDEX],
    ] as const) {
      replaceLink(rig, former, index);
      master.says();
    }
    // Within the time in which a gateway that is known is not asked for again.
    expect([rig.lookups, rig.state]).toEqual([[INDEX, 7, INDEX], 'BACKUP']);
  });
});

describe('before_master that fails', () => {
  test('is asked again after a Master_Down_Interval, not with each heartbeat', () => {
    const beforeMaster = { deadline: milliseconds(500), onFailure: 'abort' } as const;
    const { rig, master } = backup({ instance: { beforeMaster } });
    expect(master.says({ resigningTo: 'lb2' })).toContain('before-master asked');
    const answer = { kind: 'before-master.answered', instance: 'web' } as const;
    rig.handle({ ...answer, id: 1, granted: false });
    expect(pass(rig, seconds(3), master)).not.toContain('before-master asked');
    expect(pass(rig, seconds(1), master)).toContain('before-master asked');
    rig.handle({ ...answer, id: 2, granted: true });
    expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-resigned']);
  });
});

describe('the next process of a running agent', () => {
  test('asks `before_master`, which has failed, no sooner than the one before it', () => {
    const beforeMaster = { deadline: milliseconds(500), onFailure: 'abort' } as const;
    const { rig, master } = backup({ instance: { beforeMaster } });
    master.says({ resigningTo: 'lb2' });
    rig.handle({ kind: 'before-master.answered', instance: 'web', id: 1, granted: false });
    pass(rig, seconds(1), master);
    const { next, lines } = nextOf(rig, { beforeMaster });
    const successor = new Director(next);
    lines.push(...successor.says({ resigningTo: 'lb2' }));
    expect([...lines, ...pass(next, seconds(2), successor)]).not.toContain('before-master asked');
    expect(pass(next, seconds(1), successor)).toContain('before-master asked');
  });

  test('holds as the one before it, until it hears the MASTER itself', () => {
    const { rig, master } = backup();
    master.says({ canServe: 'yes' });
    // The second time that Active_Down_Timer would fire is just ahead.
    pass(rig, milliseconds(7_150), master);
    expect(rig.view().pathLoss).toBeDefined();
    const { next } = nextOf(rig);
    next.elapse(milliseconds(120));
    expect([next.state, next.view().pathLoss?.cause]).toEqual(['BACKUP', 'unreachable']);
  });
});

test('F-B7 a BACKUP of IPv6 asks by ND, and names it', () => {
  const instance = { family: 'ipv6' } as const;
  const rig = new Rig([instance], { router: 'lb2', peerLink: linkTo() });
  const gateway = ip('fe80::1');
  rig.gateway = gateway;
  rig.answering.add(gateway).add(PEER6);
  rig.start();
  openLink(rig);
  const master = new Director(rig);
  rig.hear(advert({ source: PEER6 }));
  master.says({ family: 'ipv6', source: PEER6 });
  const lines = pass(rig, seconds(4), master);
  expect(lines.filter((line) => line === `ns ${gateway}`).length).toBeGreaterThan(4);
  expect(rig.view().pathLoss).toMatchObject({
    cause: 'vrrp-blocked',
    reason: expect.stringContaining('answers ND here'),
  });
  rig.answering.delete(PEER6);
  pass(rig, seconds(1), master);
  master.says({ canServe: 'no' });
  expect([rig.state, causeOf(rig)]).toEqual(['MASTER', 'master-cut-off']);
});

test('without a peer link nothing of this happens', () => {
  const rig = new Rig();
  rig.start();
  rig.hear(advert());
  expect(questionsIn(rig.elapse(milliseconds(3_700)), GATEWAY)).toBe(0);
  expect([rig.state, rig.view().master?.address]).toEqual(['MASTER', OWN]);
});
