/** When the heartbeats of several directors leave. */
import { expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { at } from '../../../../../src/net/assert.ts';
import { type Instant, instant, milliseconds, seconds } from '../../../../../src/net/time.ts';
import { Outbox } from '../../../../../src/protocol/engine/core/outbox.ts';
import { RouterTable } from '../../../../../src/protocol/engine/core/router-table.ts';
import { DirectorSession } from '../../../../../src/protocol/engine/directors/session.ts';
import { Speaker } from '../../../../../src/protocol/engine/directors/speaker.ts';
import type { PeerDatagram } from '../../../../../src/wire/peer-link/datagram.ts';

const INTERVAL = milliseconds(100);
const DELAY = milliseconds(1);
const START = instant(10_000_000);

/** Directors that hear each other after 1 ms, and have begun at these times. */
class Segment {
  readonly outbox = new Outbox();
  readonly speakers: readonly Speaker[];
  /** By director. */
  readonly beats: Instant[][];
  /** Heartbeats that answer no other one. */
  readonly unanswering: number[] = [];
  readonly #session = new DirectorSession({ name: 'lb9', address: ip('198.51.100.149') });
  readonly #link = {
    ...{ router: 'lb', sessions: [this.#session] },
    settings: {
      ...{ source: ip('198.51.100.139'), port: 8843, heartbeat: INTERVAL },
      ...{ directors: [], services: 0 },
    },
  };
  readonly #flights: { readonly at: Instant; readonly to: number; readonly said: PeerDatagram }[] =
    [];

  constructor(begins: readonly number[]) {
    this.beats = begins.map(() => []);
    this.speakers = begins.map((offset, position) => {
      const speaker = new Speaker({ routers: new RouterTable([]), outbox: this.outbox });
      const boot = String(position + 1).repeat(16);
      speaker.begin(boot, '1', INTERVAL, instant(START + offset));
      return speaker;
    });
  }

  elapse(end: Instant): void {
    for (let turns = 0; turns < 10_000; turns++) {
      const ticks = this.speakers.map(({ tick }) => tick);
      const now = Math.min(...ticks, ...this.#flights.map((one) => one.at)) as Instant;
      if (now > end) return;
      for (const flight of this.#flights.filter((one) => one.at <= now)) {
        this.#flights.splice(this.#flights.indexOf(flight), 1);
        const speaker = at(this.speakers, flight.to);
        if (speaker.isToAnswer(this.#link, flight.said, now)) this.#beat(flight.to, now);
      }
      for (const [position, { tick }] of this.speakers.entries()) {
        if (tick > now) continue;
        this.unanswering.push(position);
        this.#beat(position, now);
      }
    }
    throw new Error('the time does not pass');
  }

  #beat(position: number, now: Instant): void {
    at(this.speakers, position).beat(this.#link, now);
    at(this.beats, position).push(now);
    const [output] = this.outbox.take();
    if (output?.kind !== 'director.send') throw new Error('nothing was sent');
    const said = at(output.datagrams, 0).datagram;
    for (const to of this.speakers.keys()) {
      if (to !== position) this.#flights.push({ at: instant(now + DELAY), to, said });
    }
  }
}

test.each([[[0, 30, 70]], [[0, 33, 66]], [[0, 1, 50]], [[10, 60, 99]]])(
  'three directors that begin at %j ms answer one of them, and none sends more often',
  (begins) => {
    const segment = new Segment(begins.map((one) => one * 1_000));
    segment.elapse(instant(START + seconds(10)));
    for (const beats of segment.beats) {
      const gaps = beats.slice(1).map((beat, before) => beat - at(beats, before));
      expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL * 0.6);
      expect(Math.max(...gaps)).toBeLessThanOrEqual(INTERVAL * 1.1);
      expect(beats.filter((beat) => beat >= START + seconds(9)).length).toBeLessThan(13);
    }
    segment.unanswering.length = 0;
    segment.elapse(instant(START + seconds(12)));
    expect(new Set(segment.unanswering).size).toBe(1);
  },
);
