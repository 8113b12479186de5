/** The virtual MAC address: the frames that carry it, and the state of its link. */
import { describe, expect, test } from 'vitest';
import { ip, mac } from '../../../src/net/address.ts';
import type { LinkState, OutgoingDatagram } from '../../../src/net/link.ts';
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import type { Output } from '../../../src/protocol/engine/outputs.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';
import { addressOf, advert, answered, INDEX, instanceOf, linkOf, Rig, VIP, VIP6 } from '../rig.ts';

const VIRTUAL_MAC = mac('00:00:5e:00:01:37');
const NAME = 'vr4-55-eth0';
const LINK_INDEX = 9;
const ONE_ROUND = { repeat: 1, secondBurstAfter: 0 as Duration, refresh: 0 as Duration } as const;
const GARP = { ...ONE_ROUND, form: 'request' } as const;
const ENODEV = 19;
const EPERM = 1;

function virtualLink(more: Partial<LinkState> = {}): LinkState {
  const state = { mtu: 1500, up: false, running: false, addresses: [] };
  return { index: LINK_INDEX, name: NAME, mac: VIRTUAL_MAC, ...state, ...more };
}

function settings(more: Partial<InstanceSettings> = {}): Partial<InstanceSettings> {
  return {
    garp: GARP,
    addresses: [{ address: VIP, prefixLength: 32, interface: NAME }],
    virtualMac: { interface: NAME, mac: VIRTUAL_MAC },
    ...more,
  };
}

function started(links: readonly LinkState[] = [linkOf(), virtualLink()], more = {}): Rig {
  const rig = new Rig([settings(more)], { links });
  rig.start();
  return rig;
}

/** The kernel's report when the link is set up or down. */
function switched(rig: Rig, up: boolean): string[] {
  const { addresses: _, ...link } = virtualLink({ up, running: up });
  return rig.handle({ kind: 'link.changed', link });
}

function framesOf(outputs: readonly Output[]): Uint8Array[] {
  return outputs.flatMap((output) => {
    if (output.kind === 'frames.send') return output.frames.map(({ frame }) => frame);
    if (output.kind !== 'datagrams.send') return [];
    return output.datagrams.map(({ frame }) => frame ?? new Uint8Array(0));
  });
}

function datagramsOf(outputs: readonly Output[]): OutgoingDatagram[] {
  return outputs.flatMap((one) => (one.kind === 'datagrams.send' ? one.datagrams : []));
}

