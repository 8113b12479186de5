import { expect, test } from 'vitest';
import type { EventFacts } from '../../../../src/control/protocol.ts';
import { Gap } from '../../../../src/daemon/history/gap.ts';
import type { Content } from '../../../../src/history/record.ts';

const DOWN = {
  ...{ kind: 'ipvs-server-down', service: 'web', server: '10.0.0.11:80', weight: 0, result: '' },
} as const satisfies EventFacts;

function gapOf(...contents: readonly Content[]) {
  const gap = new Gap('disk');
  for (const [index, content] of contents.entries()) {
    gap.take({ content, stamp: { at: 1_000 + index, up: 100 + index } });
  }
  return gap;
}

test('a gap says how all was after it, also what an earlier gap said', () => {
  const earlier = gapOf(DOWN, DOWN).entry();
  const gap = new Gap('disk');
  if (earlier !== undefined) gap.take(earlier);
  gap.take({ content: { ...DOWN, kind: 'ipvs-server-up' }, stamp: { at: 1_050, up: 150 } });
  gap.take({
    content: { kind: 'ipvs-service-down', service: 'web' },
    stamp: { at: 1_060, up: 160 },
  });
  expect(gap.entry()).toEqual({
    stamp: { at: 1_060, up: 160 },
    content: {
      ...{ kind: 'left-out', count: 4, why: 'disk', lasted_ms: 60 },
      servers: [
        { service: 'web', server: '10.0.0.11:80', down: false },
        { service: 'web', server: null, down: true },
      ],
    },
  });
});

test('a gap of marks alone is none', () => {
  expect(gapOf({ kind: 'clocks', offsets: {} }).entry()).toBeUndefined();
  expect(gapOf().entry({ at: 0, up: 0 })).toBeUndefined();
});
