/**
 * Rules of policy routing in rtnetlink(7): RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE
 * (<linux/fib_rules.h>).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+---------------+---------------+
 *     |    Family     | Dst. Length   |  Src. Length  |      TOS      |
 *     +---------------+---------------+---------------+---------------+
 *     |     Table     |           Reserved            |    Action     |
 *     +---------------+-------------------------------+---------------+
 *     |                             Flags                             |
 *     +---------------------------------------------------------------+
 *     |                          Attributes                           |
 */
import { type Family, ipFromBytes, ipToBytes } from '../../../net/address.ts';
import { failure, type Result, success } from '../../../net/result.ts';
import { ALL_BITS, type Prefix, type Rule } from '../../../net/routing.ts';
import { type AttributeDecodeError, AttributeWriter, decodeAttributes } from '../attributes.ts';
import { viewOf } from '../message.ts';
import { AF_INET, AF_INET6, ORIGIN_VRRP } from '../numbers.ts';

export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
export const RTNLGRP_IPV4_RULE = 8;
export const RTNLGRP_IPV6_RULE = 19;

const HEADER_LENGTH = 12;
const FR_ACT_TO_TBL = 1;
const RT_TABLE_UNSPEC = 0;

const FRA_DST = 1;
const FRA_SRC = 2;
const FRA_IIFNAME = 3;
const FRA_PRIORITY = 6;
const FRA_FWMARK = 10;
const FRA_TABLE = 15;
const FRA_FWMASK = 16;
const FRA_OIFNAME = 17;
const FRA_PROTOCOL = 21;

interface RuleMessage {
  readonly rule: Rule;
  readonly protocol: number;
}

export type RuleDecodeError =
  | { readonly code: 'rule-truncated'; readonly length: number }
  | { readonly code: 'rule-family'; readonly family: number }
  | AttributeDecodeError;

export function decodeRule(payload: Uint8Array): Result<RuleMessage, RuleDecodeError> {
  if (payload.length < HEADER_LENGTH) {
    return failure({ code: 'rule-truncated', length: payload.length });
  }
  const view = viewOf(payload);
  const number = view.getUint8(0);
  if (number !== AF_INET && number !== AF_INET6) {
    return failure({ code: 'rule-family', family: number });
  }
  const decoded = decodeAttributes(payload, HEADER_LENGTH);
  if (!decoded.ok) return decoded;
  const attributes = decoded.value;
  const family = number === AF_INET ? 'ipv4' : 'ipv6';
  return success({
    rule: {
      kind: 'rule',
      family,
      from: prefixFrom(attributes.bytes(FRA_SRC), view.getUint8(2), family),
      to: prefixFrom(attributes.bytes(FRA_DST), view.getUint8(1), family),
      incoming: attributes.text(FRA_IIFNAME),
      outgoing: attributes.text(FRA_OIFNAME),
      ...markPart(attributes.uint32(FRA_FWMARK), attributes.uint32(FRA_FWMASK)),
      priority: attributes.uint32(FRA_PRIORITY) ?? 0,
      table: attributes.uint32(FRA_TABLE) ?? view.getUint8(4),
    },
    protocol: attributes.uint8(FRA_PROTOCOL) ?? 0,
  });
}

/** The payload of RTM_NEWRULE and RTM_DELRULE. */
export function encodeRule(rule: Rule): Uint8Array {
  const { from, to, incoming, outgoing, mark, priority, table } = rule;
  const attributes = new AttributeWriter();
  if (from !== undefined) attributes.bytes(FRA_SRC, ipToBytes(from.address));
  if (to !== undefined) attributes.bytes(FRA_DST, ipToBytes(to.address));
  attributes.uint32(FRA_PRIORITY, priority);
  if (table > 0xff) attributes.uint32(FRA_TABLE, table);
  if (incoming !== undefined) attributes.text(FRA_IIFNAME, incoming);
  if (outgoing !== undefined) attributes.text(FRA_OIFNAME, outgoing);
  if (mark !== undefined) {
    attributes.uint32(FRA_FWMARK, mark.value).uint32(FRA_FWMASK, mark.mask);
  }
  attributes.uint8(FRA_PROTOCOL, ORIGIN_VRRP);
  const bytes = attributes.finish();
  const payload = new Uint8Array(HEADER_LENGTH + bytes.length);
  payload[0] = rule.family === 'ipv4' ? AF_INET : AF_INET6;
  payload[1] = to?.length ?? 0;
  payload[2] = from?.length ?? 0;
  payload[4] = table > 0xff ? RT_TABLE_UNSPEC : table;
  payload[7] = FR_ACT_TO_TBL;
  payload.set(bytes, HEADER_LENGTH);
  return payload;
}

/** The payload of a dump request for the rules of both families. */
export function encodeRuleDump(): Uint8Array {
  return new Uint8Array(HEADER_LENGTH);
}

/** The kernel shows a mark of 0 by its mask alone (fib_nl_fill_rule in net/core/fib_rules.c). */
function markPart(value: number | undefined, mask: number | undefined): Pick<Rule, 'mark'> {
  if (value === undefined && mask === undefined) return {};
  return { mark: { value: value ?? 0, mask: mask ?? ALL_BITS } };
}

function prefixFrom(
  bytes: Uint8Array | undefined,
  length: number,
  family: Family,
): Prefix | undefined {
  if (bytes?.length !== (family === 'ipv4' ? 4 : 16)) return undefined;
  return { address: ipFromBytes(bytes), length };
}
