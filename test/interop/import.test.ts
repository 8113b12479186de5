/** The sample configurations of Debian's keepalived package. */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import * as checkCommand from '../../src/cli/commands/check.ts';
import * as importCommand from '../../src/cli/commands/import.ts';
import { runCli } from '../unit/cli/run-cli.ts';
import { lacks } from './harness/requirements.ts';

const SAMPLES = '/usr/share/doc/keepalived/samples';
const folder = mkdtempSync(join(tmpdir(), 'vrrp-import-'));

afterAll(() => rmSync(folder, { recursive: true }));

const samples = existsSync(SAMPLES)
  ? readdirSync(SAMPLES).filter((name) => name.startsWith('keepalived.conf.'))
  : [];

describe.skipIf(lacks('keepalived'))('the samples of keepalived', () => {
  test('are installed', () => {
    expect(samples.length).toBeGreaterThan(10);
  });

  test.each(samples)('%s is converted to a file that passes the check', async (name) => {
    const imported = await runCli(importCommand, ['import', join(SAMPLES, name)]);
    if (imported.stdout === '') {
      expect(imported.stderr).toContain('no vrrp_instance');
      expect(imported.code).toBe(1);
      return;
    }
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, imported.stdout);
    const checked = await runCli(checkCommand, ['check', '--config', file]);
    expect(checked.code, checked.stderr).toBe(0);
  });
});