describe('a router with a virtual MAC', () => {
  test('sets its link up when it becomes MASTER, before its address is added', () => {
    expect(started().becomeMaster()).toEqual([
      `raise ${LINK_INDEX}`,
      `add ${VIP}/32`,
      'advert 100 to 224.0.0.18',
      'BACKUP -> MASTER (master-timeout)',
      `arp request ${VIP}`,
    ]);
  });

  test('removes the addresses that a former run has left on the interface itself, and no others', () => {
    const theirs = addressOf(`${VIP}/24`);
    const left = [addressOf('192.0.2.11/24'), addressOf(`${VIP}/32`, { ours: true }), theirs];
    const rig = new Rig([settings()], { links: [linkOf({ addresses: left }), virtualLink()] });
    expect(rig.start()).toEqual(
      expect.arrayContaining([`remove ${VIP}/32`, `cleaned ${VIP}`, 'INIT -> BACKUP (startup)']),
    );
    expect(rig.becomeMaster()).not.toContain(`remove ${VIP}/24`);
  });

  test('sets it down after the address is gone', () => {
    const rig = started();
    rig.becomeMaster();
    switched(rig, true);
    expect(rig.hear(advert())).toEqual([
      'advert 100 to 224.0.0.18',
      `remove ${VIP}/32`,
      'MASTER -> BACKUP (higher-priority-backup)',
    ]);
    expect(rig.elapse(seconds(1))).toEqual([`set-down ${NAME}`]);
  });

  test('delays an address that is wanted again while the link goes down', () => {
    const rig = started();
    rig.becomeMaster();
    rig.hear(advert());
    rig.elapse(seconds(1));
    const lines = rig.elapse(seconds(4));
    expect(lines).toContain('BACKUP -> MASTER (master-timeout)');
    expect(lines).not.toContain(`add ${VIP}/32`);
    expect(rig.handle({ kind: 'virtual-link.down', name: NAME })).toEqual([
      `raise ${LINK_INDEX}`,
      `add ${VIP}/32`,
      `arp request ${VIP}`,
    ]);
  });

  test('does not set a link down that it needs again', () => {
    const rig = started();
    rig.becomeMaster();
    rig.hear(advert({ interval: milliseconds(10) }), advert({ priority: 0 }));
    expect(rig.elapse(milliseconds(20))).toContain('BACKUP -> MASTER (master-timeout)');
    expect(rig.elapse(seconds(3))).not.toContain(`set-down ${NAME}`);
  });

  test('sets a link with IPv6 addresses down immediately', () => {
    const name = 'vr6-55-eth0';
    const more = {
      family: 'ipv6' as const,
      addresses: [{ address: VIP6, prefixLength: 64, interface: name }],
      virtualMac: { interface: name, mac: mac('00:00:5e:00:02:37') },
    };
    const rig = started([linkOf(), virtualLink({ name })], more);
    rig.becomeMaster();
    expect(rig.hear(advert({ source: ip('fe80::12') })).slice(-1)).toEqual([`set-down ${name}`]);
  });

  test('has its link fitted to the MTU of the interface, once for each', () => {
    const rig = started();
    const { addresses: _, ...parent } = linkOf({ mtu: 9000 });
    expect(rig.handle({ kind: 'link.changed', link: parent })).toEqual([`make ${NAME}`]);
    expect(rig.handle({ kind: 'link.changed', link: parent })).toEqual([]);
    const { addresses: __, ...fitted } = virtualLink({ mtu: 9000 });
    expect(rig.handle({ kind: 'link.changed', link: fitted })).toEqual([]);
    // Another program makes it smaller.
    expect(rig.handle({ kind: 'link.changed', link: { ...fitted, mtu: 1400 } })).toEqual([]);
  });

  test('FR-H sets its link down as BACKUP although another program has added the VIP there', () => {
    const rig = started();
    rig.becomeMaster();
    switched(rig, true);
    // It was deleted and added again, without the mark.
    const theirs = { index: LINK_INDEX, address: addressOf(`${VIP}/32`) };
    rig.handle({ kind: 'address.added', ...theirs });
    const lines = [...rig.hear(advert()), ...rig.elapse(seconds(1))];
    expect(rig.state).toBe('BACKUP');
    expect(lines).not.toContain(`remove ${VIP}/32`);
    expect(lines).toContain(`set-down ${NAME}`);
  });

  test('sets a link down that another program has set up', () => {
    const rig = started();
    switched(rig, true);
    expect(rig.elapse(seconds(1))).toContain(`set-down ${NAME}`);
  });
});

describe('M-02 its frames', () => {
  test('come from the virtual MAC and leave by the interface', () => {
    const rig = started();
    rig.elapse(seconds(3));
    rig.now = rig.engine.deadline();
    const sent: Output[] = [];
    const pending = [...rig.engine.handle({ kind: 'wake' }, rig.now)];
    pending.push(...rig.engine.handle({ kind: 'quiet' }, rig.now));
    for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
      sent.push(next);
      if (next.kind === 'links.set-up') {
        const { indexes } = next;
        const answer = { kind: 'links.up', indexes, answers: [answered(0)] } as const;
        pending.push(...rig.engine.handle(answer, rig.now));
      }
      if (next.kind !== 'kernel.change') continue;
      const answer = { kind: 'kernel.changed', id: next.id, answers: [answered(0)] } as const;
      pending.push(...rig.engine.handle(answer, rig.now));
    }
    const frames = framesOf(sent).map((frame) => decodeFrame(frame));
    expect(frames.map(({ kind }) => kind)).toEqual(['vrrp', 'arp']);
    for (const frame of frames) {
      expect(frame).toMatchObject({ ethernet: { source: VIRTUAL_MAC } });
    }
    expect(frames[0]).toMatchObject({
      ethernet: { destination: '01:00:5e:00:00:12' },
      ip: { source: '192.0.2.11', checksumRight: true },
    });
    expect(frames[1]).toMatchObject({ arp: { senderMac: VIRTUAL_MAC, targetMac: VIRTUAL_MAC } });
    const indexes = sent.flatMap((output) =>
      output.kind === 'frames.send' ? output.frames.map(({ index }) => index) : [],
    );
    expect(indexes).toEqual([linkOf().index]);
  });

  test('have the MAC of the interface after another router has become MASTER', () => {
    const rig = started();
    rig.becomeMaster();
    const packet = advert();
    rig.engine.receive(linkOf().index, packet, packet.length, rig.now);
    const outputs = rig.engine.handle({ kind: 'quiet' }, rig.now);
    expect(rig.state).toBe('BACKUP');
    const datagrams = datagramsOf(outputs);
    expect(datagrams).toHaveLength(1);
    expect(datagrams[0]).not.toHaveProperty('frame');
  });

  test('are left to the kernel with advertise_with: interface', () => {
    const virtualMac = { interface: NAME, mac: VIRTUAL_MAC, advertisesWith: 'interface' } as const;
    const rig = started(undefined, { virtualMac, priority: 255 });
    rig.now = rig.engine.deadline();
    const datagrams = datagramsOf(rig.engine.handle({ kind: 'wake' }, rig.now));
    expect(datagrams).toHaveLength(1);
    expect(datagrams[0]).not.toHaveProperty('frame');
  });

  test('to unicast peers are left to the kernel', () => {
    const peers = [{ address: ip('192.0.2.12'), minimumTtl: 255 }];
    const rig = started(undefined, { unicast: { source: undefined, peers }, priority: 255 });
    rig.now = rig.engine.deadline();
    const outputs = rig.engine.handle({ kind: 'wake' }, rig.now);
    const datagrams = datagramsOf(outputs);
    expect(datagrams).toHaveLength(1);
    expect(datagrams[0]).not.toHaveProperty('frame');
  });
});

