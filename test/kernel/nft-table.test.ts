/** A table of nftables that the agent keeps, in a separate network namespace. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { guardRules } from '../../src/ipvs/keep/rst-guard.ts';
import { NftError } from '../../src/kernel/nftables/nft.ts';
import { hasTable } from '../../src/kernel/nftables/nft-monitor.ts';
import { NftTable } from '../../src/kernel/nftables/nft-table.ts';
import { ip as address, type IpAddress } from '../../src/net/address.ts';
import { enterNamespace } from './namespace.ts';
import { ip, kernelSuite, until } from './support.ts';

const NAME = 'vrrp_agent_test';

let made = 0;

function tableOf() {
  const restored: number[] = [];
  const failures: unknown[] = [];
  const table = new NftTable(`${NAME}${++made}`, {
    restored: () => restored.push(performance.now()),
    failed: (error) => failures.push(error),
  });
  const name = `${NAME}${made}`;
  onTestFinished(() => table.close());
  return { table, name, restored, failures };
}

function nft(...args: string[]): string {
  return execFileSync('nft', args, { encoding: 'utf8', maxBuffer: 1 << 24 });
}

function addresses(count: number): IpAddress[] {
  return Array.from({ length: count }, (_, n) =>
    address(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`),
  );
}

kernelSuite('a table of nftables', () => {
  const namespace = `kt${process.pid}-nft`;

  beforeAll(() => {
    ip('netns', 'add', namespace);
    enterNamespace(namespace);
  });

  afterAll(() => {
    ip('netns', 'delete', namespace);
  });

  test('takes 5,000 addresses in one transaction', async () => {
    const { table, name } = tableOf();
    await table.want(guardRules([...addresses(5_000), address('2001:db8::1')]));
    const listing = nft('list', 'table', 'inet', name);
    expect(listing.match(/10\.\d+\.\d+\.\d+/g)).toHaveLength(5_000);
    expect(listing).toContain('2001:db8::1');
  });

  test.each([
    ['removed', (name: string) => nft('delete', 'table', 'inet', name)],
    ['emptied', (name: string) => nft('flush', 'table', 'inet', name)],
    [
      'changed',
      (name: string) => nft('add', 'element', 'inet', name, 'virtual_ipv4', '{ 192.0.2.9 }'),
    ],
  ])('is restored when it is %s by hand', async (_, damage) => {
    const { table, name, restored, failures } = tableOf();
    await table.want(guardRules(addresses(5_000)));
    const before = nft('--stateless', 'list', 'table', 'inet', name);
    damage(name);
    await until(() => restored.length > 0);
    expect(nft('--stateless', 'list', 'table', 'inet', name)).toBe(before);
    expect(failures).toEqual([]);
  });

  test('is restored repeatedly, but less and less often', async () => {
    const { table, name, restored } = tableOf();
    await table.want(guardRules(addresses(1)));
    for (let count = 1; count <= 5; count++) {
      nft('delete', 'table', 'inet', name);
      await until(() => restored.length === count);
    }
    const [, , third = 0, fourth = 0, fifth = 0] = restored;
    expect(fourth - third).toBeGreaterThan(190);
    expect(fifth - fourth).toBeGreaterThan(390);
  });

  test('does not change when nft refuses the new content, and the error has the reason', async () => {
    const { table, name } = tableOf();
    await table.want(guardRules(addresses(1)));
    const before = nft('--stateless', 'list', 'table', 'inet', name);
    const refused = table.want('  chain output { no such statement }');
    await expect(refused).rejects.toThrow(NftError);
    await expect(refused).rejects.toThrow(/syntax error|Error/);
    expect(nft('--stateless', 'list', 'table', 'inet', name)).toBe(before);
    await table.want(guardRules(addresses(2)));
    expect(nft('list', 'table', 'inet', name)).toContain('10.0.0.1');
  });

  test('of an earlier process is replaced, and removed at the end', async () => {
    const { table, name } = tableOf();
    nft('add', 'table', 'inet', name);
    await table.want(undefined);
    expect(hasTable(name)).toBe(false);
    nft('add', 'table', 'inet', name);
    await table.want(guardRules(addresses(1)));
    expect(nft('list', 'table', 'inet', name)).toContain('10.0.0.0');
    await table.close();
    expect(hasTable(name)).toBe(false);
  });

  test('that is left to the next process is no longer restored', async () => {
    const { table, name, restored } = tableOf();
    await table.want(guardRules(addresses(1)));
    table.abandon();
    nft('delete', 'table', 'inet', name);
    await table.want(guardRules(addresses(2)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect([restored, hasTable(name)]).toEqual([[], false]);
  });
});
