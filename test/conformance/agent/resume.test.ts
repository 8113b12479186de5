/** A process that died as MASTER, and the one that is started after it. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { after, type Duration, seconds } from '../../../src/net/time.ts';
import {
  type FormerMastership,
  formerMasterships,
  mastershipsLength,
} from '../../../src/protocol/engine/masterships.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { addressOf, advert, defaultRoute, linkOf, Rig, type RigOptions } from '../rig.ts';

const OURS = { ours: true };
const VIP_TEXT = '203.0.113.100/32';
const OTHER_VIP = '203.0.113.101';

const linkWith = (...vips: ReturnType<typeof addressOf>[]) =>
  linkOf({ addresses: [...linkOf().addresses, ...vips] });

const HELD = linkWith(addressOf(VIP_TEXT, OURS));

const rows = (count = 1) => new Float64Array(mastershipsLength(count));

/** A MASTER that has just advertised, and what it leaves when it is killed now. */
function killed(more: Partial<InstanceSettings> = {}): { rig: Rig; left: FormerMastership[] } {
  const masterships = rows();
  const rig = new Rig([more], { masterships });
  rig.start();
  rig.becomeMaster();
  rig.elapse(seconds(1));
  return { rig, left: formerMasterships(masterships) };
}

interface Restart extends Partial<RigOptions> {
  readonly left: readonly FormerMastership[];
  readonly silence: number;
  readonly settings?: readonly Partial<InstanceSettings>[];
  readonly keepsRouting?: boolean;
  readonly keepsAddresses?: boolean;
}

/** The next process, this long after the last advertisement. */
function restarted({ left, silence, settings = [{}], ...more }: Restart) {
  const { keepsRouting = true, keepsAddresses = false, ...options } = more;
  const rig = new Rig(settings, { links: [HELD], ...options });
  const [last] = left;
  rig.now = after(last?.lastSentAt ?? rig.now, silence as Duration);
  rig.handle({ kind: 'resume', former: left, keepsRouting, keepsAddresses });
  const lines = rig.start();
  return { rig, lines };
}

