/**
 * How Vitest runs the tests of a mutant. StrykerJS judges by tests alone: a file that cannot be loaded has
 * none, so a mutant that keeps a module from loading would count as a survivor. Here the file fails a
 * test instead, as it would fail any other run.
 */
import { test } from 'vitest';
import { VitestTestRunner } from 'vitest/runners';

type Importing = Parameters<VitestTestRunner['importFile']>;

export default class MutantsRunner extends VitestTestRunner {
  override async importFile(...[path, source]: Importing): Promise<void> {
    try {
      await super.importFile(path, source);
    } catch (error) {
      if (source !== 'collect') throw error;
      test('the file can be loaded', () => {
        throw error;
      });
    }
  }
}
