/**
 * A host that sleeps stops CLOCK_MONOTONIC and not CLOCK_BOOTTIME (clock_gettime(2)). In a time
 * namespace (time_namespaces(7)) the two are as far apart as after a suspend.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { builtProgram } from '../../src/lab/program.ts';
import { kernelSuite } from './support.ts';

const SLEPT_SECONDS = 100_000;

/** Reports the time, and how often a timer has fired that was armed 20 ms ahead. */
const PROGRAM = `
  const { Clock } = await import(process.argv[1]);
  const { readSync } = await import('node:fs');
  const clock = new Clock();
  const now = clock.now();
  clock.arm(now + 20_000);
  while (clock.now() < now + 30_000);
  const expirations = Buffer.alloc(8);
  readSync(clock.fd, expirations);
  console.log(JSON.stringify({ now, source: clock.source, fired: Number(expirations.readBigUInt64LE()) }));
`;

kernelSuite('the clock of the engine, on a host that was suspended', () => {
  test('counts the suspend, and its timer uses the same clock', () => {
    const before = uptime();
    const clock = `file://${builtProgram('src/kernel/clock/clock.js')}`;
    const unshare = ['--time', '--fork', '--boottime', String(SLEPT_SECONDS)];
    const evaluate = [process.execPath, '--input-type=module', '-e', PROGRAM, clock];
    const said = execFileSync('unshare', [...unshare, ...evaluate], { encoding: 'utf8' });
    const { now, source, fired } = JSON.parse(said) as Record<string, unknown>;
    expect({ source, fired }).toEqual({ source: 'boottime', fired: 1 });
    expect(Number(now) / 1_000_000).toBeGreaterThanOrEqual(before + SLEPT_SECONDS);
    expect(Number(now) / 1_000_000).toBeLessThanOrEqual(uptime() + SLEPT_SECONDS);
  });
});

/** Seconds, of CLOCK_BOOTTIME in this namespace (proc_uptime(5)), rounded down. */
function uptime(): number {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}
