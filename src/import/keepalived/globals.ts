/** Converts the parts of `global_defs` that have an equivalent. */

import { type Branch, Sourced } from '../draft.ts';
import type { Ledger } from '../ledger.ts';
import { numberOf } from '../names.ts';
import { isOn, partsOf, type Statement, textOf } from '../statement.ts';
import { commandOf } from './commands.ts';
import { type Context, durationOf } from './context.ts';
import { equivalentOf, isNeedless } from './elsewhere.ts';
import { MAIL } from './mail.ts';

export function convertGlobals(statement: Statement, context: Context): void {
  context.ledger.carry(statement);
  convertSnmp(statement, context);
  for (const one of statement.block ?? []) {
    if (context.ledger.verdictOf(one) === undefined) convertGlobal(one, context);
  }
}

/** Where keepalived itself connects if the file does not say. */
const AGENTX = '/var/agentx/master';

/** The MIBs of RFC 2787 and RFC 6527; keepalived's own are listed like any other key. */
function convertSnmp(statement: Statement, { draft, ledger }: Context): void {
  const [one, ...more] = partsOf(statement, 'enable_snmp_rfcv3', 'enable_snmp_rfc');
  if (one === undefined) return;
  const socket = partsOf(statement, 'snmp_socket').at(-1);
  const path = (socket?.words[1] ?? AGENTX).replace(/^unix:/, '');
  draft.agent['snmp'] = new Sourced({ agentx: path }, socket ?? one);
  ledger.carry(one, ...more, ...partsOf(statement, 'snmp_socket', 'enable_traps'));
}

function convertGlobal(one: Statement, context: Context): void {
  const { draft, ledger, globals } = context;
  const [key = '', value = ''] = one.words;
  const agent = (name: string, tree: Branch[string]) => {
    draft.agent[name] = new Sourced(tree, one);
    ledger.carry(one);
  };
  if (isNeedless(key)) {
    ledger.skip(one);
    return;
  }
  // Converted after all that may send it.
  if (MAIL.test(key)) return;
  if (convertIpvs(one, context) || convertFifos(one, value, context) || convertTime(one, context))
    return;
  if (convertGarp(one, key.replace(/^vrrp_/, ''), globals.garp, context)) return;
  switch (key) {
    case 'router_id':
    case 'lvs_id':
      convertRouter(one, value, context);
      return;
    case 'vrrp_version':
    case 'v3_checksum_as_v2':
      convertVersion(one, context);
      return;
    case 'vrrp_strict':
      globals.strict = true;
      if (value !== '') {
        const message =
          'keepalived reads no value, and is strict: "strict_mode off" is of an instance';
        ledger.remark(one, 'ignored', `${textOf(one)}: ${message}`);
      }
      ledger.note(
        one,
        'changed',
        'vrrp_strict: converted to "accept: false", without authentication',
      );
      return;
    case 'vrrp_min_garp':
      setMinimum(one, globals, ledger);
      return;
    case 'vrrp_mcast_group4':
    case 'vrrp_mcast_group6':
      globals.groups[key.endsWith('4') ? 'ipv4' : 'ipv6'] = new Sourced(value, one);
      ledger.carry(one);
      return;
    case 'script_user': {
      globals.user = value;
      ledger.carry(one);
      const group = one.words[2];
      if (group === undefined) return;
      ledger.note(
        one,
        'changed',
        `script_user: runs with the groups of ${value}, not with ${group}`,
      );
      return;
    }
    case 'default_interface':
      globals.defaultInterface = value;
      ledger.carry(one);
      return;
    case 'vrrp_rt_priority':
      agent('realtime', Math.min(99, numberOf(value) ?? 0));
      return;
    default:
      ledger.lose(one, `global_defs: ${textOf(one)}${equivalentOf(key)}`);
  }
}

/** One announcement, and no second burst. */
function setMinimum(one: Statement, globals: Context['globals'], ledger: Ledger): void {
  const isMinimum = isOn(one.words[1]);
  if (isMinimum === undefined) {
    ledger.note(one, 'ignored', `${textOf(one)}: neither true nor false, and ignored`);
    return;
  }
  ledger.carry(one);
  if (!isMinimum) return;
  globals.garp['repeat'] = new Sourced(1, one);
  globals.garp['second_burst_after'] = new Sourced('0s', one);
}

/** The version of instances that give none, and the checksum of version 3. */
function convertVersion(one: Statement, { globals, ledger }: Context): void {
  const [key, value] = one.words;
  if (key === 'v3_checksum_as_v2' && isOn(value) === false) ledger.skip(one);
  else if (key === 'v3_checksum_as_v2') {
    globals.checksum = new Sourced('rfc9568', one);
    ledger.carry(one);
  } else if (value === '2' || value === '3') {
    globals.version = value === '3' ? 3 : 2;
    ledger.carry(one);
  } else ledger.note(one, 'ignored', `${textOf(one)}: neither 2 nor 3, and ignored`);
}

/** False: not a key of IPVS. */
function convertIpvs(one: Statement, context: Context): boolean {
  const { draft, ledger } = context;
  switch (one.words[0]) {
    case 'lvs_timeouts':
      convertTimeouts(one, context);
      return true;
    case 'lvs_flush':
      draft.ipvs['exclusive'] = new Sourced(true, one);
      ledger.carry(one);
      return true;
    case 'lvs_sync_daemon':
      // Converted after all instances.
      ledger.carry(one);
      return true;
    default:
      return false;
  }
}

function convertRouter(one: Statement, value: string, { draft, ledger }: Context): void {
  const name = value.replaceAll(/[^A-Za-z0-9._-]/g, '-');
  draft.agent['router'] = new Sourced(name, one);
  ledger.carry(one);
  if (name !== value) ledger.note(one, 'changed', `${textOf(one)}: the name becomes ${name}`);
}

