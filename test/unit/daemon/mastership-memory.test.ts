import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MastershipMemory } from '../../../src/daemon/mastership-memory.ts';
import { namespaceNumber } from '../../../src/kernel/process/boot.ts';
import { instant } from '../../../src/net/time.ts';
import { FILE_BYTES, mapMasterships } from '../../../src/protocol/thread/masterships-file.ts';

const ROW = [4_711, 5_000_000, 1, 0];
const FOUND = { fingerprint: 4_711, lastSentAt: instant(5_000_000), forms: 1, lists: 0 };

let directory = '';
let warnings: { code?: string; msg: string }[] = [];

beforeEach(() => {
  directory = mkdtempSync('/dev/shm/vrrp-agent-test-');
  warnings = [];
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function memoryOf(more: { directories?: string[]; boot?: string } = {}): MastershipMemory {
  const write = (line: string) => void warnings.push(JSON.parse(line));
  return new MastershipMemory({ directories: [directory], logger: pino({}, { write }), ...more });
}

/** A process that was MASTER and has died. */
function died(boot?: string): void {
  const memory = memoryOf(boot === undefined ? {} : { boot });
  memory.open();
  mapMasterships(memory.fd ?? -1).set(ROW);
  memory.close();
}

const file = () => join(directory, `vrrp-agent-masterships-${namespaceNumber()}`);

describe('the memory of masterships', () => {
  test('returns to the next process what one that died has stored', () => {
    died();
    const { former, now } = memoryOf().open();
    expect(former).toEqual([FOUND]);
    expect(now).toBeGreaterThan(5_000_000);
    expect(statSync(file())).toMatchObject({ size: FILE_BYTES });
  });

  test('is empty at the first start, after another boot, and after a clean end', () => {
    expect(memoryOf().open().former).toEqual([]);
    died('another boot');
    expect(memoryOf().open().former).toEqual([]);
    died();
    const memory = memoryOf();
    memory.open();
    memory.close();
    memory.forget();
    expect(existsSync(file())).toBe(false);
    expect(memoryOf().open().former).toEqual([]);
  });

  test('is empty if the file was cut or is of another format', () => {
    died();
    writeFileSync(file(), 'short');
    expect(memoryOf().open().former).toEqual([]);
    writeFileSync(file(), new Uint8Array(FILE_BYTES).fill(1));
    expect(memoryOf().open().former).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('leaves the file of another version to the process that has mapped it', () => {
    const longer = new Uint8Array(2 * FILE_BYTES).fill(1);
    writeFileSync(file(), longer, { mode: 0o600 });
    const mapped = openSync(file(), 'r');
    const memory = memoryOf();
    expect(memory.open().former).toEqual([]);
    memory.close();
    expect(readFileSync(mapped).equals(longer)).toBe(true);
    expect(statSync(file())).toMatchObject({ size: FILE_BYTES });
    closeSync(mapped);
  });

  test('does not keep a failed agent from releasing its VIPs if the file cannot be removed', () => {
    const memory = memoryOf();
    memory.open();
    memory.close();
    rmSync(file());
    mkdirSync(file());
    memory.forget();
    expect(existsSync(file())).toBe(true);
  });

  test('is not used, which is logged, where others can write or no file system is in memory', () => {
    died();
    chmodSync(file(), 0o666);
    const writable = memoryOf();
    expect(writable.open().former).toEqual([]);
    expect(writable.fd).toBeUndefined();
    rmSync(file());
    symlinkSync('/dev/shm/elsewhere', file());
    expect(memoryOf().open().former).toEqual([]);
    expect(memoryOf({ directories: ['/proc', '/nowhere'] }).open().former).toEqual([]);
    expect(warnings.map(({ code }) => code)).toEqual(['no-resume', 'no-resume', 'no-resume']);
    expect(warnings[2]?.msg).toContain('/proc, /nowhere');
  });
});
