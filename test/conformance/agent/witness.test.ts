/** A virtual router with a witness: `fsm/witness`, and what becomes of the VIPs (ADR 9). */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import { formerMasterships, mastershipsLength } from '../../../src/protocol/engine/masterships.ts';
import type { InstanceSettings, Settings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import type { WitnessAnswer } from '../../../src/protocol/engine/witness-messages.ts';
import type { InstanceStatement } from '../../../src/wire/peer-link/statement.ts';
import { Director, linkTo, openLink, pass } from '../director.ts';
import { addressOf, advert, instanceOf, linkOf, PEER, Rig } from '../rig.ts';

const TTL = seconds(2);
const VIP_OF_WEB = { prefixLength: 32, interface: 'eth0' } as const;
const PROMISE = { to: 'lb2', ttl: TTL };
const FOLLOWS = { state: 'BACKUP', promise: PROMISE } as const satisfies Partial<InstanceStatement>;
const WAITS = { state: 'BACKUP' } as const satisfies Partial<InstanceStatement>;

interface Given {
  readonly instance?: Partial<InstanceSettings>;
  readonly ttl?: Duration;
  readonly heartbeat?: Duration;
  readonly onLoss?: 'release' | 'go_on';
}

/** `lb2`, which starts, and `lb1`, which it sees as BACKUP. */
function pair({ instance = {}, onLoss = 'release', ttl = TTL, heartbeat }: Given = {}) {
  const more = heartbeat === undefined ? {} : { heartbeat };
  const rig = new Rig([{ witness: true, ...instance }], {
    ...{ router: 'lb2', peerLink: linkTo(['lb1'], more), witness: { ttl, onLoss } },
  });
  rig.start();
  openLink(rig);
  const other = new Director(rig);
  other.says(WAITS);
  return { rig, other };
}

/** `lb2` is MASTER by the promise of `lb1`. */
function master(given: Given = {}) {
  const { rig, other } = pair(given);
  pass(rig, seconds(4), other);
  other.says(FOLLOWS);
  expect([rig.state, rig.view().witness?.right]).toEqual(['MASTER', 'peers']);
  return { rig, other };
}

/** What was asked of the witness since the last call, answered. */
function asked(rig: Rig): string[] {
  return rig.reports
    .splice(0)
    .flatMap((one) => (one.kind === 'witness-request' ? [one.request.ask.type] : []));
}

/** Time passes, and each question is answered at once. */
function answering(rig: Rig, duration: Duration, outcome: WitnessAnswer | undefined): string[] {
  const lines: string[] = [];
  for (let left: number = duration; left > 0; left -= 10_000) {
    lines.push(...rig.elapse(milliseconds(10)));
    lines.push(...answer(rig, outcome));
  }
  return lines;
}

const OUTCOMES = {
  acquire: { outcome: 'acquired' },
  renew: { outcome: 'renewed' },
  release: { outcome: 'released' },
  'hand-over': { outcome: 'handed-over' },
} as const;

function answer(rig: Rig, outcome: WitnessAnswer | undefined): string[] {
  return rig.reports.splice(0).flatMap((one) => {
    if (one.kind !== 'witness-request') return [];
    const { id, instance, ask } = one.request;
    const given = outcome ?? OUTCOMES[ask.type];
    return rig.handle({ kind: 'witness.answered', id, instance, answer: given });
  });
}

const REFUSED: WitnessAnswer = { outcome: 'refused', holder: 'lb1' };
const FAILED: WitnessAnswer = { outcome: 'failed', reason: 'unreachable', message: 'no route' };

describe('while the directors see each other', () => {
  test('a BACKUP asks the others before it takes over, and not the witness', () => {
    const { rig, other } = pair();
    const lines = pass(rig, seconds(4), other);
    expect(rig.state).toBe('BACKUP');
    expect(lines.some((line) => line.includes('BACKUP unknown misses claims'))).toBe(true);
    expect(other.says(FOLLOWS)).toContain('add 203.0.113.100/32');
    expect([rig.state, asked(rig)]).toEqual(['MASTER', []]);
  });

  test('a MASTER stays MASTER for as long as they agree, and asks nothing', () => {
    const { rig, other } = master();
    pass(rig, seconds(60), other);
    expect([rig.state, asked(rig)]).toEqual(['MASTER', []]);
  });

  test('a MASTER whose ttl is longer than what the others promise keeps its VIPs, and asks nothing', () => {
    const { rig, other } = pair({ ttl: seconds(5) });
    pass(rig, seconds(4), other);
    expect(other.says(FOLLOWS)).toContain('add 203.0.113.100/32');
    const lines = pass(rig, seconds(10), other);
    expect(lines.filter((line) => line.startsWith('renew')).length).toBeGreaterThanOrEqual(20);
    expect([rig.state, asked(rig)]).toEqual(['MASTER', []]);
  });

  test.each([
    [50, true],
    [250, false],
  ])(
    'with heartbeats of %d ms promises are old enough to ask after 501 ms: %s',
    (heartbeat, asks) => {
      const { rig, other } = master({ heartbeat: milliseconds(heartbeat) });
      for (let i = 0; i < 20; i++) {
        rig.elapse(milliseconds(501));
        other.says(FOLLOWS);
      }
      expect([rig.state, asked(rig).length > 0]).toEqual(['MASTER', asks]);
    },
  );

  test('a MASTER that has stood still and asks again names no successor, which would follow no MASTER', () => {
    const { rig, other } = master({ instance: { advertisementInterval: milliseconds(100) } });
    rig.freeze(seconds(1.5));
    rig.turn();
    expect([rig.state, rig.view().lastTransition?.cause]).toEqual(['BACKUP', 'stall']);
    const lines = pass(rig, seconds(6), other);
    const said = lines.filter((line) => line.includes('web BACKUP'));
    expect(said.some((line) => line.includes('resigns'))).toBe(true);
    expect(said.at(-1)).toMatch(/claims/);
    expect(said.at(-1)).not.toMatch(/resigns/);
  });

  test.each([
    ['a heartbeat of 5 s', seconds(5), 1],
    ['ten instances', milliseconds(100), 10],
  ])(
    'a promise is repeated four times a second with %s: another ttl may be short',
    (_, heartbeat, count) => {
      const instances = Array.from({ length: count }, (__, number) => ({
        ...{ witness: true, name: number === 0 ? 'web' : `web${number}`, vrid: 55 + number },
        addresses: [{ ...VIP_OF_WEB, address: ip(`203.0.113.${100 + number}`) }],
      }));
      const rig = new Rig(instances, {
        ...{ router: 'lb2', peerLink: linkTo(['lb1'], { heartbeat }) },
        witness: { ttl: seconds(60), onLoss: 'release' },
      });
      rig.start();
      openLink(rig);
      const other = new Director(rig);
      other.says({ state: 'MASTER', claims: true });
      pass(rig, seconds(6), other);
      const lines = pass(rig, seconds(3), other);
      expect(
        lines.filter((line) => line.includes('web BACKUP unknown') && line.includes('promises lb1'))
          .length,
      ).toBeGreaterThanOrEqual(12);
    },
  );

  test('a BACKUP promises the one that claims not to be MASTER', () => {
    const { other } = pair();
    const lines = other.says({ state: 'MASTER', claims: true });
    expect(lines).toContainEqual(expect.stringContaining('web BACKUP unknown promises lb1'));
  });

  test('of two that claim, the smaller one lets the greater one go first', () => {
    const { rig, other } = pair();
    pass(rig, seconds(4), other);
    expect(other.says({ ...WAITS, claims: true, priority: 90 })).toEqual([]);
    expect(other.says({ ...WAITS, claims: true, priority: 200 })).toContainEqual(
      expect.stringContaining('web BACKUP unknown misses promises lb1'),
    );
  });

  test('a MASTER lets a greater one go first, and serves until that is heard', () => {
    const { rig, other } = master();
    other.says({ ...WAITS, claims: true, priority: 200 });
    expect(rig.state).toBe('MASTER');
    rig.hear(advert());
    expect(rig.state).toBe('BACKUP');
  });

  test('and releases as soon as the peer link says that one is MASTER, if its advertisements do not arrive', () => {
    const { rig, other } = master();
    other.says({ ...WAITS, claims: true, priority: 200 });
    const serves = { state: 'MASTER', claims: true, priority: 200 } as const;
    other.says(serves);
    expect(rig.state).toBe('MASTER');
    pass(rig, milliseconds(400), other);
    expect([rig.state, rig.view().lastTransition?.cause]).toEqual(['BACKUP', 'outranked']);
  });

  test('and releases after a second if it is never heard', () => {
    const { rig, other } = master();
    other.says({ ...WAITS, claims: true, priority: 200 });
    pass(rig, milliseconds(900), other);
    expect(rig.state).toBe('MASTER');
    pass(rig, milliseconds(100), other);
    expect([rig.state, rig.view().lastTransition?.cause]).toEqual(['BACKUP', 'witness-lost']);
  });
});

describe('a MASTER that sees no other director', () => {
  test('asks a quarter of the ttl after the last promise, and stays MASTER by the key', () => {
    const { rig } = master();
    rig.elapse(milliseconds(499));
    expect(asked(rig)).toEqual([]);
    rig.elapse(milliseconds(2));
    expect(answer(rig, undefined)).toContain('witness granted');
    answering(rig, seconds(30), undefined);
    expect([rig.state, rig.view().witness]).toEqual([
      'MASTER',
      { right: 'held', holds: true, holder: null, until: null },
    ]);
  });

  test('gives the key back once every director has agreed for a ttl', () => {
    const { rig, other } = master();
    answering(rig, seconds(5), undefined);
    for (let i = 0; i < 60; i++) {
      other.says(FOLLOWS);
      answering(rig, milliseconds(50), undefined);
    }
    expect([rig.state, rig.view().witness]).toEqual([
      'MASTER',
      { right: 'peers', holds: false, holder: null, until: null },
    ]);
  });

  test.each([
    ['does not answer', undefined],
    ['fails', FAILED],
    ['has given the key away', REFUSED],
  ])('releases before its right ends, if the witness %s', (_, given) => {
    const { rig } = master();
    const until = rig.now + TTL;
    const lines = given === undefined ? rig.elapse(TTL) : answering(rig, TTL, given);
    expect([rig.state, rig.view().lastTransition?.cause]).toEqual(['BACKUP', 'witness-lost']);
    expect(lines).toContain('remove 203.0.113.100/32');
    expect(rig.view().since).toBe(until - 50_000);
  });

  test('stays MASTER under go_on if the witness is silent, and says so', () => {
    const { rig } = master({ onLoss: 'go_on' });
    const lines = answering(rig, seconds(10), FAILED);
    expect(lines.filter((line) => line.startsWith('witness lost'))).toEqual([
      'witness lost: went-on',
    ]);
    expect([rig.state, rig.view().witness?.right]).toEqual(['MASTER', 'went-on']);
  });

  test('releases under go_on if the witness says that another director has the key', () => {
    const { rig } = master({ onLoss: 'go_on' });
    answering(rig, seconds(3), REFUSED);
    expect(rig.state).toBe('BACKUP');
    expect(rig.view().lastTransition?.reason).toBe(
      'lb1 does not agree or is not seen, and the witness has given the key to lb1',
    );
  });

  test('that was frozen releases before it sends anything', () => {
    const { rig } = master();
    rig.freeze(seconds(2.5));
    const lines = rig.turn();
    expect(lines.filter((line) => /^advert [1-9]/.test(line))).toEqual([]);
    expect(rig.state).toBe('BACKUP');
  });

  test('an answer that comes late is worth no more than the question was', () => {
    const { rig } = master();
    rig.elapse(milliseconds(501));
    rig.elapse(milliseconds(900));
    answer(rig, undefined);
    // Asked at 500 ms: two seconds from there, less the drift and the lead.
    rig.elapse(milliseconds(1_000));
    expect(rig.state).toBe('MASTER');
    rig.elapse(milliseconds(100));
    expect(rig.state).toBe('BACKUP');
  });
});

describe('a BACKUP whose MASTER disappears', () => {
  function follower(given: Given = {}) {
    const { rig, other } = pair(given);
    rig.hear(advert());
    other.says({ state: 'MASTER', claims: true });
    return { rig, other };
  }

  test('waits for the end of its promise with the key in its hand', () => {
    const { rig } = follower({ instance: { advertisementInterval: milliseconds(100) } });
    const heardAt = rig.now;
    rig.hear(advert({ interval: milliseconds(100) }));
    answering(rig, seconds(3), undefined);
    expect(rig.view().witness?.right).toBe('held');
    // The ttl, a ninehundredth of it, and 50 ms.
    expect(rig.view().since - heardAt).toBe(2_000_000 + 2_223 + 50_000);
  });

  test('says no promise to a director that it does not believe, which would count from the echo', () => {
    const { rig, other } = follower();
    expect(pass(rig, milliseconds(500), other).join()).toContain('promises lb1');
    // Nothing arrives for four heartbeats; then only one direction works.
    rig.elapse(milliseconds(200));
    const said: string[] = [];
    for (let i = 0; i < 20; i++) {
      said.push(...other.saysDeaf(), ...rig.elapse(milliseconds(50)));
    }
    expect(said.join()).toContain('web BACKUP');
    expect(said.join()).not.toContain('promises');
  });

  test('is bound from the last datagram that it has echoed, of a process that it does not believe, too', () => {
    const { rig, other } = follower({ instance: { advertisementInterval: milliseconds(100) } });
    rig.hear(advert({ interval: milliseconds(100) }));
    rig.elapse(milliseconds(150));
    other.saysDeaf('00000000000000cc');
    const heardAt = rig.now;
    answering(rig, seconds(3), undefined);
    expect(rig.view().witness?.right).toBe('held');
    expect(rig.view().since - heardAt).toBe(2_000_000 + 2_223 + 50_000);
  });

  test.each([
    ['gives the MASTER another address', ip('198.51.100.9')],
    ['removes the MASTER and adds it again', undefined],
  ])('is bound by its promise after a reload that %s', (_, address) => {
    const { rig, other } = follower({ instance: { advertisementInterval: milliseconds(100) } });
    for (let i = 0; i < 30; i++) {
      rig.hear(advert({ interval: milliseconds(100) }));
      pass(rig, milliseconds(100), other);
    }
    const heardAt = rig.now;
    const settings = {
      ...{ router: 'lb2', linger: 'off' as const, syncGroups: [] },
      instances: [instanceOf({ witness: true, advertisementInterval: milliseconds(100) })],
      ...{ peerLink: linkTo(['lb1']), witness: { ttl: TTL, onLoss: 'release' as const } },
    };
    const reload = (from: Settings, to: Settings) =>
      rig.handle({ kind: 'settings.changed', change: settingsChange(from, to) });
    const another = { name: address === undefined ? 'lb3' : 'lb1', address: address ?? PEER };
    const changed = { ...settings, peerLink: linkTo([], { directors: [another] }) };
    reload(settings, changed);
    if (address === undefined) reload(changed, settings);
    openLink(rig);
    answering(rig, seconds(3), undefined);
    expect(rig.view().witness?.right).toBe('held');
    expect(rig.view().since - heardAt).toBe(2_000_000 + 2_223 + 50_000);
  });

  test('does not take over while the witness refuses, and at once when the key is free', () => {
    const { rig } = follower();
    answering(rig, seconds(10), REFUSED);
    expect([rig.state, rig.view().witness?.holder]).toEqual(['BACKUP', 'lb1']);
    rig.reports.splice(0);
    rig.handle({ kind: 'witness.freed', instance: 'web' });
    answer(rig, undefined);
    expect(rig.state).toBe('MASTER');
  });

  test('takes over under go_on if the witness is silent, after its promise', () => {
    const { rig } = follower({ onLoss: 'go_on' });
    answering(rig, seconds(6), FAILED);
    expect([rig.state, rig.view().witness?.right]).toEqual(['MASTER', 'went-on']);
  });

  test('that starts alone asks first, after what a former process may have promised', () => {
    const rig = new Rig([{ witness: true, priority: 255 }], {
      ...{ router: 'lb2', peerLink: linkTo(['lb1']), witness: { ttl: TTL, onLoss: 'release' } },
    });
    rig.start();
    openLink(rig);
    const startedAt = rig.now;
    answering(rig, seconds(6), undefined);
    expect(rig.state).toBe('MASTER');
    expect(rig.view().since - startedAt).toBeGreaterThan(TTL);
  });
});

describe('a planned move', () => {
  test('goes to a smaller director, which waits for the promise of the one that leaves', () => {
    const { rig, other } = master();
    rig.handle({
      ...{ kind: 'request', id: 1, instance: 'web' },
      request: { type: 'failover', to: null, wait: seconds(5), force: false },
    });
    const lines = other.says({ ...FOLLOWS, claims: true, priority: 50 });
    expect(lines).toContainEqual(expect.stringContaining('promises lb1'));
    expect(rig.state).toBe('MASTER');
    rig.hear(advert({ priority: 50 }));
    expect(rig.state).toBe('BACKUP');
  });

  test('hands the key over where a third director is not seen', () => {
    const rig = new Rig([{ witness: true }], {
      ...{ router: 'lb2', peerLink: linkTo(['lb1', 'lb3']) },
      witness: { ttl: TTL, onLoss: 'release' },
    });
    rig.start();
    openLink(rig);
    const other = new Director(rig);
    for (let i = 0; i < 120; i++) {
      other.says(FOLLOWS);
      answering(rig, milliseconds(50), undefined);
    }
    expect([rig.state, rig.view().witness?.right]).toEqual(['MASTER', 'held']);
    rig.handle({
      ...{ kind: 'request', id: 1, instance: 'web' },
      request: { type: 'failover', to: null, wait: seconds(5), force: false },
    });
    rig.reports.splice(0);
    other.says({ ...FOLLOWS, claims: true, priority: 50 });
    const asks = rig.reports.flatMap((one) =>
      one.kind === 'witness-request' ? [one.request.ask] : [],
    );
    expect(asks).toEqual([{ type: 'hand-over', to: 'lb1' }]);
    const lines = answer(rig, undefined);
    expect(lines.some((line) => line.includes('web MASTER') && !line.includes('claims'))).toBe(
      true,
    );
    expect(rig.state).toBe('MASTER');
    rig.hear(advert({ priority: 50 }));
    expect(rig.state).toBe('BACKUP');
  });
});

describe('other ways to become MASTER', () => {
  const PAIR = {
    ...{ router: 'lb2', peerLink: linkTo(['lb1']) },
    witness: { ttl: TTL, onLoss: 'release' as const },
  };

  test('the next process continues with the right that the former one had', () => {
    const { rig, other } = master();
    const next = new Rig([{ witness: true }], { ...PAIR, standby: true });
    next.start([
      linkOf({ addresses: [...linkOf().addresses, addressOf('203.0.113.100/32', OURS)] }),
    ]);
    openLink(next);
    pass(rig, milliseconds(100), other);
    next.now = rig.now;
    next.handle({ kind: 'adopt', capture: JSON.parse(JSON.stringify(rig.engine.capture())) });
    expect([next.state, next.view().witness?.right]).toEqual(['MASTER', 'peers']);
    next.elapse(TTL);
    expect(next.state).toBe('BACKUP');
  });

  test('one that was killed stays MASTER, and renews nothing until the others agree', () => {
    const masterships = new Float64Array(mastershipsLength(1));
    const former = new Rig([{ witness: true }], { ...PAIR, masterships });
    former.start();
    openLink(former);
    const other = new Director(former);
    other.says(WAITS);
    pass(former, seconds(4), other);
    other.says(FOLLOWS);
    const addresses = [...linkOf().addresses, addressOf('203.0.113.100/32', OURS)];
    const rig = new Rig([{ witness: true }], { ...PAIR, links: [linkOf({ addresses })] });
    rig.now = former.now;
    rig.handle({ kind: 'resume', former: formerMasterships(masterships), keepsRouting: true });
    rig.start();
    openLink(rig);
    expect(rig.state).toBe('MASTER');
    const lines = rig.elapse(milliseconds(900));
    expect(lines.filter((line) => line.startsWith('renew'))).toEqual([]);
    const seen = new Director(rig);
    seen.says(FOLLOWS);
    const renewed = pass(rig, seconds(2), seen);
    expect([rig.state, rig.view().witness?.right]).toEqual(['MASTER', 'peers']);
    expect(renewed).toContain('renew 203.0.113.100/32');
  });

  test('one that was killed releases after a second without them', () => {
    const masterships = new Float64Array(mastershipsLength(1));
    const former = new Rig([{}], { masterships });
    former.start();
    former.becomeMaster();
    const addresses = [...linkOf().addresses, addressOf('203.0.113.100/32', OURS)];
    const rig = new Rig([{ witness: true }], { ...PAIR, links: [linkOf({ addresses })] });
    rig.now = former.now;
    rig.handle({ kind: 'resume', former: formerMasterships(masterships), keepsRouting: true });
    rig.start();
    openLink(rig);
    rig.elapse(milliseconds(999));
    expect(rig.state).toBe('MASTER');
    rig.elapse(milliseconds(2));
    expect([rig.state, rig.view().lastTransition?.cause]).toEqual(['BACKUP', 'witness-lost']);
  });

  test('before_master and the witness both have to agree', () => {
    const { rig, other } = pair({
      instance: { beforeMaster: { deadline: seconds(5), onFailure: 'abort' } },
    });
    pass(rig, seconds(4), other);
    other.says(FOLLOWS);
    expect(rig.state).toBe('BACKUP');
    rig.handle({ kind: 'before-master.answered', instance: 'web', id: 1, granted: true });
    other.says(FOLLOWS);
    expect(rig.state).toBe('MASTER');
  });

  test('a command that fails aborts, and one that may fail does not replace the right', () => {
    for (const onFailure of ['abort', 'proceed'] as const) {
      const { rig, other } = pair({
        instance: { beforeMaster: { deadline: seconds(1), onFailure } },
      });
      pass(rig, seconds(4), other);
      rig.handle({ kind: 'before-master.answered', instance: 'web', id: 1, granted: false });
      pass(rig, milliseconds(200), other);
      expect(rig.state).toBe('BACKUP');
      other.says(FOLLOWS);
      expect(rig.state).toBe(onFailure === 'abort' ? 'BACKUP' : 'MASTER');
    }
  });

  test('a sync group becomes MASTER together, once the member with a witness may', () => {
    const rig = new Rig(
      [{ witness: true }, { name: 'mail', vrid: 56, addresses: [vip('203.0.113.101')] }],
      {
        ...PAIR,
        syncGroups: [{ name: 'pair', instances: ['web', 'mail'], mode: 'all', track: [] }],
      },
    );
    rig.start();
    openLink(rig);
    const other = new Director(rig);
    other.says(WAITS);
    pass(rig, seconds(5), other);
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['BACKUP', 'BACKUP']);
    other.says(FOLLOWS);
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['MASTER', 'MASTER']);
    rig.elapse(TTL);
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['BACKUP', 'BACKUP']);
  });

  test('members of a sync group ask one after the other, so that no two directors have one key each', () => {
    const second = { name: 'mail', vrid: 56, addresses: [vip('203.0.113.101')], witness: true };
    const rig = new Rig([second, { witness: true }], {
      ...PAIR,
      syncGroups: [{ name: 'pair', instances: ['web', 'mail'], mode: 'all', track: [] }],
    });
    rig.start();
    openLink(rig);
    const asks: string[] = [];
    const pairAnswering = (duration: Duration, webIs: WitnessAnswer | undefined) => {
      for (let left: number = duration; left > 0; left -= 10_000) {
        rig.elapse(milliseconds(10));
        for (const one of rig.reports.splice(0)) {
          if (one.kind !== 'witness-request') continue;
          const { id, instance, ask } = one.request;
          asks.push(`${ask.type} ${instance}`);
          const given = (instance === 'web' ? webIs : undefined) ?? OUTCOMES[ask.type];
          rig.handle({ kind: 'witness.answered', id, instance, answer: given });
        }
      }
    };
    pairAnswering(seconds(8), REFUSED);
    expect(new Set(asks)).toEqual(new Set(['acquire web']));
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['BACKUP', 'BACKUP']);
    asks.splice(0);
    pairAnswering(seconds(1), undefined);
    expect(asks.slice(0, 2)).toEqual(['acquire web', 'acquire mail']);
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['MASTER', 'MASTER']);
    pairAnswering(seconds(1), { outcome: 'lost', holder: 'lb1' });
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['BACKUP', 'BACKUP']);
    expect(asks.at(-1)).not.toBe('renew mail');
    expect(asks).toContain('release mail');
  });

  test.each([
    ['any', true],
    ['all', false],
  ] as const)(
    'a member of a group with mode %s that waits for a sibling in vain gives its key back: %s',
    (mode, gives) => {
      const second = { name: 'mail', vrid: 56, addresses: [vip('203.0.113.101')], witness: true };
      const rig = new Rig([second, { witness: true }], {
        ...PAIR,
        syncGroups: [{ name: 'pair', instances: ['web', 'mail'], mode, track: [] }],
      });
      rig.start();
      openLink(rig);
      const asks: string[] = [];
      for (let left = 1_200; left > 0; left--) {
        rig.elapse(milliseconds(10));
        for (const one of rig.reports.splice(0)) {
          if (one.kind !== 'witness-request') continue;
          const { id, instance, ask } = one.request;
          asks.push(`${ask.type} ${instance}`);
          const given =
            instance === 'mail' && ask.type === 'acquire' ? REFUSED : OUTCOMES[ask.type];
          rig.handle({ kind: 'witness.answered', id, instance, answer: given });
        }
      }
      expect(asks.includes('release web')).toBe(gives);
      // It tries again, after another director has had its turn.
      if (gives)
        expect(asks.lastIndexOf('acquire web')).toBeGreaterThan(asks.indexOf('release web'));
      expect(asks.filter((one) => one === 'release web').length).toBeLessThan(6);
    },
  );

  test('a director that has another name for the instance makes the key worthless, and is reported', () => {
    const rig = new Rig([{ witness: true, advertisementInterval: milliseconds(100) }], PAIR);
    rig.start();
    openLink(rig);
    const other = new Director(rig);
    other.says({ ...FOLLOWS, name: 'www' });
    pass(rig, seconds(5), other);
    const found = rig.reports.filter((one) => one.kind === 'peer-configuration');
    expect(found).toMatchObject([
      { peer: 'lb1', differs: expect.arrayContaining(['instances.web.name']) },
    ]);
    expect(rig.state).toBe('MASTER');
    answering(rig, seconds(5), undefined);
    expect([rig.state, rig.view().witness?.holds]).toEqual(['BACKUP', false]);
    expect(rig.view().lastTransition?.reason).toBe(
      'lb1 does not agree or is not seen, and the witness cannot decide: lb1 calls the instance www',
    );
  });

  test('members of a sync group claim one after the other, and become MASTER together', () => {
    const second = { name: 'mail', vrid: 56, addresses: [vip('203.0.113.101')], witness: true };
    const rig = new Rig([second, { witness: true }], {
      ...PAIR,
      syncGroups: [{ name: 'pair', instances: ['web', 'mail'], mode: 'all', track: [] }],
    });
    rig.start();
    openLink(rig);
    const web = new Director(rig);
    web.says(WAITS);
    const lines = pass(rig, seconds(5), web);
    expect(lines.some((line) => /web BACKUP.* claims/.test(line))).toBe(true);
    expect(lines.some((line) => /mail BACKUP.* claims/.test(line))).toBe(false);
    const now = web.says(FOLLOWS);
    expect(now.some((line) => /mail BACKUP.* claims/.test(line))).toBe(true);
    web.says({ ...FOLLOWS, name: 'mail', vrid: 56 });
    expect([rig.view(0).state, rig.view(1).state]).toEqual(['MASTER', 'MASTER']);
  });

  test('maintenance gives the key back', () => {
    const { rig } = master();
    answering(rig, seconds(3), undefined);
    rig.handle({
      ...{ kind: 'request', id: 1, instance: 'web' },
      request: { type: 'maintenance-on', wait: seconds(1), force: true },
    });
    rig.reports.splice(0);
    rig.elapse(seconds(3));
    expect(asked(rig)).toContain('release');
    expect([rig.state, rig.view().witness?.holds]).toEqual(['FAULT', false]);
  });
});

const OURS = { ours: true };

function vip(address: string) {
  return { address: ip(address), prefixLength: 32, interface: 'eth0' };
}
