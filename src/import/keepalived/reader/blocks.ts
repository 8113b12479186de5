/** Blocks without braces, and words before a brace that keepalived does not read. */
import type { Ledger } from '../../ledger.ts';
import { type Statement, textOf } from '../../statement.ts';

/** The number of words before the brace, the keyword among them, by the block that it is in. */
const WORDS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '': {
    global_defs: 1,
    vrrp_instance: 2,
    vrrp_sync_group: 2,
    vrrp_script: 2,
    vrrp_track_file: 2,
    track_file: 2,
    vrrp_track_process: 2,
    track_process: 2,
    bfd_instance: 2,
    virtual_server: 3,
    virtual_server_group: 2,
  },
  vrrp_instance: {
    authentication: 1,
    virtual_ipaddress: 1,
    virtual_ipaddress_excluded: 1,
    virtual_routes: 1,
    virtual_rules: 1,
    unicast_peer: 1,
    track_interface: 1,
    track_script: 1,
    track_file: 1,
    track_process: 1,
    track_bfd: 1,
  },
  vrrp_sync_group: {
    group: 1,
    track_interface: 1,
    track_script: 1,
    track_file: 1,
    track_process: 1,
    track_bfd: 1,
  },
  virtual_server: { real_server: 3 },
};

export function noteBlocks(statements: readonly Statement[], ledger: Ledger, parent = ''): void {
  for (const one of statements) {
    const [key = ''] = one.words;
    const known = WORDS[parent]?.[key];
    if (known !== undefined && one.block === undefined) {
      ledger.lose(one, `${textOf(one)}: has no block, and says nothing`);
    } else if (known !== undefined && one.words.length > known) {
      const extra = one.words.slice(known).join(' ');
      ledger.remark(one, 'ignored', `${textOf(one)}: "${extra}" is no part of it, and ignored`);
    }
    noteBlocks(one.block ?? [], ledger, key);
  }
}
