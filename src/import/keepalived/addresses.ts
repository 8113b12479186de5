/** Converts `virtual_ipaddress` and `virtual_ipaddress_excluded`. */
import type { Draft, Keys } from './draft.ts';
import { type Statement, textOf } from './parser.ts';

export interface AddressLists {
  readonly addresses: unknown[];
  readonly extra: unknown[];
}

/** Options of an address that are not supported. */
const IGNORED =
  /\b(label|scope|brd|peer|home|mngtmpaddr|autojoin|preferred_lft|no_track|use_vmac|-nodad)\b.*/;

/**
 * Advertises the family of the first address; the other family becomes extra addresses. The first
 * address of an IPv6 instance must be link-local (RFC 9568 section 5.2.9).
 */
export function convertAddresses(
  advertised: Statement | undefined,
  excluded: Statement | undefined,
  vrid: number,
  draft: Draft,
): AddressLists {
  const seen = new Set<string>();
  const take = (statement: Statement | undefined) =>
    (statement?.block ?? []).flatMap((one) => entryOf(one, seen, draft));
  const first = take(advertised);
  const isIpv6 = first[0]?.text.includes(':') ?? false;
  const own = first.filter(({ text }) => text.includes(':') === isIpv6);
  const others = first.filter(({ text }) => text.includes(':') !== isIpv6);
  if (isIpv6) own.sort((a, b) => Number(isLinkLocal(b.text)) - Number(isLinkLocal(a.text)));
  if (isIpv6 && own[0] !== undefined && !isLinkLocal(own[0].text) && advertised !== undefined) {
    const added = `fe80::${vrid.toString(16)}:1/64`;
    own.unshift({ text: added, entry: added });
    const message = `${added} is added: the first IPv6 address of an instance must be link-local; all routers of the group need the same one`;
    draft.note(advertised, message);
  }
  return {
    addresses: own.map(({ entry }) => entry),
    extra: [...others, ...take(excluded)].map(({ entry }) => entry),
  };
}

interface Entry {
  readonly text: string;
  readonly entry: string | Keys;
}

function entryOf(one: Statement, seen: Set<string>, draft: Draft): Entry[] {
  const [written = '', ...words] = one.words;
  // The prefix length would add a route to the prefix.
  const isSingle = words.includes('noprefixroute');
  const address = isSingle ? written.replace(/\/.*/, '') : written;
  const options = words.filter((word) => word !== 'noprefixroute');
  if (seen.has(address)) {
    draft.note(one, `${textOf(one)}: duplicate address`);
    return [];
  }
  seen.add(address);
  const ignored = IGNORED.exec(options.join(' '))?.[0];
  if (ignored !== undefined) draft.note(one, `${textOf(one)}: "${ignored}" is ignored`);
  const device = options[options.indexOf('dev') + 1];
  if (!options.includes('dev') || device === undefined) return [{ text: address, entry: address }];
  return [{ text: address, entry: { address, interface: device } }];
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
