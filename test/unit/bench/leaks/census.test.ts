import { expect, test } from 'vitest';
import { type Census, censusOf, growthOf } from '../../../../bench/leaks/census.ts';

const NOTHING: Census = {
  ...{ descriptors: 20, sockets: 8, threads: 11, namespaces: 1, children: 1, zombies: 0 },
  residentMegabytes: 100,
};

function series(of: (at: number) => Partial<Census>): Census[] {
  return Array.from({ length: 40 }, (_, at) => ({ ...NOTHING, ...of(at) }));
}

function grown(all: readonly Census[]): string[] {
  return growthOf(all).flatMap(({ what, isFlat }) => (isFlat ? [] : [what]));
}

test('a descriptor lost now and then is found, one that is open at some samples is none', () => {
  expect(grown(series((at) => ({ descriptors: 20 + Math.floor(at / 10) })))).toEqual([
    'descriptors',
  ]);
  expect(grown(series((at) => ({ descriptors: 20 + (at % 7), sockets: 8 + (at % 7) })))).toEqual(
    [],
  );
});

test('zombies are found, and memory that grows steadily', () => {
  expect(grown(series((at) => ({ zombies: at, residentMegabytes: 100 + at })))).toEqual([
    'zombies',
    'residentMegabytes',
  ]);
  expect(grown(series((at) => ({ residentMegabytes: 100 + 5 * (at % 3) })))).toEqual([]);
});

test('this process has descriptors, threads and one network namespace', () => {
  const { descriptors, threads, namespaces, zombies } = censusOf(process.pid);
  expect(descriptors).toBeGreaterThan(3);
  expect(threads).toBeGreaterThan(1);
  expect([namespaces, zombies]).toEqual([1, 0]);
});
