/** Each keyword of keepalived, by the block that it is in, and what becomes of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Draft } from '../../../../src/import/draft.ts';
import { convertKeepalived } from '../../../../src/import/keepalived/convert.ts';
import { Ledger } from '../../../../src/import/ledger.ts';
import type { Statement } from '../../../../src/import/statement.ts';

const TABLE = new URL('../../../fixtures/keepalived-keywords.txt', import.meta.url);

const TRACKED = `vrrp_script s {
script /bin/true
}
track_file f {
file /run/f
}
vrrp_track_process p {
process nginx
}
bfd_instance b {
neighbor_ip 192.0.2.9
}
vrrp_instance i {
interface eth0
virtual_router_id 5
virtual_ipaddress {
203.0.113.1/24
}
}
`;
const OTHER =
  'vrrp_instance j {\ninterface eth0\nvirtual_router_id 6\nvirtual_ipaddress {\n203.0.113.2/24\n}\n';
const SERVERS = [10, 11, 12].map((host) => `real_server 192.0.2.${host} 80 {\n}\n`).join('');
const SERVICE = 'virtual_server 203.0.113.1 80 {\nprotocol TCP\n';
const SERVER = `${SERVICE}real_server 192.0.2.10 80 {\n`;

/** What stands before a line of the block, and how many braces close it. */
const BLOCKS: Readonly<Record<string, readonly [string, number]>> = {
  file: ['', 0],
  global_defs: ['global_defs {\n', 1],
  vrrp_instance: [OTHER, 1],
  vrrp_sync_group: [`${OTHER}}\nvrrp_sync_group g {\ngroup {\ni\nj\n}\n`, 1],
  vrrp_script: ['vrrp_script t {\nscript /bin/false\n', 1],
  vrrp_track_file: ['vrrp_track_file t {\nfile /run/g\n', 1],
  vrrp_track_process: ['vrrp_track_process t {\nprocess httpd\n', 1],
  bfd_instance: ['bfd_instance t {\nneighbor_ip 192.0.2.8\n', 1],
  virtual_server: [`${SERVICE}${SERVERS}`, 1],
  virtual_server_group: [
    `virtual_server group g {\n${SERVERS}}\nvirtual_server_group g {\n203.0.113.77 80\n`,
    1,
  ],
  real_server: [SERVER, 2],
  url: [`${SERVER}HTTP_GET {\nurl {\npath /\n`, 4],
  host: [`${SERVER}SMTP_CHECK {\nhost {\n`, 4],
  DNS_CHECK: [`${SERVER}DNS_CHECK {\nname example.org\n`, 3],
  MISC_CHECK: [`${SERVER}MISC_CHECK {\nmisc_path /bin/true\n`, 3],
  HTTP_GET: [`${SERVER}HTTP_GET {\nurl {\npath /\n}\n`, 3],
  SSL_GET: [`${SERVER}SSL_GET {\nurl {\npath /\n}\n`, 3],
};
for (const kind of ['TCP', 'PING', 'UDP', 'SMTP', 'BFD', 'FILE'].map((one) => `${one}_CHECK`)) {
  Object.assign(BLOCKS, { [kind]: [`${SERVER}${kind} {\n`, 3] });
}

interface Row {
  readonly block: string;
  readonly text: string;
  readonly verdict: string;
}

/** `[block block]`, then lines of a verdict and a statement, in which `\n` ends a line. */
function rows(): Row[] {
  let blocks: string[] = [];
  return readFileSync(TABLE, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const heading = /^\[(.*)\]$/.exec(line)?.[1];
      if (heading !== undefined) blocks = heading.split(' ');
      const [, verdict = '', text = ''] = /^(carried|listed|needless)\s+(.*)$/.exec(line) ?? [];
      if (verdict === '') return [];
      return blocks.map((block) => ({ block, text: text.replaceAll('\\n', '\n'), verdict }));
    });
}

function verdictOf({ block, text }: Row): string | undefined {
  const [before = '', braces = 0] = BLOCKS[block] ?? [];
  const head = `${TRACKED}${before}`;
  const ledger = new Ledger();
  const draft = new Draft(ledger);
  const { statements } = convertKeepalived(
    'k.conf',
    `${head}${text}\n${'}\n'.repeat(braces)}`,
    draft,
    { configId: undefined, include: () => [] },
  );
  draft.settleAll();
  ledger.listTheRest(statements);
  const line = head.split('\n').length;
  const one = find(statements, line);
  return one === undefined ? undefined : (ledger.verdictOf(one) ?? partly(one, ledger));
}

/** A block that no converter knows is listed by its parts. */
function partly({ block = [] }: Statement, ledger: Ledger): string | undefined {
  return block.map((one) => ledger.verdictOf(one)).find((verdict) => verdict !== undefined);
}

function find(statements: readonly Statement[], line: number): Statement | undefined {
  for (const one of statements) {
    const found = one.line === line ? one : find(one.block ?? [], line);
    if (found !== undefined) return found;
  }
  return undefined;
}

describe('each keyword of keepalived is carried, listed or needless:', () => {
  test.each(Object.keys(BLOCKS))('%s', (block) => {
    const own = rows().filter((row) => row.block === block);
    expect(own.length).toBeGreaterThan(0);
    const got = own.map((row) => `${verdictOf(row)} ${row.text}`);
    expect(got).toEqual(own.map(({ verdict, text }) => `${verdict} ${text}`));
  });
});
