/** A unicast router that starts makes itself known, and asks for its peers, before their silence counts. */
import { describe, expect, test } from 'vitest';
import { ip, mac, NO_MAC } from '../../../src/net/address.ts';
import { milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import {
  addressOf,
  advert,
  INDEX,
  instanceOf,
  linkOf,
  OWN,
  OWN6,
  PEER,
  PEER6,
  Rig,
  VIP,
} from '../rig.ts';

const FAR = ip('198.51.100.9');
const PEER_MAC = mac('02:00:00:00:00:12');
const UNICAST = {
  unicast: {
    source: undefined,
    peers: [PEER, FAR].map((address) => ({ address, minimumTtl: 255 })),
  },
};
const GREETING = ['arp request 192.0.2.11', 'arp question 192.0.2.12', 'arp question 198.51.100.9'];
const toUs = advert({ destination: OWN });

function started(more: Partial<InstanceSettings> = {}): { rig: Rig; lines: string[] } {
  const rig = new Rig([{ ...UNICAST, ...more }]);
  return { rig, lines: rig.start().filter(isFrame) };
}

function isFrame(line: string): boolean {
  return /^(arp|ns|na) /.test(line);
}

describe('FR-B100 a unicast router', () => {
  test('announces its source and asks its peers at the start', () => {
    expect(started().lines).toEqual(GREETING);
  });

  test('does so over IPv6: a failed entry is revived by a question only', () => {
    const peers = [{ address: PEER6, minimumTtl: 1 }];
    const { lines } = started({ family: 'ipv6', unicast: { source: OWN6, peers } });
    expect(lines).toEqual([`na ${OWN6}`, `ns ${PEER6}`]);
  });

  test('does so as the owner of the addresses', () => {
    const { rig, lines } = started({ priority: 255 });
    expect(rig.state).toBe('MASTER');
    expect(lines).toEqual(expect.arrayContaining(GREETING));
  });

  test('does so when it returns from FAULT', () => {
    const { rig } = started();
    rig.handle({ kind: 'link.changed', link: linkOf({ running: false }) });
    expect(rig.state).toBe('FAULT');
    rig.elapse(seconds(10));
    const lines = rig.handle({ kind: 'link.changed', link: linkOf() });
    expect(lines.filter(isFrame)).toEqual(GREETING);
  });

  test('does so after a stall', () => {
    const { rig } = started();
    rig.hear(toUs);
    rig.freeze(seconds(20));
    expect(rig.turn().filter(isFrame)).toEqual(GREETING);
  });

  test.each(['BACKUP', 'MASTER'])('does so with another MAC address, as %s', (state) => {
    const { rig } = started();
    if (state === 'MASTER') rig.becomeMaster();
    else rig.hear(toUs);
    const link = linkOf({ mac: mac('02:00:00:00:00:77') });
    const lines = rig.handle({ kind: 'link.changed', link });
    expect(rig.state).toBe(state);
    expect(lines.filter(isFrame)).toEqual(expect.arrayContaining(GREETING));
  });

  test('does so with another source', () => {
    const { rig } = started();
    rig.hear(toUs);
    const address = addressOf('192.0.2.21/24');
    rig.handle({ kind: 'address.added', index: INDEX, address });
    const gone = { index: INDEX, address: OWN, prefixLength: 24 };
    expect(rig.handle({ kind: 'address.removed', ...gone }).filter(isFrame)).toEqual([
      ...['arp request 192.0.2.21', ...GREETING.slice(1)],
    ]);
  });

  test('repeats it until it hears an advertisement, at most three times', () => {
    const quiet = started({ preempt: false }).rig;
    expect(quiet.elapse(seconds(3)).filter(isFrame)).toEqual([GREETING, GREETING, GREETING].flat());
    const { rig } = started();
    rig.elapse(milliseconds(500));
    rig.hear(toUs);
    expect(rig.elapse(seconds(2)).filter(isFrame)).toEqual([]);
  });

  test('does none of it in a process that continues another one, until its MAC address changes', () => {
    const { rig } = started();
    rig.hear(toUs);
    const next = new Rig([UNICAST], { standby: true });
    const lines = [
      ...next.start(),
      ...next.handle({ kind: 'adopt', capture: rig.engine.capture() }),
    ];
    expect(lines.filter(isFrame)).toEqual([]);
    const link = linkOf({ mac: mac('02:00:00:00:00:77') });
    const changed = next.handle({ kind: 'link.changed', link });
    expect(changed.filter(isFrame)).toEqual(GREETING);
  });

  test('asks no address of this host among the peers of the file', () => {
    const addresses = [addressOf('192.0.2.11/24'), addressOf('198.51.100.9/24')];
    const rig = new Rig([UNICAST], { links: [linkOf({ addresses })] });
    expect(rig.start().filter(isFrame)).toEqual(GREETING.slice(0, 2));
  });

  test.each([
    ['ipv4', '198.18.0.1', PEER, ['arp request 192.0.2.11', 'arp question 192.0.2.12']],
    ['ipv6', '2001:db8:9::1', PEER6, [`na ${OWN6}`, `ns ${PEER6}`]],
  ] as const)(
    'with a source on another link announces what leads to it: the address of its own link, %s',
    (family, source, peer, lines) => {
      const loopback = linkOf({
        ...{ index: 1, name: 'lo', mac: NO_MAC },
        addresses: [addressOf(`${source}/${family === 'ipv4' ? 32 : 128}`)],
      });
      const peers = [{ address: peer, minimumTtl: 1 }];
      const unicast = { source: ip(source), peers };
      const rig = new Rig([{ family, unicast }], { links: [loopback, linkOf()] });
      expect(rig.start().filter(isFrame)).toEqual(lines);
    },
  );

  test('asks the peers that a reload adds or makes of a multicast router', () => {
    for (const unicast of [undefined, { source: undefined, peers: [] }]) {
      const rig = new Rig([{ unicast }]);
      rig.start();
      rig.hear(advert());
      const settings = (more: Partial<InstanceSettings>) => ({
        router: 'lb1',
        linger: 'off' as const,
        syncGroups: [],
        instances: [instanceOf(more)],
      });
      const change = settingsChange(settings({ unicast }), settings(UNICAST));
      expect(rig.handle({ kind: 'settings.changed', change }).filter(isFrame)).toEqual(GREETING);
    }
  });

  test('leaves a multicast router as it is', () => {
    const rig = new Rig();
    expect(rig.start().filter(isFrame)).toEqual([]);
    expect(rig.handle({ kind: 'link.changed', link: linkOf({ mac: PEER_MAC }) })).toEqual([]);
  });
});

describe('FR-B100 a unicast router that does not depend on its interface', () => {
  const lan = linkOf({ index: 3, name: 'lan', mac: PEER_MAC, addresses: [] });
  const ignoring = {
    addresses: [{ address: VIP, prefixLength: 32, interface: 'lan' }],
    onInterfaceDown: 'ignore',
    preempt: false,
    ...UNICAST,
  } as const;
  const { addresses: _, ...cable } = linkOf();

  test.each([
    ['that lacks its carrier', [linkOf({ running: false })]],
    ['that is missing', []],
  ])('greets by a link %s at the start as soon as it can, as often as others', (_, links) => {
    const rig = new Rig([ignoring], { links: [...links, lan] });
    expect([...rig.start(), ...rig.elapse(seconds(3))].filter(isFrame)).toEqual([]);
    expect(rig.start([linkOf(), lan]).filter(isFrame)).toEqual(GREETING);
    expect(rig.elapse(seconds(4)).filter(isFrame)).toEqual([GREETING, GREETING, GREETING].flat());
  });

  test('counts the silence of a peer from its answer to a late greeting', () => {
    const rig = new Rig([ignoring], { links: [lan] });
    rig.start();
    rig.start([linkOf(), lan]);
    rig.elapse(seconds(3));
    rig.handle({ kind: 'address.claimed', index: INDEX, address: PEER, mac: PEER_MAC });
    rig.elapse(seconds(3));
    expect(rig.state).toBe('BACKUP');
  });

  test('greets again when its link has its carrier again', () => {
    const rig = new Rig([ignoring], { links: [linkOf(), lan] });
    rig.start();
    rig.becomeMaster();
    const down = { kind: 'link.changed', link: { ...cable, running: false } } as const;
    expect([...rig.handle(down), ...rig.elapse(seconds(5))].filter(isFrame)).toEqual([]);
    expect(rig.handle({ kind: 'link.changed', link: cable }).filter(isFrame)).toEqual(GREETING);
  });

  test('greets in a process that continues another one only once the link is up', () => {
    const rig = new Rig([ignoring], { links: [linkOf({ running: false }), lan] });
    rig.start();
    const next = new Rig([ignoring], { links: [linkOf({ running: false }), lan], standby: true });
    const adopt = { kind: 'adopt', capture: rig.engine.capture() } as const;
    expect([...next.start(), ...next.handle(adopt)].filter(isFrame)).toEqual([]);
    expect(next.handle({ kind: 'link.changed', link: cable }).filter(isFrame)).toEqual(GREETING);
  });
});

describe('FR-B101 the silence of a peer', () => {
  const answer = { kind: 'address.claimed', index: INDEX, address: PEER, mac: PEER_MAC } as const;

  test('counts from its first answer to ARP, for it could not send before', () => {
    const { rig } = started({ preemptDelay: seconds(30) });
    rig.elapse(seconds(3));
    rig.handle(answer);
    rig.elapse(seconds(3));
    expect(rig.state).toBe('BACKUP');
    rig.hear(advert({ destination: OWN, priority: 50 }));
    rig.elapse(seconds(4));
    expect(rig.view().state).toBe('MASTER');
    expect(rig.view().lastTransition?.cause).toBe('master-silent');
  });

  test('counts from the first answer only', () => {
    const { rig } = started();
    rig.elapse(seconds(1));
    rig.handle(answer);
    rig.elapse(seconds(3));
    rig.handle(answer);
    rig.elapse(seconds(1));
    expect(rig.state).toBe('MASTER');
  });

  test('counts as before once it was heard, and for the answer of a stranger', () => {
    const { rig } = started();
    rig.hear(toUs);
    rig.elapse(seconds(3));
    rig.handle(answer);
    rig.elapse(seconds(1));
    expect(rig.state).toBe('MASTER');
    const other = started().rig;
    other.elapse(seconds(3));
    other.handle({ ...answer, address: ip('192.0.2.99') });
    other.handle({ ...answer, index: 9 });
    other.elapse(seconds(1));
    expect(other.state).toBe('MASTER');
  });
});