describe('FR-P: an agent that died as MASTER and is started again', () => {
  test('in time is MASTER again at once, without a change of its addresses', () => {
    const { left } = killed();
    const { rig, lines } = restarted({ left, silence: 400_000 });
    expect(rig.state).toBe('MASTER');
    expect(rig.view().lastTransition).toMatchObject({
      from: 'INIT',
      cause: 'still-master',
      reason: 'started again 400ms after its last advertisement as MASTER',
    });
    expect(lines.filter((line) => /^(add|remove) /.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('advert'))).toEqual(['advert 100 to 224.0.0.18']);
  });

  test.each([
    [400_000, 'MASTER'],
    [20_000_000, 'BACKUP'],
  ] as const)('leaves no route in place of a missing one (%i us later, %s)', (silence, state) => {
    const wide = { addresses: [{ ...addressOf('203.0.113.100/24'), interface: 'eth0' }] };
    const { left } = killed(wide);
    const own = addressOf('203.0.113.11/24');
    const links = [linkWith(own, addressOf(VIP_TEXT, OURS))];
    const { rig, lines } = restarted({ left, silence, settings: [wide], links });
    expect(rig.state).toBe(state);
    expect(lines).toContain('remove route 203.0.113.0/24 dev eth0 metric 2048');
    rig.elapse(seconds(2));
    expect(rig.view().routing).toEqual([]);
  });

  test.each([
    [3, 3_003_906],
    [2, 3_003_906],
  ] as const)(
    'in version %i is BACKUP as soon as a peer of the highest priority may have taken over',
    (version, limit) => {
      const settings = [{ version }];
      const { left } = killed({ version });
      expect(restarted({ left, silence: limit - 1, settings }).rig.state).toBe('MASTER');
      const { rig, lines } = restarted({ left, silence: limit, settings });
      expect(rig.state).toBe('BACKUP');
      expect(lines.join('\n')).not.toContain('advert');
    },
  );

  test.each<[string, Partial<Restart>]>([
    ['a VIP is missing', { links: [linkOf()] }],
    ['a VIP is from another program', { links: [linkWith(addressOf(VIP_TEXT))] }],
    [
      'another host has the VIP',
      { links: [linkWith(addressOf(VIP_TEXT, { ours: true, duplicate: true }))] },
    ],
    ['peers wait another time', { settings: [{ advertisementInterval: seconds(2) }] }],
    ['it has another VRID', { settings: [{ vrid: 56 }] }],
    ['the time of its last advertisement is yet to come', { silence: -1 }],
    ['nothing is known', { left: [] }],
  ])('is BACKUP if %s', (_, given) => {
    const { left } = killed();
    expect(restarted({ left, silence: 400_000, ...given }).rig.state).toBe('BACKUP');
  });

  describe('and tracks an object that has no result yet', () => {
    const source = { kind: 'ipvs', probe: 'ipvs shop', init: 'wait' } as const;
    const weighted = [{ track: [{ name: 'ipvs:shop', source, weight: 60 }] }];
    const settings = [{ track: [{ name: 'ipvs:shop', source, weight: undefined }] }];
    const result = (up: boolean) =>
      ({ kind: 'probe.changed', probe: 'ipvs shop', up, value: undefined, detail: '' }) as const;

    test('is MASTER again at once, until the object is known to be down', () => {
      const { left } = killed();
      const { rig, lines } = restarted({ left, silence: 400_000, settings });
      expect(rig.view()).toMatchObject({ state: 'MASTER', faults: [] });
      expect(lines.filter((line) => /^(add|remove) /.test(line))).toEqual([]);
      rig.handle(result(true));
      expect(rig.state).toBe('MASTER');
      rig.handle(result(false));
      expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:ipvs:shop'] });
    });

    test('advertises the priority that it had, until the object is known to be down', () => {
      const { left } = killed();
      const { rig, lines } = restarted({ left, silence: 400_000, settings: weighted });
      expect(lines.join()).toContain('advert 160');
      rig.handle(result(false));
      expect(rig.view()).toMatchObject({ state: 'MASTER', priority: { effective: 100 } });
    });

    test('is MASTER over a takeover by the next process before the first result', () => {
      const { left } = killed();
      const { rig } = restarted({ left, silence: 400_000, settings: weighted });
      const next = new Rig(weighted, { links: [HELD], standby: true });
      next.now = rig.now;
      next.start();
      const capture = JSON.parse(JSON.stringify(rig.engine.capture()));
      next.handle({ kind: 'adopt', capture });
      expect(next.view()).toMatchObject({ state: 'MASTER', priority: { effective: 160 } });
    });

    test('waits for the result once it has yielded', () => {
      const { left } = killed();
      const { rig } = restarted({ left, silence: 400_000, settings });
      rig.hear(advert({ priority: 200 }));
      expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:ipvs:shop'] });
    });

    test('waits for the result as the owner of its addresses, whose start shows no mastership', () => {
      const { left } = killed();
      const owner = [{ ...settings[0], priority: 255 }];
      const links = [linkWith(addressOf(VIP_TEXT))];
      const { rig } = restarted({ left, silence: 400_000, settings: owner, links });
      expect(rig.state).toBe('FAULT');
      rig.handle(result(true));
      expect(rig.state).toBe('MASTER');
    });

    test.each<[string, Partial<Restart>]>([
      ['it is too late', { silence: 4_000_000 }],
      ['a VIP is missing', { links: [linkOf()] }],
    ])('waits for the result if %s', (_, given) => {
      const { left } = killed();
      const { rig } = restarted({ left, silence: 400_000, settings, ...given });
      expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:ipvs:shop'] });
      expect(rig.view().lastTransition).toMatchObject({ from: 'INIT' });
      rig.handle(result(true));
      expect(rig.state).toBe('BACKUP');
    });
  });

  test('is in FAULT if its link is down', () => {
    const { left } = killed();
    const links = [{ ...HELD, running: false }];
    expect(restarted({ left, silence: 400_000, links }).rig.state).toBe('FAULT');
  });

  test('yields to a greater router that has taken over meanwhile', () => {
    const { left } = killed();
    const { rig } = restarted({ left, silence: 400_000 });
    rig.hear(advert({ priority: 200 }));
    expect(rig.state).toBe('BACKUP');
  });

  test('answers a lesser router that has taken over meanwhile, and announces its VIP', () => {
    const { left } = killed();
    const { rig } = restarted({ left, silence: 400_000 });
    rig.elapse(seconds(0.5));
    expect(rig.hear(advert({ priority: 50 })).join('\n')).toContain('advert 100');
    expect(rig.state).toBe('MASTER');
  });

  test('uses the checksum form that its peers understand', () => {
    const masterships = rows();
    const before = new Rig([{}], { masterships });
    before.start();
    before.hear(advert({ priority: 50, form: 'pseudo_header' }));
    before.becomeMaster();
    const { rig } = restarted({ left: formerMasterships(masterships), silence: 400_000 });
    expect(before.engine.capture().routers[0]?.forms).toEqual([['224.0.0.18', 'pseudo_header']]);
    expect(rig.engine.capture().routers[0]?.forms).toEqual([['224.0.0.18', 'pseudo_header']]);
  });

  test('sends an IPv6 list without the link-local address to peers that want it so', () => {
    const vips = ['fe80::100', '2001:db8::100'].map((text) => ip(text));
    const settings: Partial<InstanceSettings> = {
      family: 'ipv6',
      addresses: vips.map((address) => ({ address, prefixLength: 64, interface: 'eth0' })),
    };
    const masterships = rows();
    const before = new Rig([settings], { masterships });
    before.start();
    before.hear(advert({ source: ip('fe80::12'), priority: 50, addresses: vips.slice(1) }));
    before.becomeMaster();
    const links = [linkWith(...vips.map((address) => addressOf(`${address}/128`, OURS)))];
    const left = formerMasterships(masterships);
    const { rig } = restarted({ left, silence: 1, settings: [settings], links });
    expect(rig.state).toBe('MASTER');
    expect(rig.engine.capture().routers[0]?.withoutLinkLocal).toEqual([ip('ff02::12')]);
  });

  test('keeps its routes, and removes those of a router that is not MASTER again', () => {
    const route = { routes: [defaultRoute(ip('192.0.2.1'))] };
    const { left } = killed(route);
    const held = restarted({ left, silence: 400_000, settings: [route] });
    expect(held.lines.filter((line) => line.startsWith('remove'))).toEqual([]);
    const late = restarted({ left, silence: 4_000_000, settings: [route] });
    expect(late.lines.filter((line) => line.startsWith('remove')).join()).toContain('route');
  });
});

