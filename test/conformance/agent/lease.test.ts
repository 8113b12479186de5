/** VIPs with a lifetime that the kernel enforces and the agent renews (design section 5, `lease`). */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import type { AddressChange } from '../../../src/net/link.ts';
import { instant, milliseconds, seconds } from '../../../src/net/time.ts';
import { lifetimeOf } from '../../../src/protocol/engine/addresses/leases.ts';
import type { Output } from '../../../src/protocol/engine/outputs.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import {
  addressOf,
  advert,
  INDEX,
  instanceOf,
  linkOf,
  PEER6,
  Rig,
  type RigOptions,
  VIP,
  VIP6,
} from '../rig.ts';

const LEASED = { lease: seconds(4) };
const GONE = { index: INDEX, address: VIP, prefixLength: 32 };

/** Details that the lines of the rig omit. */
class LeaseRig extends Rig {
  readonly changes: AddressChange[] = [];

  override handle(input: Parameters<Rig['handle']>[0]): string[] {
    const { handle } = this.engine;
    this.engine.handle = (...given) => this.#note(handle.apply(this.engine, given));
    const lines = super.handle(input);
    this.engine.handle = handle;
    return lines;
  }

  #note(outputs: readonly Output[]): readonly Output[] {
    for (const output of outputs) {
      if (output.kind !== 'kernel.change') continue;
      for (const one of output.changes) if (!('entry' in one)) this.changes.push(one);
    }
    return outputs;
  }
}

function masterWith(more: Parameters<typeof instanceOf>[0], options: RigOptions = {}) {
  const rig = new LeaseRig([{ ...LEASED, ...more }], options);
  rig.start();
  rig.becomeMaster();
  return rig;
}

function renewalsIn(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith('renew'));
}

describe('a VIP with a lease', () => {
  test('is added with its lifetime, and renewed four times per lifetime while the router is MASTER', () => {
    const rig = masterWith({});
    expect(rig.changes[0]).toMatchObject({ operation: 'add', lifetime: 4 });
    const lines = rig.elapse(seconds(40));
    expect(renewalsIn(lines).length).toBeGreaterThanOrEqual(40);
    expect(new Set(renewalsIn(lines))).toEqual(new Set(['renew 203.0.113.100/32']));
    expect(rig.changes.at(-1)).toMatchObject({ operation: 'renew', lifetime: 4 });
  });

  test('is renewed after the advertisement of the same turn', () => {
    const rig = masterWith({});
    rig.freeze(seconds(1.5));
    const lines = rig.turn();
    expect(lines).toEqual(['advert 100 to 224.0.0.18', 'renew 203.0.113.100/32']);
  });

  test('that is one of many IPv6 addresses is renewed with a few others per turn, all of them in time', () => {
    const addresses = Array.from({ length: 20 }, (_, i) => ({
      address: ip(i === 0 ? 'fe80::100' : `2001:db8::${i}`),
      prefixLength: 128,
      interface: 'eth0',
    }));
    const rig = masterWith({ family: 'ipv6', addresses });
    const turns: number[] = [];
    for (const end = rig.now + seconds(1.01); rig.now < end; ) {
      const renewed = renewalsIn(rig.turn()).length;
      if (renewed > 0) turns.push(renewed);
      rig.freeze(milliseconds(1));
    }
    expect(turns).toEqual([8, 8, 4]);
  });

  test('is not renewed when it was lost before its turn', () => {
    const addresses = Array.from({ length: 20 }, (_, i) => ({
      address: ip(i === 0 ? 'fe80::100' : `2001:db8::${i}`),
      prefixLength: 128,
      interface: 'eth0',
    }));
    const rig = masterWith({ family: 'ipv6', addresses });
    while (renewalsIn(rig.turn()).length === 0) rig.freeze(milliseconds(1));
    const lines = rig.hear(advert({ source: PEER6, priority: 200, addresses: [VIP6] }));
    lines.push(...rig.elapse(milliseconds(100)));
    expect(lines.filter((line) => line.startsWith('remove'))).toHaveLength(20);
    expect(renewalsIn(lines)).toEqual([]);
  });

  test('is not renewed by a BACKUP, nor by one that was MASTER', () => {
    const rig = masterWith({});
    rig.hear(advert());
    expect(rig.state).toBe('BACKUP');
    expect(renewalsIn(rig.elapse(seconds(3)))).toEqual([]);
  });

  test('is renewed while its MASTER waits for a successor', () => {
    const rig = masterWith(
      { advertisementInterval: seconds(10), lease: seconds(2) },
      {
        linger: 'auto',
      },
    );
    rig.elapse(seconds(40));
    rig.handle({ kind: 'shutdown' });
    expect(renewalsIn(rig.elapse(seconds(3))).length).toBeGreaterThan(3);
  });

  test('that belongs to the interface of the owner gets no lifetime', () => {
    const rig = masterWith(
      { priority: 255 },
      {
        links: [linkOf({ addresses: [addressOf(`${VIP}/32`)] })],
      },
    );
    rig.elapse(seconds(10));
    expect(rig.changes).toEqual([]);
  });

  test('that a former run has left to the owner is renewed before it expires', () => {
    const rig = new LeaseRig([{ ...LEASED, priority: 255 }], {
      links: [linkOf({ addresses: [addressOf(`${VIP}/32`, { ours: true })] })],
    });
    expect(rig.start()).toContain('renew 203.0.113.100/32');
    expect(renewalsIn(rig.elapse(seconds(10))).length).toBeGreaterThan(8);
  });

  test('whose MASTER was stalled for longer is added again only after it has listened', () => {
    const rig = masterWith({});
    rig.freeze(seconds(10));
    // The kernel has removed it meanwhile, and reports that.
    rig.engine.notice({ kind: 'address.removed', ...GONE });
    expect(rig.turn().filter((line) => /^(add|renew|advert)/.test(line))).toEqual([]);
    expect(rig.state).toBe('BACKUP');
    expect(rig.elapse(seconds(3.7))).toContain('add 203.0.113.100/32');
  });

  test('that was lost in a shorter stall is restored immediately', () => {
    const rig = masterWith({ lease: seconds(1) });
    rig.freeze(seconds(2));
    rig.engine.notice({ kind: 'address.removed', ...GONE });
    expect(rig.turn()).toContain('add 203.0.113.100/32');
    expect(rig.state).toBe('MASTER');
  });
});

test('a lease is rounded up to whole seconds, and no lease means an unlimited lifetime', () => {
  const lifetime = (settings: InstanceSettings) =>
    lifetimeOf({ settings, witness: undefined }, instant(0));
  expect(lifetime(instanceOf({ lease: seconds(1.2) }))).toBe(2);
  expect(lifetime(instanceOf())).toBe(0xffffffff);
});

test('routers that became MASTER at different times renew their VIPs in one batch', () => {
  const vip = (last: number) => [
    { address: ip(`203.0.113.${last}`), prefixLength: 32, interface: 'eth0' },
  ];
  const rig = new Rig([
    { ...LEASED, name: 'one', vrid: 1, addresses: vip(1) },
    { ...LEASED, name: 'two', vrid: 2, addresses: vip(2), priority: 20 },
  ]);
  rig.start();
  rig.elapse(seconds(6));
  const renewals = rig.elapse(seconds(4)).filter((line) => line.startsWith('renew'));
  const pair = ['renew 203.0.113.1/32', 'renew 203.0.113.2/32'];
  expect(renewals).toEqual([...pair, ...pair, ...pair, ...pair]);
});
