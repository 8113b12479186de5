import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LINE_MAX } from '../../../scripts/replay/recording-line.ts';
import { replayFile } from '../../../scripts/replay/replay-file.ts';
import { seconds } from '../../../src/net/time.ts';
import { recordedRig } from '../../conformance/recorded.ts';
import { advert, VIP } from '../../conformance/rig.ts';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'replay-'));
});

afterEach(() => rmSync(directory, { recursive: true }));

/** BACKUP, MASTER, and BACKUP again. */
function recordingLines(): string[] {
  const { rig, lines } = recordedRig();
  rig.start();
  rig.becomeMaster();
  rig.hear(advert({ priority: 200 }));
  rig.elapse(seconds(1));
  return lines();
}

function fileOf(lines: readonly string[], end = '\n'): string {
  const path = join(directory, 'field.jsonl');
  writeFileSync(path, lines.join('\n') + end);
  return path;
}

describe('npm run replay', () => {
  test('finds the same transitions, and prints what led to them', () => {
    const printed: string[] = [];
    const path = fileOf(recordingLines());
    expect(replayFile(path, { print: (text) => printed.push(text) })).toEqual({
      ...{ kind: 'same', transitions: 3, lines: recordingLines().length },
    });
    expect(printed).toContain('BACKUP -> MASTER (master-timeout)');
    expect(printed.at(-1)).toBe('MASTER -> BACKUP (higher-priority-backup)');
  });

  test('stops at the first difference', () => {
    const lines = recordingLines();
    const at = lines.findIndex((line) => line.includes('"to":"MASTER"'));
    const changed = lines.with(at, (lines[at] ?? '').replace('master-timeout', 'preempted'));
    const outcome = replayFile(fileOf(changed));
    expect(outcome).toMatchObject({ kind: 'differs', seq: at });
    expect(replayFile(fileOf(lines.toSpliced(at, 1)))).toMatchObject({
      kind: 'differs',
      message: expect.stringMatching(/^the recording does not have web BACKUP -> MASTER/),
    });
    const heardNothing = lines.filter((line) => !line.includes('"kind":"packet"'));
    expect(replayFile(fileOf(heardNothing))).toMatchObject({
      kind: 'differs',
      message: expect.stringMatching(/^the engine does not decide web MASTER -> BACKUP/),
    });
  });

  test('prints from one line on, and stops after another', () => {
    const path = fileOf(recordingLines());
    const seqs: number[] = [];
    const options = { from: 3, until: 8, print: (_: string, seq: number) => seqs.push(seq) };
    expect(replayFile(path, options)).toMatchObject({ kind: 'same', lines: 10 });
    expect(Math.min(...seqs)).toBeGreaterThanOrEqual(3);
    expect(Math.max(...seqs)).toBeLessThanOrEqual(8);
  });

  test('takes a last line that was cut off for the end', () => {
    const [last = '', ...others] = recordingLines().reverse();
    const path = fileOf([...others.reverse(), last.slice(0, -5)], '');
    expect(replayFile(path)).toMatchObject({ kind: 'same' });
  });

  test('continues after a gap at the next snapshot, and compares nothing before it', () => {
    const { rig, lines } = recordedRig();
    rig.start();
    rig.becomeMaster();
    rig.elapse(seconds(20));
    rig.recorder?.requestSnapshot();
    rig.elapse(seconds(5));
    rig.hear(advert({ priority: 200 }));
    const all = lines();
    const snapshot = all.findLastIndex((line) => line.includes('"kind":"begin"'));
    expect(snapshot).toBeGreaterThan(5);
    const gap = '{"seq":3,"kind":"gap","count":9}';
    const path = fileOf([...all.slice(0, 3), gap, ...all.slice(snapshot - 4)]);
    expect(replayFile(path)).toMatchObject({ kind: 'same', transitions: 2 });
  });

  test('reproduces a failure of the engine', () => {
    const lines = recordingLines();
    const broken = (lines[0] ?? '').replace(VIP, '203.0.113.x');
    const outcome = replayFile(fileOf(lines.with(0, broken)));
    expect(outcome).toMatchObject({
      kind: 'differs',
      message: expect.stringMatching(/^the engine fails: /),
    });
  });

  test.each<[string, (lines: string[]) => string[], number, RegExp]>([
    ['is empty', () => [], 1, /empty|JSON/],
    ['is no JSON', (lines) => lines.with(3, '{'), 4, /JSON/],
    ['does not start with "begin"', (lines) => lines.slice(1), 1, /begin/],
    [
      'has another format',
      (lines) => lines.map((one) => one.replace('"recording":1', '"recording":2')),
      1,
      /format 1/,
    ],
    [
      'has an unknown input',
      (lines) => lines.with(1, '{"seq":1,"kind":"input","at":1,"input":{"kind":"sleep"}}'),
      2,
      /./,
    ],
    [
      'has an input without its parts',
      (lines) => lines.with(1, '{"seq":1,"kind":"input","at":1,"input":{"kind":"links.replaced"}}'),
      2,
      /links/,
    ],
    [
      'has half a byte',
      (lines) => lines.with(1, '{"seq":1,"kind":"packet","at":1,"index":2,"packet":"4"}'),
      2,
      /half a byte/,
    ],
    [
      'has a line without an end',
      (lines) => [...lines, 'x'.repeat(LINE_MAX + 200_000)],
      0,
      /longer/,
    ],
  ])('says which line it cannot read: %s', (_, change, line, message) => {
    const outcome = replayFile(fileOf(change(recordingLines())));
    expect(outcome).toMatchObject({ kind: 'unreadable', message: expect.stringMatching(message) });
    if (line > 0) expect(outcome).toMatchObject({ line });
  });

  test('reads whatever bytes there are', () => {
    const path = join(directory, 'noise');
    const noise = Buffer.from(Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 251));
    writeFileSync(path, Buffer.concat([readFileSync(fileOf(recordingLines())), noise]));
    expect(replayFile(path)).toMatchObject({ kind: 'unreadable' });
  });
});