describe('FR-P: the VIPs of a process that was killed, when the next one starts as BACKUP', () => {
  const LATE = 3_100_000;
  const kept = (more: Partial<Restart> = {}) =>
    restarted({ left: killed().left, silence: LATE, keepsAddresses: true, ...more });
  const touched = (lines: readonly string[]) =>
    lines.filter((line) => /^(add|remove|renew) /.test(line));

  test.each([50, 100, 200])('stay until it hears another MASTER, of priority %i', (priority) => {
    const { rig, lines } = kept();
    expect(rig.state).toBe('BACKUP');
    expect(touched([...lines, ...rig.elapse(seconds(1))])).toEqual([]);
    expect(touched(rig.hear(advert({ priority })))).toEqual([`remove ${VIP_TEXT}`]);
    expect(touched(rig.elapse(seconds(1)))).toEqual([]);
  });

  test('stay when it becomes MASTER itself, which renews them then and not before', () => {
    const { rig } = kept({ settings: [{ lease: seconds(4) }] });
    const EEXIST = 17;
    rig.errnoOf = () => EEXIST;
    expect(touched(rig.elapse(seconds(3.6)))).toEqual([]);
    expect(touched(rig.elapse(seconds(0.1)))).toEqual([`add ${VIP_TEXT}`, `renew ${VIP_TEXT}`]);
    expect(rig.state).toBe('MASTER');
  });

  test('are not added again when their lifetime ends', () => {
    const { rig } = kept();
    const gone = { index: 2, address: ip('203.0.113.100'), prefixLength: 32 };
    expect(touched(rig.handle({ kind: 'address.removed', ...gone }))).toEqual([]);
    expect(touched(rig.becomeMaster())).toEqual([`add ${VIP_TEXT}`]);
  });

  test.each<[string, Partial<Restart>]>([
    ['the file has another interval', { settings: [{ advertisementInterval: seconds(2) }] }],
    ['nothing is known of the former process', { left: [] }],
  ])('stay although %s', (_, more) => {
    const { rig, lines } = kept(more);
    expect(touched([...lines, ...rig.elapse(seconds(3))])).toEqual([]);
  });

  test('stay although the file has another one now, which is added later', () => {
    const both = [VIP_TEXT, `${OTHER_VIP}/32`].map((text) => addressOf(text));
    const addresses = both.map((one) => ({ ...one, interface: 'eth0' }));
    const { rig, lines } = kept({ silence: 400_000, settings: [{ addresses }] });
    expect(touched(lines)).toEqual([]);
    expect(touched(rig.becomeMaster())).toEqual([`add ${VIP_TEXT}`, `add ${OTHER_VIP}/32`]);
  });

  test.each<[string, Partial<Restart>]>([
    ['`resume` is off', { keepsAddresses: false }],
    ['its link is down', { links: [{ ...HELD, running: false }] }],
    ['it has a witness', { settings: [{ witness: true }] }],
    ['it waits for its start', { left: [], common: { startDelay: seconds(9) } }],
  ])('are removed at once if %s', (_, more) => {
    expect(touched(kept(more).lines)).toEqual([`remove ${VIP_TEXT}`]);
  });

  test('are removed when it has stood still, and when it stops', () => {
    const { rig } = kept();
    rig.freeze(seconds(20));
    expect(touched(rig.turn())).toEqual([`remove ${VIP_TEXT}`]);
    expect(touched(kept().rig.handle({ kind: 'shutdown' }))).toEqual([`remove ${VIP_TEXT}`]);
  });

  test('stay over a takeover by the next process, until that one hears another MASTER', () => {
    const { left } = killed();
    const { rig } = restarted({ left, silence: 4_000_000, keepsAddresses: true });
    const next = new Rig([{}], { links: [HELD], standby: true });
    next.now = rig.now;
    next.start();
    const capture = JSON.parse(JSON.stringify(rig.engine.capture()));
    expect(next.handle({ kind: 'adopt', capture }).join()).not.toContain('remove');
    expect(next.hear(advert({ priority: 200 })).join()).toContain(`remove ${VIP_TEXT}`);
  });

  test('are removed while before_master is asked', () => {
    const beforeMaster = { deadline: seconds(5), onFailure: 'abort' as const };
    const { rig } = kept({ settings: [{ beforeMaster }] });
    expect(touched(rig.becomeMaster())).toEqual([`remove ${VIP_TEXT}`]);
  });

  test('stay with the routes that move with them', () => {
    const settings = [{ routes: [defaultRoute(ip('192.0.2.1'))] }];
    const { rig, lines } = kept({ left: killed(settings[0]).left, settings });
    expect(touched([...lines, ...rig.elapse(seconds(1))])).toEqual([]);
    expect(touched(rig.hear(advert({ priority: 200 })))).toEqual([
      expect.stringContaining('remove route default'),
      `remove ${VIP_TEXT}`,
    ]);
  });
});

