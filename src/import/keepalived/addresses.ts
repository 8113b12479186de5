/** Converts `virtual_ipaddress` and `virtual_ipaddress_excluded`. */
import { parseIp } from '../../net/address.ts';
import { type Branch, Sourced } from '../draft.ts';
import { optionOf, type Statement, textOf } from '../statement.ts';
import type { Context } from './context.ts';

export interface AddressLists {
  readonly isIpv6: boolean;
  readonly addresses: Sourced[];
  readonly extra: Sourced[];
}

/** Words without a meaning here; the number is that of the values that follow. */
const NEEDLESS: Readonly<Record<string, number>> = { noprefixroute: 0, brd: 1, '-nodad': 0 };

const OPTIONS = new Set(['dev', 'label']);
const LABEL_MOST = 15;

/** Words that make a difference. */
const IGNORED: Readonly<Record<string, number>> = {
  scope: 1,
  peer: 1,
  home: 0,
  mngtmpaddr: 0,
  autojoin: 0,
  preferred_lft: 1,
  no_track: 0,
  use_vmac: 0,
  track_group: 1,
};

/**
 * As keepalived does, advertises the family of the first address. The first address of an IPv6 instance
 * must be link-local (RFC 9568 section 5.2.9).
 */
export function convertAddresses(
  advertised: readonly Statement[],
  excluded: readonly Statement[],
  /** An address of the family of an instance that advertises none. */
  elsewhere: string,
  vrid: number,
  context: Context,
): AddressLists {
  const { ledger } = context;
  const seen = new Set<string>();
  const take = (statements: readonly Statement[], isAdvertised: boolean) => {
    ledger.carry(...statements);
    return statements.flatMap(({ block = [] }) =>
      block.flatMap((one) => entryOf(one, seen, isAdvertised, context)),
    );
  };
  const first = take(advertised, true);
  const isIpv6 = (first[0]?.text ?? elsewhere).includes(':');
  const own = first.filter(({ text }) => text.includes(':') === isIpv6);
  for (const { text, entry } of first) {
    if (text.includes(':') === isIpv6) continue;
    const message = `${text} is of the other family, and keepalived ignores it: list it in virtual_ipaddress_excluded`;
    ledger.note(entry.origin, 'ignored', message);
  }
  if (isIpv6) own.sort((a, b) => Number(isLinkLocal(b.text)) - Number(isLinkLocal(a.text)));
  const place = advertised[0];
  if (isIpv6 && own[0] !== undefined && !isLinkLocal(own[0].text) && place !== undefined) {
    const added = `fe80::${vrid.toString(16)}:1/64`;
    own.unshift({ text: added, entry: new Sourced(added, place) });
    const message = `${added} is added: the first IPv6 address of an instance must be link-local; all routers of the group need the same one`;
    ledger.note(place, 'changed', message);
  }
  return {
    isIpv6,
    addresses: own.map(({ entry }) => entry),
    extra: take(excluded, false).map(({ entry }) => entry),
  };
}

interface Entry {
  readonly text: string;
  readonly entry: Sourced;
}

function entryOf(
  one: Statement,
  seen: Set<string>,
  isAdvertised: boolean,
  context: Context,
): Entry[] {
  const { ledger } = context;
  const [written = '', ...words] = one.words;
  const bare = written.replace(/\/.*/, '');
  if (parseIp(bare) === undefined) {
    ledger.note(one, 'ignored', `${textOf(one)}: not an IP address, and ignored`);
    return [];
  }
  const missing = words.find((word, at) => OPTIONS.has(word) && words[at + 1] === undefined);
  const label = optionOf(words, 'label');
  if (missing !== undefined || (label ?? '').length > LABEL_MOST) {
    const why = missing === undefined ? 'the label is too long' : `"${missing}" has no value`;
    ledger.note(one, 'ignored', `${textOf(one)}: ${why}, and the address is ignored`);
    return [];
  }
  if (seen.has(bare)) {
    noteTwice(one, isAdvertised, context);
    return [];
  }
  seen.add(bare);
  ledger.carry(one);
  const hasLength = written === bare || hasPrefixLength(written);
  if (!hasLength) ledger.note(one, 'ignored', `${textOf(one)}: no prefix length, and ignored`);
  // The prefix length would add a route to the prefix.
  const address = hasLength && !words.includes('noprefixroute') ? written : bare;
  const ignored = ignoredIn(words);
  if (ignored.length > 0) {
    ledger.note(one, 'changed', `${textOf(one)}: "${ignored.join(' ')}" is ignored`);
  }
  const options: Branch = {};
  const device = optionOf(words, 'dev');
  if (device !== undefined) options['interface'] = device;
  if (label !== undefined && address.includes(':')) {
    ledger.note(one, 'ignored', `${textOf(one)}: the kernel has no labels for IPv6`);
  } else if (label !== undefined) options['label'] = new Sourced(label, one);
  const value = Object.keys(options).length === 0 ? address : { address, ...options };
  return [{ text: address, entry: new Sourced(value, one) }];
}

/** The list with the address once is another one: a keepalived drops it, so that there are two MASTERs. */
function noteTwice(one: Statement, isAdvertised: boolean, { ledger }: Context): void {
  const message = `${textOf(one)}: duplicate address`;
  if (!isAdvertised) ledger.note(one, 'ignored', `${message}, and ignored`);
  else {
    const why = 'keepalived advertises it twice, and drops a list that has it once';
    ledger.lose(one, `${message}: ${why}: remove the line on all routers first`);
  }
}

function hasPrefixLength(written: string): boolean {
  const length = /\/([0-9]+)$/.exec(written)?.[1];
  return length !== undefined && Number(length) <= (written.includes(':') ? 128 : 32);
}

/** The words that are not carried, with their values. */
function ignoredIn(words: readonly string[]): string[] {
  const ignored: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === 'dev' || word === 'label') at += 1;
    else if (word in NEEDLESS) at += NEEDLESS[word] ?? 0;
    else {
      const values = IGNORED[word] ?? 0;
      ignored.push(...words.slice(at, at + 1 + values));
      at += values;
    }
  }
  return ignored;
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
