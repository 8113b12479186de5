/** Feeds whole frames to the segment of `watch`: memory is bounded, and every packet is counted once. */

import { type Instant, instant } from '../../src/net/time.ts';
import { Segment } from '../../src/watch/segment/segment.ts';
import type { Random } from '../../test/sim/random.ts';
import { FRAMES } from './corpus.ts';
import { Mutator } from './mutator.ts';
import { repairPacket } from './repair.ts';
import { EPISODE, type FuzzTarget, hexOf, require } from './target.ts';

const IP_OFFSET = 14;

class SegmentTarget implements FuzzTarget {
  readonly name = 'segment';
  readonly #mutator = new Mutator();
  #segment = new Segment();
  #now: Instant = instant(0);

  begin(): void {
    this.#segment = new Segment();
    this.#now = instant(1_800_000_000_000_000);
  }

  play(random: Random): void {
    this.#mutator.load(random.pick(FRAMES));
    this.#mutator.mutate(random, FRAMES);
    if (random.chance(0.75)) repairPacket(this.#mutator.bytes, IP_OFFSET, random.chance(0.3));
    this.#now = instant(this.#now + random.integer(0, 500_000));
    this.#segment.observe(this.#mutator.buffer, this.#mutator.length, this.#now);
    if (random.chance(1 / 16)) this.#look();
  }

  last(): string {
    return hexOf(this.#mutator.bytes);
  }

  #look(): void {
    const { senders, findings, freeVrid } = this.#segment.snapshot(this.#now);
    let packets = 0;
    for (const { state, adverts, refused } of senders) {
      require((adverts === 0) ===
        (state === 'refused'), 'a sender without a valid packet is refused');
      packets += refused.reduce((sum, { count }) => sum + count, adverts);
    }
    require(packets <= EPISODE, 'no packet is counted twice');
    require(freeVrid !== undefined && freeVrid >= 1, 'so few senders leave a VRID free');
    const known = new Set(senders.map(({ family, vrid }) => `${family} ${vrid}`));
    for (const { family, vrid, sources } of findings) {
      require(known.has(`${family} ${vrid}`), 'a finding is about a virtual router that was heard');
      require(sources.length > 0, 'a finding names its senders');
    }
  }
}

export const SEGMENT_TARGET: FuzzTarget = new SegmentTarget();