describe('a link of a MASTER', () => {
  test('that another program sets down is set up again and its address announced', () => {
    const rig = started();
    rig.becomeMaster();
    switched(rig, true);
    expect(switched(rig, false)).toEqual([
      `raise ${LINK_INDEX}`,
      `arp request ${VIP}`,
      `restored ${NAME}`,
    ]);
    expect(rig.state).toBe('MASTER');
  });

  test('that another program removes is created again, and the address with it', () => {
    const rig = started();
    rig.becomeMaster();
    expect(rig.handle({ kind: 'link.removed', index: LINK_INDEX })).toEqual([`make ${NAME}`]);
    const { addresses: _, ...link } = virtualLink({ index: 10 });
    const lines = rig.handle({ kind: 'link.changed', link });
    expect(lines).toEqual(
      expect.arrayContaining([
        'raise 10',
        `restored ${NAME}`,
        `add ${VIP}/32`,
        `restored ${VIP}`,
        `arp request ${VIP}`,
      ]),
    );
    expect(rig.state).toBe('MASTER');
  });

  test('that is about to be removed is not a failure', () => {
    const rig = started();
    rig.becomeMaster();
    rig.raiseErrno = ENODEV;
    expect(switched(rig, false)).toEqual([`raise ${LINK_INDEX}`]);
    expect(rig.state).toBe('MASTER');
  });

  test('that cannot be set up is a FAULT, and tried again', () => {
    const rig = started();
    rig.raiseErrno = EPERM;
    expect(rig.becomeMaster()).toContain(`failed ${NAME}: it cannot be set up (errno ${EPERM})`);
    expect(rig.view().faults).toEqual(['virtual-mac-failed']);
    rig.raiseErrno = 0;
    expect(rig.elapse(seconds(9))).toContain('BACKUP -> MASTER (master-timeout)');
  });
});

describe('a link that is missing', () => {
  test('is requested; a failure is a FAULT with the reason', () => {
    const rig = new Rig([settings()], { links: [linkOf()] });
    expect(rig.start()).toContain(`make ${NAME}`);
    expect(rig.handle({ kind: 'virtual-link.failed', name: NAME, message: 'EBUSY' })).toEqual([
      `failed ${NAME}: EBUSY`,
      'BACKUP -> FAULT (fault)',
    ]);
    expect(rig.view().faults).toEqual(['virtual-mac-failed']);
  });

  test('is requested again every five seconds, and reported once', () => {
    const rig = new Rig([settings()], { links: [linkOf()] });
    rig.start();
    rig.handle({ kind: 'virtual-link.failed', name: NAME, message: 'EBUSY' });
    expect(rig.elapse(seconds(5))).toEqual([`make ${NAME}`]);
    expect(rig.handle({ kind: 'virtual-link.failed', name: NAME, message: 'EBUSY' })).toEqual([]);
    const { addresses: _, ...link } = virtualLink();
    expect(rig.handle({ kind: 'link.changed', link })).toEqual(['FAULT -> BACKUP (fault-cleared)']);
  });

  test('is not requested while the interface itself is missing', () => {
    const rig = new Rig([settings()], { links: [] });
    expect(rig.start()).not.toContain(`make ${NAME}`);
    const { addresses, ...link } = linkOf();
    const [address = addressOf('192.0.2.11/24')] = addresses;
    rig.handle({ kind: 'address.added', index: link.index, address });
    expect(rig.handle({ kind: 'link.changed', link })).toContain(`make ${NAME}`);
  });
});

