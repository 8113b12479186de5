import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { packageFile, programFile, programVersion } from '../../../src/files/package-files.ts';

test('finds the files of the package from a module that runs uncompiled', () => {
  expect(existsSync(packageFile('config/scenarios/crash.yaml'))).toBe(true);
});

test('finds a program in dist, unless it runs from the bundle', () => {
  expect(programFile('src/cli/main.js')).toBe(packageFile('dist/src/cli/main.js'));
});

test('reads the version of the package', () => {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  expect(programVersion()).toBe(version);
});