/** False: not a FIFO. */
function convertFifos(one: Statement, value: string, context: Context): boolean {
  const { draft, ledger } = context;
  const key = /^(vrrp_|lvs_)?notify_fifo(_script)?$/.exec(one.words[0] ?? '');
  if (key === null) return false;
  const [, kind, script] = key;
  if (script !== undefined) {
    const program = commandOf(value)?.argv.join(' ') ?? '';
    ledger.lose(one, `${one.words[0]} ${program}: start the reader of the FIFO separately`);
    return true;
  }
  if (kind !== 'lvs_') convertFifo(one, draft.agent, value, context);
  if (kind !== 'vrrp_') convertFifo(one, draft.ipvs, value, context);
  return true;
}

/** @param keys those of the agent, or of `ipvs` */
function convertFifo(one: Statement, keys: Branch, value: string, { ledger }: Context): void {
  if ('notify' in keys) {
    ledger.lose(one, `${textOf(one)}: only one FIFO is possible, and an earlier line gives it`);
    return;
  }
  keys['notify'] = new Sourced({ fifo: value }, one);
  ledger.carry(one);
}

/** False: not one of the times. */
function convertTime(one: Statement, context: Context): boolean {
  const { draft, ledger } = context;
  switch (one.words[0]) {
    case 'vrrp_garp_interval':
    case 'vrrp_gna_interval':
      convertSpacing(one, context);
      return true;
    case 'vrrp_startup_delay': {
      const delay = durationOf(one.words[1] ?? '');
      if (delay === undefined) {
        ledger.note(one, 'ignored', `${textOf(one)}: not a time in seconds, and ignored`);
        return true;
      }
      draft.agent['start'] = new Sourced({ delay }, one);
      ledger.carry(one);
      return true;
    }
    default:
      return false;
  }
}

/** The spacing of gratuitous ARP (IPv4) or of Neighbor Advertisements (IPv6). */
function convertSpacing(one: Statement, { globals, ledger }: Context): void {
  const [key = '', written = ''] = one.words;
  if (durationOf(written) === undefined) {
    ledger.note(one, 'ignored', `${textOf(one)}: not a time in seconds, and ignored`);
    return;
  }
  const family = key === 'vrrp_garp_interval' ? 'ipv4' : 'ipv6';
  const exact = Number(written) * 1_000;
  // Whole milliseconds, and not zero, which would mean none.
  const rounded = Math.ceil(Math.round(exact * 1e3) / 1e3);
  globals.spacing[family] = new Sourced(`${rounded}ms`, one);
  ledger.carry(one);
  if (rounded !== exact) ledger.note(one, 'changed', `${textOf(one)}: becomes ${rounded}ms`);
}

const TIMEOUTS: Readonly<Record<string, string>> = { tcp: 'tcp', tcpfin: 'tcp_fin', udp: 'udp' };

function convertTimeouts(one: Statement, { draft, ledger }: Context): void {
  const timeouts: Branch = {};
  const [, ...words] = one.words;
  for (let at = 0; at < words.length; at += 2) {
    const key = TIMEOUTS[words[at] ?? ''];
    const time = durationOf(words[at + 1] ?? '');
    if (key === undefined || time === undefined) {
      ledger.lose(one, `global_defs: ${textOf(one)}: "${words[at]}" cannot be read`);
      return;
    }
    timeouts[key] = time;
  }
  draft.ipvs['timeouts'] = new Sourced(timeouts, one);
  ledger.carry(one);
}

/** More is no number of seconds or packets for keepalived. */
const UNSIGNED_MOST = 0xffff_ffff;

/** `garp_master_repeat 3`, of an instance or of all. False: not a key of `garp`. */
export function convertGarp(one: Statement, key: string, garp: Branch, context: Context): boolean {
  const found = GARP_KEYS[key];
  if (found === undefined) return false;
  const { name, least, isContested = false } = found;
  const written = one.words[1] ?? '';
  // keepalived reads as far as the digits go.
  const whole = Number(/^\+?(\d*)/.exec(written)?.[1]);
  if (written.startsWith('-') || whole > UNSIGNED_MOST) {
    context.ledger.note(one, 'ignored', `${textOf(one)}: invalid, and ignored`);
    return true;
  }
  const value = least === undefined ? whole : Math.min(Math.max(whole, least), REPEAT_MOST);
  const tree = new Sourced(least === undefined ? `${value}s` : value, one);
  if (isContested) garp['contested'] = { ...(garp['contested'] as Branch), [name]: tree };
  else garp[name] = tree;
  context.ledger.carry(one);
  if (String(value) === written) return true;
  const level = whole > REPEAT_MOST && least !== undefined ? 'changed' : 'ignored';
  context.ledger.note(one, level, `${textOf(one)}: becomes ${value}`);
  return true;
}

/** As the schema of this program has it. */
const REPEAT_MOST = 100;

interface GarpKey {
  readonly name: string;
  /** Of a number; absent: it is a time in seconds. */
  readonly least?: number;
  readonly isContested?: true;
}

const GARP_KEYS: Readonly<Record<string, GarpKey>> = {
  garp_master_repeat: { name: 'repeat', least: 1 },
  garp_master_delay: { name: 'second_burst_after' },
  garp_master_refresh: { name: 'refresh' },
  garp_master_refresh_repeat: { name: 'refresh_repeat', least: 1 },
  garp_lower_prio_repeat: { name: 'repeat', least: 0, isContested: true },
  garp_lower_prio_delay: { name: 'second_burst_after', isContested: true },
};
