/** A process that died as MASTER, and the one that is started after it. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { after, type Duration, instant, seconds } from '../../../src/net/time.ts';
import {
  type FormerMastership,
  formerMasterships,
  mastershipsLength,
  resumable,
} from '../../../src/protocol/engine/masterships.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import {
  addressOf,
  advert,
  defaultRoute,
  instanceOf,
  linkOf,
  Rig,
  type RigOptions,
} from '../rig.ts';

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
}

/** The next process, this long after the last advertisement. */
function restarted({ left, silence, settings = [{}], keepsRouting = true, ...options }: Restart) {
  const rig = new Rig(settings, { links: [HELD], ...options });
  const [last] = left;
  rig.now = after(last?.lastSentAt ?? rig.now, silence as Duration);
  rig.handle({ kind: 'resume', former: left, keepsRouting });
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

    test.each<[string, Partial<Restart>]>([
      ['it is too late', { silence: 4_000_000 }],
      ['a VIP is missing', { links: [linkOf()] }],
    ])('waits for the result if %s', (_, given) => {
      const { left } = killed();
      const { rig } = restarted({ left, silence: 400_000, settings, ...given });
      expect(rig.view()).toMatchObject({ state: 'FAULT', faults: ['track:ipvs:shop'] });
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

test('the instances that can still be in time, by their settings and times alone', () => {
  const web = instanceOf();
  const { left } = killed();
  const [row] = left;
  const sentAt = row?.lastSentAt ?? instant(0);
  expect(resumable([web], left, after(sentAt, seconds(3)))).toEqual([web]);
  expect(resumable([web], left, after(sentAt, seconds(4)))).toEqual([]);
  expect(resumable([web], left, instant(sentAt - 1))).toEqual([]);
  expect(resumable([instanceOf({ vrid: 56 })], left, sentAt)).toEqual([]);
});
