import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { batchesOf, SUITES, suitesNamed } from '../../../scripts/suites.ts';

const namesOf = (suites: readonly { readonly name: string }[]) => suites.map(({ name }) => name);

describe('the suites of a run', () => {
  test.each(['lab', 'interop'])('run every file of %s in exactly one of them', (project) => {
    const parts = suitesNamed([project]);
    const files = readdirSync(`test/${project}`, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => `test/${project}/${name}`);
    expect(files.length).toBeGreaterThan(10);
    for (const file of files) {
      const runners = parts.filter(
        (suite) => suite.files?.includes(file) ?? !suite.without?.includes(file),
      );
      expect(runners, file).toHaveLength(1);
    }
  });

  test('name no file that does not exist', () => {
    const named = SUITES.flatMap(({ files = [], without = [] }) => [...files, ...without]);
    expect(named.filter((file) => !existsSync(file))).toEqual([]);
  });

  test('are selected by name, with their parts', () => {
    expect(namesOf(suitesNamed(['lab']))).toEqual(['lab', 'lab-alone']);
    expect(namesOf(suitesNamed(['ipvs-vm']))).toEqual(['ipvs-vm']);
    expect(suitesNamed(['never-was'])).toEqual([]);
    expect(namesOf(suitesNamed([]))).not.toContain('machine');
  });

  test('share the processors with neighbours of the same kind only', () => {
    const [timeless, patient] = ['timeless', 'patient'] as const;
    const batches = batchesOf([
      { name: 'a', company: timeless },
      { name: 'b', company: timeless },
      { name: 'c', company: patient },
      { name: 'd' },
      { name: 'e' },
      { name: 'f', company: timeless },
    ]);
    expect(batches.map(namesOf)).toEqual([['a', 'b'], ['c'], ['d'], ['e'], ['f']]);
  });
});
