import { mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Recording } from '../../../../src/daemon/recording/recording.ts';
import { instant } from '../../../../src/net/time.ts';
import type { Entry } from '../../../../src/protocol/thread/recording/entry.ts';

const BEGIN: Entry = {
  kind: 'begin',
  at: instant(5),
  wall: 0,
  standby: false,
  settings: { router: 'lb1', linger: 'off', instances: [], syncGroups: [] },
};
const WAKE: Entry = { kind: 'input', at: instant(6), input: { kind: 'wake' } };

let directory: string;
let file: string;
let logged: string[];
let snapshots: number;
let now: number;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recording-'));
  file = join(directory, 'field.jsonl');
  [logged, snapshots, now] = [[], 0, 0];
});

afterEach(() => rmSync(directory, { recursive: true }));

function recordingTo(path: string, fileSize = 1_000) {
  const note = ({ code }: { code: string }) => void logged.push(code);
  const recorded = new SharedArrayBuffer(8);
  const recording = new Recording({
    file: path,
    version: '0.0.0',
    protocol: {
      memory: { recorded },
      requestSnapshot: () => {
        snapshots++;
      },
    },
    logger: { info: note, error: note } as never,
    fileSize,
    clock: () => now,
  });
  return { recording, taken: () => new Float64Array(recorded)[0] };
}

async function give(recording: Recording, ...entries: Entry[]): Promise<void> {
  recording.take({ entries, size: entries.length });
  // It is written when the promises of the file system have settled.
  await recording.written();
}

function linesOf(path: string): { seq: number; kind: string; count?: number }[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function kindsOf(path: string): string {
  return linesOf(path)
    .map(({ kind }) => kind)
    .join(' ');
}

describe('a recording', () => {
  test('is a file that only its owner reads, and says what has been written', async () => {
    const { recording, taken } = recordingTo(file);
    await give(recording, BEGIN, WAKE);
    expect(kindsOf(file)).toBe('begin input');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(taken()).toBe(2);
    await recording.close();
  });

  test('continues in a new file at a snapshot, and keeps the one before', async () => {
    const { recording } = recordingTo(file);
    await give(recording, BEGIN, WAKE);
    for (let i = 0; i < 30; i++) await give(recording, WAKE);
    expect(snapshots).toBe(1);
    await give(recording, WAKE, BEGIN, WAKE);
    expect(kindsOf(file)).toBe('begin input');
    expect(linesOf(`${file}.1`)).toHaveLength(33);
    expect(linesOf(file)[0]?.seq).toBe(33);
    await recording.close();
  });

  test('keeps what a former process has recorded as FILE.1', async () => {
    const first = recordingTo(file).recording;
    await give(first, BEGIN, WAKE);
    await first.close();
    const second = recordingTo(file).recording;
    await give(second, BEGIN);
    await second.close();
    expect(kindsOf(`${file}.1`)).toBe('begin input');
    expect(kindsOf(file)).toBe('begin');
  });

  test.each(['', '.1'])(
    'neither moves nor overwrites FILE%s that is not a recording',
    async (end) => {
      writeFileSync(`${file}${end}`, 'root:x:0:0:\n');
      const { recording } = recordingTo(file);
      await give(recording, BEGIN, WAKE);
      await give(recording, WAKE);
      expect(readFileSync(`${file}${end}`, 'utf8')).toBe('root:x:0:0:\n');
      expect(logged).toEqual(['recording-failed']);
      await recording.close();
    },
  );

  test('is tried again after a while, and continues from a snapshot', async () => {
    const away = join(directory, 'away');
    const { recording, taken } = recordingTo(join(away, 'field.jsonl'));
    await give(recording, BEGIN, WAKE);
    await give(recording, WAKE);
    expect([snapshots, taken()]).toEqual([0, 3]);
    now = 30_000;
    await give(recording, WAKE);
    await give(recording, WAKE);
    expect(snapshots).toBe(1);
    renameSync(mkdtempSync(join(directory, 'made')), away);
    await give(recording, BEGIN, WAKE);
    expect(kindsOf(join(away, 'field.jsonl'))).toBe('begin input');
    expect(logged).toEqual(['recording-failed', 'recording-resumed']);
    await recording.close();
  });

  test('leaves no half of a line where a full disk has cut one off', async () => {
    const { recording } = recordingTo(file);
    await give(recording, BEGIN, WAKE);
    const handle = await open(file);
    const prototype: FileHandle = Object.getPrototypeOf(handle);
    await handle.close();
    const full = vi.spyOn(prototype, 'appendFile');
    full.mockImplementationOnce(async function (this: FileHandle) {
      await this.write('{"seq":2,"ki');
      throw new Error('ENOSPC: no space left on device, write');
    });
    await give(recording, WAKE);
    await give(recording, WAKE, BEGIN, WAKE);
    full.mockRestore();
    expect(kindsOf(file)).toBe('begin input gap begin input');
    expect(linesOf(file)[2]).toMatchObject({ count: 2 });
    expect(logged).toEqual(['recording-failed', 'recording-resumed']);
    await recording.close();
  });

  test('loses lines rather than grow while it waits for a snapshot, and says how many', async () => {
    const { recording } = recordingTo(file, 4 * 1024);
    await give(recording, BEGIN);
    const packet: Entry = {
      ...{ kind: 'packet', at: instant(7), index: 2 },
      packet: new Uint8Array(60_000),
    };
    for (let i = 0; i < 20; i++) await give(recording, packet);
    expect(statSync(file).size).toBeLessThan(1.1 * 1024 * 1024);
    const written = linesOf(file).length;
    expect(written).toBeLessThan(20);
    await give(recording, BEGIN);
    expect(linesOf(`${file}.1`)).toHaveLength(written + 1);
    expect(linesOf(`${file}.1`).at(-1)).toMatchObject({ kind: 'gap', count: 21 - written });
    expect(linesOf(file)[0]?.seq).toBeGreaterThan(20);
    await recording.close();
  });

  test('ends where another process has begun to record to the file', async () => {
    const old = recordingTo(file, 10).recording;
    await give(old, BEGIN);
    const next = recordingTo(file).recording;
    await give(next, BEGIN, WAKE);
    await give(old, WAKE);
    await give(old, BEGIN, WAKE);
    await give(old, WAKE);
    expect(logged).toEqual(['recording-ended']);
    expect(kindsOf(file)).toBe('begin input');
    expect(kindsOf(`${file}.1`)).toBe('begin input');
    await Promise.all([old.close(), next.close()]);
  });
});
