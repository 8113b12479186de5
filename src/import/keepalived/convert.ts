/** Converts keepalived.conf to a configuration of this program, and lists every difference. */

import type { Draft } from '../draft.ts';
import { type Converted, partsOf, type Statement, textOf } from '../statement.ts';
import type { Context, Globals, Tracker } from './context.ts';
import { equivalentOf, isNeedless } from './elsewhere.ts';
import { convertGlobals } from './globals.ts';
import { convertGroup } from './group.ts';
import { convertInstance } from './instance.ts';
import { convertLinkDelays } from './link-delays.ts';
import { convertMail } from './mail.ts';
import { noteBlocks } from './reader/blocks.ts';
import type { LexerOptions } from './reader/lexer.ts';
import { parseKeepalived } from './reader/parser.ts';
import { convertVirtualServer } from './services.ts';
import { convertSyncDaemon } from './sync-daemon.ts';
import { convertTrackers } from './tracking.ts';

/** Adds what the file says to the draft. Never throws. */
export function convertKeepalived(
  file: string,
  text: string,
  draft: Draft,
  options: LexerOptions,
): Converted {
  const parsed = parseKeepalived(file, text, options);
  convert(parsed.statements, draft);
  return parsed;
}

function convert(statements: readonly Statement[], draft: Draft): void {
  const { ledger } = draft;
  const trackers = new Map<string, Tracker>();
  const globals: Globals = {
    version: undefined,
    strict: false,
    user: undefined,
    defaultInterface: undefined,
    garp: {},
    spacing: {},
    groups: {},
    checksum: undefined,
    rules: { ipv4: 0, ipv6: 0 },
  };
  const positions = new Map(statements.map((one, position) => [one, position]));
  const context: Context = { draft, ledger, globals, trackers, instances: new Map(), positions };
  const of = (kind: string) => statements.filter(({ words }) => words[0] === kind);
  for (const one of of('global_defs')) convertGlobals(one, context);
  for (const one of of('interface_up_down_delays')) convertLinkDelays(one, context);
  draft.settleAgent();
  convertTrackers(statements, trackers, context);
  for (const one of of('vrrp_instance')) convertInstance(one, context);
  const grouped = new Set<string>();
  for (const one of of('vrrp_sync_group')) convertGroup(one, grouped, context);
  const groups = groupsOf(of('virtual_server_group'), context);
  for (const one of of('virtual_server')) convertVirtualServer(one, groups, context);
  for (const one of of('global_defs').flatMap((each) => partsOf(each, 'lvs_sync_daemon'))) {
    convertSyncDaemon(one, undefined, context);
  }
  for (const instance of of('vrrp_instance')) {
    const owner = context.instances.get(instance.words[1] ?? '');
    for (const one of partsOf(instance, 'lvs_sync_daemon_interface')) {
      if (owner !== undefined) convertSyncDaemon(one, owner, context);
    }
  }
  convertMail(statements, context);
  noteProgram(statements, context);
  noteBlocks(statements, ledger);
}

/** Settings of the program that may be outside `global_defs` as well. */
function noteProgram(statements: readonly Statement[], { ledger }: Context): void {
  for (const one of statements) {
    const [key = ''] = one.words;
    if (ledger.verdictOf(one) !== undefined) continue;
    if (isNeedless(key)) ledger.skip(one);
    else if (equivalentOf(key) !== '') ledger.lose(one, `${textOf(one)}${equivalentOf(key)}`);
  }
}

/** By name; of two with one name keepalived uses the first. */
function groupsOf(all: readonly Statement[], { ledger }: Context): Map<string, Statement> {
  const groups = new Map<string, Statement>();
  for (const one of all) {
    const [, name = ''] = one.words;
    if (!groups.has(name)) groups.set(name, one);
    else ledger.note(one, 'ignored', `${textOf(one)}: an earlier one has this name`);
  }
  return groups;
}
