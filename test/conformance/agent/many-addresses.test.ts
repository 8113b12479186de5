/** Thousands of VIPs: the work on them is cut into turns, and advertisements and packets go between. */
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import type { KernelChange } from '../../../src/net/link.ts';
import { type Instant, milliseconds, seconds } from '../../../src/net/time.ts';
import type { Output } from '../../../src/protocol/engine/outputs.ts';
import { advert, NO_GARP, Rig } from '../rig.ts';

const INTERVAL = milliseconds(100);
/** Longer than the Master_Down_Interval at priority 150, 341.4 ms. */
const MASTER_DOWN = milliseconds(345);

/** A kernel that takes 300 us for each change, as with 5,000 addresses on one link. */
class SlowKernel extends Rig {
  readonly batches: number[] = [];
  readonly advertisedAt: number[] = [];
  costUs = 300;

  override handle(input: Parameters<Rig['handle']>[0]): string[] {
    const { handle } = this.engine;
    this.engine.handle = (...given) => this.#work(handle.apply(this.engine, given));
    const lines = super.handle(input);
    this.engine.handle = handle;
    return lines;
  }

  #work(outputs: readonly Output[]): readonly Output[] {
    for (const output of outputs) {
      if (output.kind === 'datagrams.send') this.advertisedAt.push(this.now);
      if (output.kind !== 'kernel.change') continue;
      this.batches.push(output.changes.length);
      this.now = (this.now + output.changes.length * this.costUs) as Instant;
    }
    return outputs;
  }
}

function addressesOf(router: number, count: number) {
  return Array.from({ length: count }, (_, at) => ({
    address: ip(`10.${router}.${Math.floor(at / 250)}.${(at % 250) + 1}`),
    prefixLength: 32,
    interface: 'eth0',
  }));
}

function routers(count: number, addresses: number, more = {}) {
  return Array.from({ length: count }, (_, router) => ({
    name: `r${router}`,
    vrid: router + 1,
    priority: 150,
    advertisementInterval: INTERVAL,
    garp: NO_GARP,
    addresses: addressesOf(router, addresses),
    ...more,
  }));
}

/** The address in a line of the rig about an announcement. */
function announcedIn(line: string): string | undefined {
  return /10\.[0-9.]+/.exec(line)?.[0];
}

function longestGap(instants: readonly number[]): number {
  return Math.max(...instants.map((at, index) => at - (instants[index - 1] ?? at)));
}

describe('5,000 VIPs at 100 ms', () => {
  test('FR-O4 are taken over by a lonely router without a stall or a second transition', () => {
    const rig = new SlowKernel(routers(20, 250));
    rig.start();
    rig.elapse(seconds(5));
    expect(rig.engine.view().map(({ state }) => state)).toEqual(Array(20).fill('MASTER'));
    const transitions = rig.reports.filter(({ kind }) => kind === 'transition');
    expect(transitions).toHaveLength(2 * 20);
    expect(rig.count('stalls', 0)).toBe(0);
    expect(rig.batches.reduce((sum, one) => sum + one, 0)).toBe(5_000);
    expect(longestGap(rig.advertisedAt)).toBeLessThan(milliseconds(130));
  });

  test('FR-O4 a MASTER that is heard during the work ends it', () => {
    const rig = new SlowKernel(routers(1, 20, { extraAddresses: addressesOf(100, 4_980) }));
    rig.start();
    rig.elapse(MASTER_DOWN);
    expect(rig.state).toBe('MASTER');
    const requested = rig.batches.reduce((sum, one) => sum + one, 0);
    expect(requested).toBeLessThan(1_000);
    const addresses = addressesOf(0, 20).map(({ address }) => address);
    rig.hear(advert({ vrid: 1, priority: 200, interval: INTERVAL, addresses }));
    expect(rig.state).toBe('BACKUP');
    const added: KernelChange[] = [];
    rig.errnoOf = (change) => {
      if (change.operation === 'add') added.push(change);
      return 0;
    };
    rig.elapse(milliseconds(300));
    expect(added).toEqual([]);
  });

  test('FR-O4 the lifetimes of them are renewed in turns, too', () => {
    const rig = new SlowKernel(routers(20, 250, { lease: seconds(10) }));
    rig.start();
    rig.elapse(seconds(3));
    rig.batches.length = 0;
    rig.costUs = 80;
    rig.elapse(seconds(3));
    expect(rig.batches.reduce((sum, one) => sum + one, 0)).toBeGreaterThanOrEqual(5_000);
    expect(Math.max(...rig.batches)).toBeLessThanOrEqual(64);
    expect(rig.count('stalls', 0)).toBe(0);
  });
});

test('FR-O4 announcements of all routers share the bound of a turn', () => {
  const garp = { ...NO_GARP, repeat: 2, form: 'both' as const };
  const rig = new Rig(routers(4, 60, { garp }));
  rig.start();
  rig.elapse(milliseconds(341));
  const turns: string[][] = [];
  while (rig.engine.deadline() < rig.now + milliseconds(50)) {
    rig.now = Math.max(rig.now, rig.engine.deadline()) as Instant;
    turns.push(rig.turn().filter((line) => line.startsWith('arp')));
  }
  const sent = turns.flat();
  expect(sent).toHaveLength(4 * 60 * 2 * 2);
  expect(Math.max(...turns.map(({ length }) => length))).toBe(256);
  // Every VIP of every router is announced once before any is announced in the other form.
  expect(new Set(sent.slice(0, 240).map(announcedIn)).size).toBe(240);
  // Every VIP is announced in both forms before any is announced again.
  expect(new Set(sent.slice(0, 480)).size).toBe(480);
});

test('255 routers announce their first VIPs in the turn in which they become MASTER', () => {
  const instances = Array.from({ length: 255 }, (_, at) => ({
    ...{ name: `r${at}`, vrid: at + 1, priority: 150, advertisementInterval: INTERVAL },
    garp: { ...NO_GARP, repeat: 1, form: 'both' as const },
    addresses: [
      {
        address: ip(`10.0.${Math.floor(at / 250)}.${(at % 250) + 1}`),
        prefixLength: 32,
        interface: 'eth0',
      },
    ],
  }));
  const rig = new Rig(instances);
  rig.start();
  rig.now = rig.engine.deadline();
  const sent = rig.turn().filter((line) => line.startsWith('arp'));
  expect(new Set(sent.map(announcedIn)).size).toBe(255);
});
