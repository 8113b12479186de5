/** Labs for tests: unique names, and removed after the test, passed or not. */
import { afterEach } from 'vitest';
import { Lab } from '../../../src/lab/topology/lab.ts';

let count = 0;

export interface LabFactory {
  up(directors?: number): Promise<Lab>;
}

/** Call it in a `describe`, or at the top of a file. */
export function useLabs(): LabFactory {
  const labs: Lab[] = [];
  afterEach(async () => {
    for (const lab of labs.splice(0)) await lab.down();
  });
  return {
    async up(directors = 2) {
      const prefix = `t${process.pid.toString(36)}-${(count++).toString(36)}`;
      const lab = await Lab.up({ prefix, directors });
      labs.push(lab);
      return lab;
    },
  };
}
