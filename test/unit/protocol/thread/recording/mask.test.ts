import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judge, type ReceiverProfile } from '../../../../../src/protocol/engine/router/intake.ts';
import type { InstanceSettings } from '../../../../../src/protocol/engine/settings.ts';
import { Mask } from '../../../../../src/protocol/thread/recording/mask.ts';
import { advert, instanceOf, VIP } from '../../../../conformance/rig.ts';

const PASSWORD = 'tops3cr!';

function settingsWith(password: string, more: Partial<InstanceSettings> = {}) {
  const instance = instanceOf({ version: 2, authentication: { type: 'pass', password }, ...more });
  return { router: 'lb1', linger: 'off', instances: [instance], syncGroups: [] } as const;
}

function receiver(authentication: InstanceSettings['authentication'] | undefined): ReceiverProfile {
  return {
    ...{ vrid: 55, version: 2, priority: 100, interval: undefined, addresses: [VIP] },
    ...{ checkAddressList: false, checksum: 'auto', delivery: 'multicast' },
    ...{ localAddress: undefined, authentication },
  };
}

function withPassword(password: string): Uint8Array {
  return advert({ version: 2, authentication: { type: 'pass', password } });
}

function includes(bytes: Uint8Array, text: string): boolean {
  return Buffer.from(bytes).includes(text);
}

describe('a mask', () => {
  const passwords = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 });

  test('leaves the receiver its verdict: equal passwords stay equal, others different', () => {
    fc.assert(
      fc.property(passwords, passwords, fc.boolean(), (own, its, isBroken) => {
        const mask = new Mask();
        const packet = withPassword(its);
        if (isBroken) packet[27] = (packet[27] ?? 0) ^ 1;
        const before = judge(packet, packet.length, receiver({ type: 'pass', password: own }));
        const masked = mask.packet(packet);
        const [settings] = mask.settings(settingsWith(own)).instances;
        const after = judge(masked, masked.length, receiver(settings?.authentication));
        expect(after.ok ? 'accepted' : after.reason).toBe(before.ok ? 'accepted' : before.reason);
        expect(masked.length).toBe(packet.length);
      }),
    );
  });

  test('keeps the length of a password, also where it has characters of several bytes', () => {
    const [settings] = new Mask().settings(settingsWith('geh1m€')).instances;
    expect(settings?.authentication).toEqual({ type: 'pass', password: 'aaaaaaaa' });
  });

  test('does not change the packet it was given, nor one of version 3', () => {
    const packet = withPassword(PASSWORD);
    const before = packet.slice();
    const mask = new Mask();
    expect(includes(mask.packet(packet), PASSWORD)).toBe(false);
    expect(packet).toEqual(before);
    const version3 = advert();
    expect(mask.packet(version3)).toBe(version3);
  });

  test.each([
    ['is cut short', (packet: Uint8Array) => packet.slice(0, -3)],
    ['has bytes behind it', (packet: Uint8Array) => Uint8Array.from([...packet, 0, 1, 2, 3])],
    ['counts more addresses than it has', (packet: Uint8Array) => packet.with(23, 4)],
    ['says an unknown version', (packet: Uint8Array) => packet.with(20, 0x41)],
    ['says no authentication', (packet: Uint8Array) => packet.with(24, 0)],
  ])('finds the password of a message that %s', (_, bend) => {
    const packet = bend(withPassword(PASSWORD));
    const masked = new Mask().packet(packet);
    expect(includes(packet, PASSWORD.slice(0, 5))).toBe(true);
    expect(includes(masked, PASSWORD.slice(0, 5))).toBe(false);
    const verdictOf = (bytes: Uint8Array) => judge(bytes, bytes.length, receiver(undefined));
    expect(verdictOf(masked)).toEqual(verdictOf(packet));
  });

  test('replaces the names of probes, which are commands and URLs, everywhere alike', () => {
    const probe = 'http http://monitor:hunter2@192.0.2.9/';
    const track = [
      { name: 'api', source: { kind: 'http', probe, init: 'up' }, weight: undefined },
    ] as const;
    const mask = new Mask();
    const settings = mask.settings(settingsWith(PASSWORD, { track }));
    const change = { up: false, value: undefined, detail: 'monitor:hunter2 is refused' };
    const input = mask.input({ kind: 'probe.changed', probe, ...change });
    expect(settings.instances[0]?.track[0]?.source).toMatchObject({ probe: 'probe-1' });
    expect(input).toMatchObject({ probe: 'probe-1' });
    const lost = mask.input({ kind: 'probe.lost', probe, detail: change.detail });
    expect(lost).toEqual({ kind: 'probe.lost', probe: 'probe-1', detail: '' });
    expect(JSON.stringify([settings, input])).not.toContain('hunter2');
  });

  test('forgets no secret when a peer sends a new one with each packet', () => {
    const mask = new Mask();
    mask.settings(settingsWith(PASSWORD));
    for (let i = 0; i < 3_000; i++) {
      const text = String(i).padStart(8, 'x');
      expect(includes(mask.packet(withPassword(text)), text)).toBe(false);
    }
    const [settings] = mask.settings(settingsWith(PASSWORD)).instances;
    const right = mask.packet(withPassword(PASSWORD));
    expect(judge(right, right.length, receiver(settings?.authentication))).toMatchObject({
      ok: true,
    });
    const wrong = mask.packet(withPassword('anything'));
    expect(judge(wrong, wrong.length, receiver(settings?.authentication))).toMatchObject({
      reason: 'auth-failure',
    });
  });
});
