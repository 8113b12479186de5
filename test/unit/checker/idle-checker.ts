import { Checker } from '../../../src/checker/supervisor/checker.ts';

/** Accepts every probe and never starts a process. */
export function idleChecker(): Checker {
  const start = () => {
    throw new Error('nothing needs a checker');
  };
  return new Checker({ start, report: () => {}, onError: () => {} });
}
