/**
 * Converts heartbeat's haresources and ha.cf: each line of haresources is an instance. heartbeat has no
 * VRID and no priority, so the VRIDs are chosen, and the preferred node is the one with priority 150.
 */
import { parseIp } from '../../net/address.ts';
import { type Branch, type Draft, Sourced } from '../draft.ts';
import { addressEntry, linkOfAlias, nameFor } from '../names.ts';
import { type Converted, type Statement, textOf } from '../statement.ts';
import { type Cluster, clusterOf } from './cluster.ts';

/** The first VRID that is chosen. */
const FIRST_VRID = 51;
const PREFERRED_PRIORITY = 150;
const OTHER_PRIORITY = 100;
const DEFAULT_INTERFACE = 'eth0';

export interface HeartbeatFiles {
  /** `haresources`, `ha.cf`, or both, in any order. */
  readonly files: readonly { readonly file: string; readonly text: string }[];
  /** Name of this node, as `uname -n` prints it; undefined: unknown. */
  readonly node: string | undefined;
}

/** True for the text of an haresources, false for that of an ha.cf or authkeys. */
function isResources(text: string): boolean {
  return !/^\s*(keepalive|deadtime|auto_failback|ucast|bcast|mcast|node|auth)\s/m.test(text);
}

/** Adds what the files say to the draft. Never throws. */
export function convertHeartbeat({ files, node }: HeartbeatFiles, draft: Draft): Converted {
  const read = files.map(({ file, text }) => ({
    isResources: isResources(text),
    statements: statementsOf(file, text),
  }));
  const of = (wanted: boolean) =>
    read.filter((one) => one.isResources === wanted).flatMap(({ statements }) => statements);
  const cluster = clusterOf(of(false), draft);
  for (const [index, line] of of(true).entries()) {
    convertLine(line, FIRST_VRID + index, { cluster, node, draft });
  }
  return { statements: read.flatMap(({ statements }) => statements), notes: [] };
}

/** A backslash continues a line. */
function statementsOf(file: string, text: string): Statement[] {
  const statements: Statement[] = [];
  let words: string[] = [];
  let start = 0;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/#.*$/, '').trim();
    if (words.length === 0) start = index + 1;
    words.push(...line.replace(/\\$/, '').trim().split(/\s+/).filter(Boolean));
    if (line.endsWith('\\')) continue;
    if (words.length > 0) statements.push({ file, line: start, words, block: undefined });
    words = [];
  }
  return statements;
}

interface Context {
  readonly cluster: Cluster;
  readonly node: string | undefined;
  readonly draft: Draft;
}

function convertLine(one: Statement, vrid: number, { cluster, node, draft }: Context): void {
  const { ledger } = draft;
  const [owner = '', ...resources] = one.words;
  ledger.carry(one);
  const addresses = resources.flatMap((resource) => addressOf(resource) ?? []);
  for (const resource of resources) {
    if (addressOf(resource) === undefined) listResource(one, resource, draft);
  }
  const [first] = addresses;
  if (first === undefined) {
    ledger.lose(one, `${textOf(one)} is skipped: it has no IP address`);
    return;
  }
  const isIpv6 = first.address.includes(':');
  const own = addresses.filter(({ address }) => address.includes(':') === isIpv6);
  const extra = addresses.filter(({ address }) => address.includes(':') !== isIpv6);
  const link = first.link ?? cluster.link ?? DEFAULT_INTERFACE;
  const entry = ({ address, link: other, label }: Address) =>
    addressEntry(address, other === link ? undefined : other, label);
  const listed = own.map((each) => new Sourced(entry(each), one));
  if (isIpv6) listed.unshift(new Sourced(`fe80::${vrid.toString(16)}:1/64`, one));
  const instance: Branch = {
    ...{ name: nameFor(first.address.replace(/\/.*/, ''), 'address'), interface: link, vrid },
    addresses: listed,
    ...(extra.length > 0
      ? { extra_addresses: extra.map((each) => new Sourced(entry(each), one)) }
      : {}),
    ...cluster.keys,
  };
  if (node !== undefined)
    instance['priority'] = node === owner ? PREFERRED_PRIORITY : OTHER_PRIORITY;
  ledger.note(
    one,
    'changed',
    `${first.address}: VRID ${vrid} is chosen; both directors need the same one, free on ${link}`,
  );
  if (node === undefined) {
    ledger.note(
      one,
      'lost',
      `${owner} is preferred: give the name of this node with --config-id, or set "priority"`,
    );
  }
  if (draft.settleInstance(instance, one)) draft.instances.push(new Sourced(instance, one));
}

interface Address {
  readonly address: string;
  readonly link: string | undefined;
  /** The name with its alias, such as `eth0:2`. */
  readonly label: string | undefined;
}

/** `IPaddr::A/24/eth0/BROADCAST`, or the address alone. */
function addressOf(resource: string): Address | undefined {
  const words = resource.replace(/^(IPaddr2?|IPv6addr)::/, '').split('/');
  const [address = '', second, third] = words;
  if (parseIp(address) === undefined) return undefined;
  const isLength = second !== undefined && /^[0-9]+$/.test(second);
  const device = isLength ? third : second;
  const text = isLength ? `${address}/${second}` : address;
  return {
    address: text,
    ...(device === undefined
      ? { link: undefined, label: undefined }
      : linkOfAlias(device, address)),
  };
}

function listResource(one: Statement, resource: string, { ledger }: Draft): void {
  const [kind = '', ...values] = resource.split('::');
  if (kind === 'ldirectord') {
    const file = values[0] ?? 'ldirectord.cf';
    ledger.note(
      one,
      'changed',
      `${resource}: import ${file} as well; its services run on both directors`,
    );
  } else if (kind === 'LVSSyncDaemonSwap') {
    ledger.lose(one, `${resource}: give "ipvs.sync" the interface and the sync ID of the daemons`);
  } else {
    ledger.lose(
      one,
      `${resource}: is not started here; use a command of "notify" (master, backup)`,
    );
  }
}