describe('a sync group', () => {
  const settings = [
    {},
    {
      name: 'mail',
      vrid: 56,
      addresses: [{ address: ip(OTHER_VIP), prefixLength: 32, interface: 'eth0' }],
    },
  ];
  const syncGroups = [
    { name: 'both', instances: ['web', 'mail'], mode: 'all' as const, track: [] },
  ];
  const left = () => {
    const masterships = rows(2);
    const rig = new Rig(settings, { masterships, syncGroups });
    rig.start();
    rig.becomeMaster();
    return formerMasterships(masterships);
  };
  const other = addressOf(`${OTHER_VIP}/32`, OURS);

  test('is MASTER again as a whole', () => {
    const links = [linkWith(addressOf(VIP_TEXT, OURS), other)];
    const { rig } = restarted({ left: left(), silence: 400_000, settings, syncGroups, links });
    expect(rig.engine.view().map(({ state }) => state)).toEqual(['MASTER', 'MASTER']);
  });

  test('FR-P: that starts as BACKUP keeps its VIPs until its members are MASTER', () => {
    const links = [linkWith(other)];
    const more = { settings, syncGroups, links, keepsAddresses: true };
    const { rig, lines } = restarted({ left: left(), silence: 400_000, ...more });
    const all = [...lines, ...rig.becomeMaster()];
    expect(rig.engine.view().map(({ state }) => state)).toEqual(['MASTER', 'MASTER']);
    expect(all.filter((line) => line.startsWith('remove'))).toEqual([]);
  });

  test('FR-P: that starts as BACKUP removes all its VIPs when one member knows of a MASTER', () => {
    const links = [linkWith(addressOf(VIP_TEXT, OURS), other)];
    const more = { settings, syncGroups, links, keepsAddresses: true };
    const { rig } = restarted({ left: left(), silence: 4_000_000, ...more });
    const removed = rig.hear(advert({ priority: 200 })).filter((line) => line.startsWith('remove'));
    expect(removed.map((line) => line.split(' ')[1])).toEqual([VIP_TEXT, `${OTHER_VIP}/32`]);
  });

  test('starts as BACKUP if one member has lost a VIP', () => {
    const links = [linkWith(other)];
    const { rig } = restarted({ left: left(), silence: 400_000, settings, syncGroups, links });
    expect(rig.engine.view().map(({ state }) => state)).toEqual(['BACKUP', 'BACKUP']);
  });
});

