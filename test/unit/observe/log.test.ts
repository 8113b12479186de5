import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { transformWithOxc } from 'vite';
import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { createLogger, logReport } from '../../../src/observe/log.ts';
import type { Report } from '../../../src/protocol/engine/reports.ts';
import { AT, transition, viewOf } from './samples.ts';

function logged(...reports: Report[]): Record<string, unknown>[] {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    router: 'lb1',
    destination: { write: (line) => lines.push(line) },
  });
  for (const report of reports) logReport(logger, report, AT);
  return lines.map((line) => JSON.parse(line));
}

const source = ip('192.0.2.9');
const address = ip('203.0.113.100');

describe('the log', () => {
  test('writes one line for a transition, with its cause as text and as fields', () => {
    expect(logged(transition('web'))).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        router: 'lb1',
        pid: process.pid,
        code: 'transition',
        at: '2026-03-01T10:00:00.250Z',
        instance: 'web',
        from: 'BACKUP',
        to: 'MASTER',
        event: 'master-timeout',
        cause: 'master-silent',
        reason: 'no advertisement for 3.414s',
        priority: 140,
        msg: 'BACKUP to MASTER: no advertisement for 3.414s',
      },
    ]);
  });

  test('writes a warning for a transition to FAULT', () => {
    expect(logged(transition('web', 'FAULT'))[0]).toMatchObject({ level: 'warn', to: 'FAULT' });
  });

  test('writes nothing for a changed row', () => {
    expect(logged({ kind: 'view', view: viewOf('web') })).toEqual([]);
  });

  test.each<[Report, object]>([
    [
      { kind: 'discard', instance: undefined, reason: 'vrid-error', source, count: 8 },
      { level: 'warn', code: 'discard', instance: null, reason: 'vrid-error', count: 8 },
    ],
    [
      { kind: 'warning', instance: 'web', warning: 'interval-error', source, count: 1 },
      { level: 'warn', code: 'warning', warning: 'interval-error', source: '192.0.2.9' },
    ],
    [
      { kind: 'address-restored', instance: 'web', address, count: 1 },
      { level: 'warn', code: 'address-restored', address: '203.0.113.100' },
    ],
    [
      { kind: 'address-cleaned', instance: 'web', address },
      { level: 'info', code: 'address-cleaned' },
    ],
    [
      {
        kind: 'address-failed',
        instance: 'web',
        address,
        operation: 'add',
        errno: 22,
        text: 'Invalid prefix',
      },
      { level: 'error', code: 'address-failed', errno: 'EINVAL', detail: 'Invalid prefix' },
    ],
    [
      { kind: 'stall', microseconds: 4_200_000 },
      { level: 'warn', code: 'stall', duration_ms: 4_200 },
    ],
    [
      { kind: 'send-failed', errno: 'EPERM', count: 4 },
      { level: 'error', code: 'send-failed', errno: 'EPERM', count: 4 },
    ],
    [
      { kind: 'dual-master', instance: 'web', peer: source, peerPriority: 100 },
      { level: 'error', code: 'dual-master', peer: '192.0.2.9', peer_priority: 100 },
    ],
  ])('reports %j', (report, line) => {
    expect(logged(report)).toEqual([expect.objectContaining(line)]);
  });

  test('writes nothing below its level', () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => lines.push(line) };
    logReport(createLogger({ level: 'warn', router: 'lb1', destination }), transition('web'), AT);
    expect(lines).toEqual([]);
  });

  test('is complete even if the process exits immediately', async () => {
    const file = new URL('../../../src/observe/log.ts', import.meta.url);
    const { code } = await transformWithOxc(readFileSync(file, 'utf8'), 'log.ts');
    const withoutOwnImports = code.replace(/^import .* from "\.\.?\/.*";$/gm, '');
    const program = `${withoutOwnImports}
      const logger = createLogger({ level: 'info', router: 'lb1' });
      for (let i = 0; i < 2000; i++) logger.info({ i }, 'line');
      process.exit(0);`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      maxBuffer: 16 * 1024 * 1024,
    });
    const lines = (await run).stdout.trimEnd().split('\n');
    expect(lines.length).toBe(2_000);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ i: 1_999 });
  });
});
