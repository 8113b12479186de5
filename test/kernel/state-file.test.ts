/** A state file on a full disk. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryFile } from '../../src/ipvs/keep/memory-file.ts';
import { kernelSuite } from './support.ts';

function smallDisk(): string {
  const path = mkdtempSync(join(tmpdir(), 'small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', path]);
  onTestFinished(() => {
    execFileSync('umount', [path]);
    rmSync(path, { recursive: true });
  });
  return path;
}

/** Fills the disk. */
function fill(directory: string): void {
  const piece = Buffer.alloc(4_096);
  for (let count = 0; ; count++) {
    try {
      writeFileSync(join(directory, `filler-${count}`), piece);
    } catch {
      return;
    }
  }
}

kernelSuite('a state file on a full disk', () => {
  test('is the old one, the write fails, and the next write succeeds when there is space', async () => {
    const disk = smallDisk();
    const file = new MemoryFile(disk);
    const memory = (service: string) => ({ services: [service], sysctls: {}, timeouts: {} });
    const read = () => new MemoryFile(disk).read((message) => expect.fail(message));
    await file.write(memory('old'));
    fill(disk);
    await expect(file.write(memory('new'))).rejects.toThrow('ENOSPC');
    expect(read()).toEqual(memory('old'));
    expect(readdirSync(disk).filter((name) => name.startsWith('ipvs-'))).toHaveLength(1);
    rmSync(join(disk, 'filler-0'));
    await file.write(memory('new'));
    expect(read()).toEqual(memory('new'));
  });
});
