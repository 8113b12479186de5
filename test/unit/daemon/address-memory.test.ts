/** VIPs that a run remembers for the next one, on a kernel that does not keep the mark of an address. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AddressMemory } from '../../../src/daemon/address-memory.ts';
import { type IpAddress, ip } from '../../../src/net/address.ts';
import { instanceOf, VIP } from '../../conformance/rig.ts';

const OWN = ip('192.0.2.11');

function settingsOf(...addresses: IpAddress[]) {
  const instance = instanceOf({
    addresses: addresses.map((address) => ({ address, prefixLength: 32, interface: 'eth0' })),
  });
  return { router: 'lb1', linger: 'off', instances: [instance], syncGroups: [] } as const;
}

function stateDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

function memoryIn(directory: string, present: readonly IpAddress[], keepsMarks = false) {
  const warnings: string[] = [];
  const logger = pino({}, { write: (line: string) => void warnings.push(line) });
  const memory = new AddressMemory({ directory, logger, keepsMarks, present: () => present });
  return { memory, warnings };
}

describe('FR-H the memory of addresses', () => {
  test('knows what a killed run has left, and not what the host had before', async () => {
    const directory = stateDirectory();
    const first = memoryIn(directory, [OWN]).memory;
    await first.prepare(settingsOf(OWN, VIP));
    expect([...(first.addresses ?? [])]).toEqual([VIP]);
    // The next run finds both.
    const next = memoryIn(directory, [OWN, VIP]).memory;
    await next.prepare(settingsOf(OWN, VIP));
    expect([...(next.addresses ?? [])]).toEqual([VIP]);
  });

  test('knows nothing after a clean end', async () => {
    const directory = stateDirectory();
    const first = memoryIn(directory, []).memory;
    await first.prepare(settingsOf(VIP));
    await first.forget();
    const next = memoryIn(directory, [VIP]).memory;
    await next.prepare(settingsOf(VIP));
    expect([...(next.addresses ?? [])]).toEqual([]);
  });

  test('grows with a reload', async () => {
    const { memory } = memoryIn(stateDirectory(), []);
    await memory.prepare(settingsOf(VIP));
    await memory.prepare(settingsOf(VIP, OWN));
    expect([...(memory.addresses ?? [])]).toEqual([VIP, OWN]);
  });

  test('FR-H has what was taken over from a process that remembered nothing', async () => {
    const directory = stateDirectory();
    // The VIP is there, and no file says whose it is.
    const { memory } = memoryIn(directory, [OWN, VIP]);
    await memory.prepare(settingsOf(OWN, VIP));
    expect([...(memory.addresses ?? [])]).toEqual([]);
    await memory.claim([VIP]);
    await memory.claim([VIP]);
    expect([...(memory.addresses ?? [])]).toEqual([VIP]);
    const next = memoryIn(directory, [OWN, VIP]).memory;
    await next.prepare(settingsOf(OWN, VIP));
    expect([...(next.addresses ?? [])]).toEqual([VIP]);
  });

  test('is not used where the kernel keeps marks', async () => {
    const directory = stateDirectory();
    const { memory } = memoryIn(directory, [], true);
    await memory.prepare(settingsOf(VIP));
    await memory.claim([VIP]);
    await memory.forget();
    expect(memory.addresses).toBeUndefined();
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each([
    'rubbish',
    '{"version":1}',
    '{"version":1,"boot":"another boot","addresses":["203.0.113.100"]}',
  ])('that cannot be used claims no address: %s', async (text) => {
    const directory = stateDirectory();
    const first = memoryIn(directory, []).memory;
    await first.prepare(settingsOf(VIP));
    const [file = ''] = readdirSync(directory);
    writeFileSync(join(directory, file), text);
    const next = memoryIn(directory, [VIP]).memory;
    await next.prepare(settingsOf(VIP));
    expect([...(next.addresses ?? [])]).toEqual([]);
  });

  test('that cannot be written is a warning', async () => {
    const file = join(stateDirectory(), 'file');
    writeFileSync(file, '');
    const { memory, warnings } = memoryIn(file, []);
    await memory.prepare(settingsOf(VIP));
    expect(warnings.join()).toContain('address-memory-failed');
    expect([...(memory.addresses ?? [])]).toEqual([VIP]);
  });
});