describe('an answer of the kernel that is late', () => {
  test('changes nothing where no router has the link any more', () => {
    const rig = started();
    rig.becomeMaster();
    for (const index of [INDEX, 77]) {
      const answers = [answered(EPERM)];
      expect(rig.handle({ kind: 'links.up', indexes: [index], answers })).toEqual([]);
    }
    expect(rig.handle({ kind: 'virtual-link.down', name: 'vr4-9-eth0' })).toEqual([]);
    const failed = { kind: 'virtual-link.failed', name: 'vr4-9-eth0', message: 'EBUSY' } as const;
    expect(rig.handle(failed)).toEqual([]);
    expect(rig.state).toBe('MASTER');
  });

  test('changes nothing where the link was not to be set down', () => {
    const rig = started();
    rig.becomeMaster();
    switched(rig, true);
    expect(rig.handle({ kind: 'virtual-link.down', name: NAME })).toEqual([]);
    expect(rig.state).toBe('MASTER');
  });

  test('is not waited for where the link was removed while it went down', () => {
    const rig = started();
    rig.becomeMaster();
    rig.hear(advert());
    expect(rig.elapse(seconds(1))).toEqual([`set-down ${NAME}`]);
    expect(rig.handle({ kind: 'link.removed', index: LINK_INDEX })).toEqual([`make ${NAME}`]);
    const { addresses: _, ...link } = virtualLink({ index: 10 });
    rig.handle({ kind: 'link.changed', link });
    expect(rig.elapse(seconds(4))).toEqual(expect.arrayContaining(['raise 10', `add ${VIP}/32`]));
  });
});

test('a link whose router is removed while it goes down does not keep the others up', () => {
  const vips = [ip('198.51.100.1'), ip('198.51.100.2')] as const;
  const instances = vips.map((address, at) =>
    settings({
      name: `r${at}`,
      vrid: 71 + at,
      addresses: [{ address, prefixLength: 32, interface: `v${at}` }],
      virtualMac: { interface: `v${at}`, mac: VIRTUAL_MAC },
    }),
  );
  const links = vips.map((_, at) => virtualLink({ index: 100 + at, name: `v${at}` }));
  const rig = new Rig(instances, { links: [linkOf(), ...links] });
  rig.start();
  rig.becomeMaster();
  for (const { addresses: _, ...link } of links) {
    rig.handle({ kind: 'link.changed', link: { ...link, up: true, running: true } });
  }
  rig.hear(advert({ vrid: 71, addresses: [vips[0]] }));
  expect(rig.elapse(seconds(1))).toContain('set-down v0');
  const before = { router: 'lb1', linger: 'off' as const, syncGroups: [] };
  const change = settingsChange(
    { ...before, instances: instances.map(instanceOf) },
    { ...before, instances: instances.slice(1).map(instanceOf) },
  );
  rig.handle({ kind: 'settings.changed', change });
  expect(rig.engine.view().map(({ name }) => name)).toEqual(['r1']);
  rig.handle({ kind: 'virtual-link.down', name: 'v0' });
  rig.hear(advert({ vrid: 72, addresses: [vips[1]] }));
  expect(rig.elapse(seconds(2))).toContain('set-down v1');
});

test('255 links are set up in several turns, with due advertisements between them', () => {
  const vrids = Array.from({ length: 255 }, (_, at) => at + 1);
  const instances = vrids.map((vrid) =>
    settings({
      name: `r${vrid}`,
      vrid,
      addresses: [{ address: ip(`198.51.100.${vrid}`), prefixLength: 32, interface: `v${vrid}` }],
      virtualMac: { interface: `v${vrid}`, mac: VIRTUAL_MAC },
    }),
  );
  const links = vrids.map((vrid) => virtualLink({ index: 100 + vrid, name: `v${vrid}` }));
  const rig = new Rig(instances, { links: [linkOf(), ...links] });
  rig.start();
  const perTurn: number[] = [];
  while (rig.view(254).state !== 'MASTER' || perTurn.at(-1) !== 0) {
    rig.now = rig.engine.deadline();
    perTurn.push(rig.turn().filter((line) => line.startsWith('raise')).length);
    if (perTurn.length > 100) break;
  }
  expect(Math.max(...perTurn)).toBeLessThanOrEqual(32);
  expect(perTurn.reduce((sum, count) => sum + count, 0)).toBe(255);
});