describe('what a process leaves', () => {
  test('is the time of an advertisement that has left', () => {
    const masterships = rows();
    const rig = new Rig([{}], { masterships });
    rig.start();
    rig.becomeMaster();
    const before = formerMasterships(masterships)[0]?.lastSentAt;
    rig.now = rig.engine.deadline();
    rig.engine.handle({ kind: 'wake' }, rig.now);
    expect(formerMasterships(masterships)[0]?.lastSentAt).toBe(before);
    rig.engine.performed();
    expect(formerMasterships(masterships)[0]?.lastSentAt).toBe(rig.now);
  });

  test('does not count an advertisement that the host has refused to send', () => {
    const masterships = rows();
    const rig = new Rig([{}], { masterships });
    rig.start();
    rig.becomeMaster();
    const before = formerMasterships(masterships);
    rig.now = rig.engine.deadline();
    rig.engine.handle({ kind: 'wake' }, rig.now);
    rig.handle({ kind: 'send.failed', errno: 'EPERM', count: 1, unheard: [0] });
    expect(formerMasterships(masterships)).toEqual(before);
  });

  test.each<[string, (rig: Rig) => void]>([
    ['priority 0', (rig) => rig.engine.handle({ kind: 'shutdown' }, rig.now)],
    ['a greater router', (rig) => rig.hear(advert({ priority: 200 }))],
    [
      'a stall',
      (rig) => {
        rig.freeze(seconds(5));
        rig.turn();
      },
    ],
    ['a link that is down', (rig) => rig.start([{ ...HELD, running: false }])],
  ])('is nothing after %s', (_, end) => {
    const masterships = rows();
    const rig = new Rig([{}], { masterships, linger: 'auto' });
    rig.start();
    rig.becomeMaster();
    expect(formerMasterships(masterships)).toHaveLength(1);
    end(rig);
    expect(formerMasterships(masterships)).toEqual([]);
  });

  test('is nothing of a BACKUP, or of a router that the former process had and this one has not', () => {
    const masterships = rows(2);
    const before = new Rig([{}, { name: 'mail', vrid: 56 }], { masterships });
    before.start();
    before.becomeMaster();
    const left = formerMasterships(masterships);
    expect(left).toHaveLength(2);
    const settings = [{ vrid: 56 }];
    restarted({ left, silence: 4_000_000, settings, masterships });
    expect(formerMasterships(masterships)).toEqual([]);
  });

  test('is ignored where numbers are no times', () => {
    const [row] = killed().left;
    expect(formerMasterships(new Float64Array([1, Number.NaN, 0, 0, 1, 1.5, 0, 0]))).toEqual([]);
    expect(formerMasterships(new Float64Array([1, -5, 0, 0, 1, 1e300, 0, 0, 7, 7]))).toEqual([]);
    expect(row?.lastSentAt).toBeGreaterThan(0);
  });
});
