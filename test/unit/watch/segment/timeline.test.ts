import { describe, expect, test } from 'vitest';
import { seconds } from '../../../../src/net/time.ts';
import { type SegmentEvent, Timeline } from '../../../../src/watch/segment/timeline.ts';
import { A, B, Listener } from './frames.ts';

function lineOf(event: SegmentEvent): string {
  return event.kind === 'sender'
    ? `${event.sender.source} ${event.change}`
    : `${event.finding.code} ${event.change}`;
}

describe('a timeline', () => {
  test('reports each change of a sender once', () => {
    const listener = new Listener();
    const timeline = new Timeline();
    const look = () => timeline.advance(listener.snapshot()).map(lineOf);
    expect(look()).toEqual([]);
    listener.hear({ source: A });
    expect(look()).toEqual([`${A} appeared`]);
    listener.wait().hear({ source: A });
    expect(look()).toEqual([]);
    listener.hear({ source: A, priority: 150 });
    expect(look()).toEqual([`${A} changed`]);
    listener.hear({ source: A, priority: 0 });
    expect(look()).toEqual([`${A} resigned`]);
    listener.hear({ source: A, priority: 150 });
    expect(look()).toEqual([`${A} returned`]);
    listener.wait(seconds(5));
    expect(look()).toEqual([`${A} silent`]);
  });

  test('keeps a finding that is over, with its times', () => {
    const listener = new Listener();
    const timeline = new Timeline();
    const look = () => timeline.advance(listener.snapshot()).map(lineOf);
    listener.hear({ source: A });
    look();
    const from = listener.wait().hear({ source: B, interval: seconds(2) }).now;
    expect(look()).toEqual([`${B} appeared`, 'intervals-differ raised']);
    expect(timeline.past).toEqual([]);
    const to = listener.wait().hear({ source: B }).now;
    expect(look()).toEqual([`${B} changed`, 'intervals-differ cleared']);
    expect(timeline.past).toMatchObject([{ finding: { code: 'intervals-differ' }, from, to }]);
  });

  test('a finding whose count increases is raised once', () => {
    const listener = new Listener();
    const timeline = new Timeline();
    const look = () => timeline.advance(listener.snapshot()).map(lineOf);
    listener.hear({ source: A, ttl: 1 });
    expect(look()).toEqual([`${A} appeared`, 'ttl-not-255 raised']);
    listener.hear({ source: A, ttl: 1 });
    expect(look()).toEqual([]);
  });
});
