import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { routingTables } from '../../../../src/daemon/host/routing-tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'vrrp-tables-'));

afterAll(() => rmSync(folder, { recursive: true }));

test('names are those of rt_tables and of the files beside it; later folders count', () => {
  const [first, second] = [join(folder, 'usr'), join(folder, 'etc')];
  mkdirSync(join(first, 'rt_tables.d'), { recursive: true });
  mkdirSync(second);
  writeFileSync(join(first, 'rt_tables'), '# 1 none\n255\tlocal\n100 uplink # comment\nrubbish\n');
  writeFileSync(join(first, 'rt_tables.d', 'a.conf'), '0x10 hexadecimal\n');
  writeFileSync(join(first, 'rt_tables.d', 'b.txt'), '7 ignored\n');
  writeFileSync(join(second, 'rt_tables'), '200 uplink');
  const numberOf = routingTables([first, second, join(folder, 'missing')]);
  const names = ['local', 'uplink', 'hexadecimal', 'ignored', 'none', 'rubbish'];
  expect(names.map(numberOf)).toEqual([255, 200, 16, undefined, undefined, undefined]);
});
