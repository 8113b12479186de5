/** `virtual_ipaddress` and `virtual_ipaddress_excluded`. */
import type { Draft, Keys } from './draft.ts';
import { type Statement, textOf } from './statement.ts';

export interface AddressLists {
  readonly addresses: unknown[];
  readonly extra: unknown[];
}

/** Words after an address that say nothing about where it is put. */
const IGNORED =
  /\b(label|scope|brd|peer|home|mngtmpaddr|autojoin|preferred_lft|no_track|use_vmac|-nodad)\b.*/;

/**
 * One family is advertised, that of the first address; others are moved along. The first address of
 * an IPv6 instance has to be link-local (RFC 9568 section 5.2.9).
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
    const message = `${added} is added: the first IPv6 address of an instance is link-local; the same is needed on all routers of the group`;
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
  // A prefix length says which prefix the link reaches, and this one is to say nothing.
  const isSingle = words.includes('noprefixroute');
  const address = isSingle ? written.replace(/\/.*/, '') : written;
  const options = words.filter((word) => word !== 'noprefixroute');
  if (seen.has(address)) {
    draft.note(one, `${textOf(one)}: ${address} is there already`);
    return [];
  }
  seen.add(address);
  const ignored = IGNORED.exec(options.join(' '))?.[0];
  if (ignored !== undefined) draft.note(one, `${textOf(one)}: without "${ignored}"`);
  const device = options[options.indexOf('dev') + 1];
  if (!options.includes('dev') || device === undefined) return [{ text: address, entry: address }];
  return [{ text: address, entry: { address, interface: device } }];
}

function isLinkLocal(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
