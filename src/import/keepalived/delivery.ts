/** Converts where an instance sends to: the multicast group or its unicast peers. */
import { parseIp } from '../../net/address.ts';
import { type Branch, Sourced } from '../draft.ts';
import { numberOf } from '../names.ts';
import { optionOf, partsOf, type Statement, textOf } from '../statement.ts';
import { type Context, hasMoreWords } from './context.ts';

/**
 * An instance with `unicast_peer` never becomes one that uses multicast: without a valid peer it does not
 * load, which is listed.
 */
export function convertUnicast(
  statement: Statement,
  instance: Branch,
  { isStrict, isIpv6 }: { readonly isStrict: boolean; readonly isIpv6: boolean },
  context: Context,
): void {
  const { ledger } = context;
  const group = partsOf(statement, 'mcast_dst_ip').at(-1);
  const ttl = partsOf(statement, 'unicast_ttl').at(-1);
  const blocks = partsOf(statement, 'unicast_peer');
  const sources = partsOf(statement, 'unicast_src_ip', 'mcast_src_ip');
  const source = sources.at(-1);
  for (const one of sources.slice(0, -1)) {
    ledger.note(one, 'ignored', `${textOf(one)}: line ${source?.line} replaces it`);
  }
  if (source !== undefined) ledger.carry(source);
  const first = blocks.find(({ block = [] }) => block.length > 0);
  for (const one of blocks) {
    if (one === first || (one.block ?? []).length > 0) continue;
    ledger.note(one, 'ignored', 'unicast_peer: has no peer, and is ignored');
  }
  if (first === undefined) {
    const common = context.globals.groups[isIpv6 ? 'ipv6' : 'ipv4'];
    const chosen = group === undefined ? common : new Sourced(group.words[1] ?? '', group);
    if (chosen !== undefined) instance['multicast_group'] = chosen;
    if (group !== undefined) ledger.carry(group);
    if (ttl !== undefined) {
      ledger.note(ttl, 'ignored', `${textOf(ttl)}: has no effect without unicast_peer`);
    }
    if (source !== undefined)
      instance['source_address'] = new Sourced(source.words[1] ?? '', source);
    return;
  }
  ledger.carry(...blocks.filter(({ block = [] }) => block.length > 0));
  if (group !== undefined) {
    ledger.note(group, 'ignored', `${textOf(group)}: has no effect with unicast_peer`);
  }
  if (isStrict) ledger.note(first, 'changed', 'unicast_peer: keepalived refuses it in strict mode');
  const seen = new Set<string>();
  const peers = blocks.flatMap(({ block = [] }) =>
    block.flatMap((one) => peerOf(one, seen, context)),
  );
  const unicast: Branch = { peers };
  if (source !== undefined) unicast['source'] = new Sourced(source.words[1] ?? '', source);
  const hops = ttlOf(ttl?.words[1]);
  if (ttl !== undefined && hops === undefined) {
    ledger.note(ttl, 'ignored', `${textOf(ttl)}: not a number from 0 to 255, and ignored`);
  } else if (ttl !== undefined && hops !== undefined) {
    unicast['ttl'] = new Sourced(hops, ttl);
    ledger.carry(ttl);
  }
  instance['unicast'] = unicast;
  const needsTtl = ({ value }: Sourced) => typeof value === 'string' && !value.includes(':');
  if (!peers.some(needsTtl)) return;
  const message =
    'unicast_peer: packets from IPv4 peers need TTL 255; min_ttl of a peer accepts a lower one';
  ledger.note(first, 'changed', message);
}

/** Undefined: keepalived ignores it. */
function ttlOf(written: string | undefined): number | undefined {
  const value = numberOf(written);
  return value !== undefined && value >= 0 && value <= 255 ? value : undefined;
}

function peerOf(one: Statement, seen: Set<string>, { ledger }: Context): Sourced[] {
  const [written = ''] = one.words;
  const address = written.replace(/\/.*/, '');
  if (parseIp(address) === undefined) {
    ledger.note(one, 'ignored', `${textOf(one)}: not an IP address, and ignored`);
    return [];
  }
  if (seen.has(address)) {
    ledger.note(one, 'changed', `${textOf(one)}: is there twice; here one copy is sent`);
    return [];
  }
  seen.add(address);
  ledger.carry(one);
  hasMoreWords(one, ['min_ttl', 'max_ttl'], ledger);
  if (one.words.includes('max_ttl')) {
    ledger.lose(one, `unicast_peer: ${textOf(one)}: max_ttl is not supported`);
  }
  const asked = optionOf(one.words, 'min_ttl');
  const least = ttlOf(asked);
  if (asked !== undefined && least === undefined) {
    ledger.note(one, 'ignored', `${textOf(one)}: min_ttl is not from 0 to 255, and ignored`);
  }
  const lowest = least === undefined ? undefined : Math.max(1, least);
  return [new Sourced(lowest === undefined ? address : { address, min_ttl: lowest }, one)];
}
