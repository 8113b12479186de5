/** Services: IPVS_CMD_ATTR_SERVICE (<linux/ip_vs.h>), in requests and in dumps. */
import { addressBits, type Family } from '../../../../net/address.ts';
import type {
  Persistence,
  Service,
  ServiceKey,
  ServiceProtocol,
  ServiceRow,
} from '../../../../net/ipvs.ts';
import { failure, type Result, success } from '../../../../net/result.ts';
import type { Attributes, AttributeWriter } from '../../attributes.ts';
import { viewOf } from '../../message.ts';
import { IPVS_CMD_ATTR_SERVICE } from './message.ts';
import {
  addressFromUnion,
  addressUnion,
  familyFromNumber,
  familyNumber,
  type IpvsDecodeError,
  networkUint16,
  networkUint16At,
} from './parts.ts';
import { decodeStatistics } from './statistics.ts';

const AF = 1;
const PROTOCOL = 2;
const ADDR = 3;
const PORT = 4;
const FWMARK = 5;
const SCHED_NAME = 6;
const FLAGS = 7;
const TIMEOUT = 8;
const NETMASK = 9;
const STATS = 10;
const PE_NAME = 11;
const STATS64 = 12;

const IP_VS_SVC_F_PERSISTENT = 0x01;
const IP_VS_SVC_F_ONEPACKET = 0x04;
/** IP_VS_SVC_F_SCHED1, 2 and 3. */
const SCHEDULER_FLAGS_SHIFT = 3;
const SCHEDULER_FLAGS = 0x07;
const SETTABLE_FLAGS =
  IP_VS_SVC_F_PERSISTENT | IP_VS_SVC_F_ONEPACKET | (SCHEDULER_FLAGS << SCHEDULER_FLAGS_SHIFT);

const PROTOCOL_NUMBER: { readonly [P in ServiceProtocol]: number } = { tcp: 6, udp: 17, sctp: 132 };

/** A service for NEW_SERVICE and SET_SERVICE, which need all attributes. */
export function putService(writer: AttributeWriter, service: Service): AttributeWriter {
  const { key, scheduler, persistence } = service;
  return writer.nested(IPVS_CMD_ATTR_SERVICE, (inner) => {
    putKey(inner, key);
    inner.text(SCHED_NAME, scheduler);
    inner.bytes(FLAGS, flagBytes(flagsOf(service)));
    inner.uint32(TIMEOUT, persistence?.seconds ?? 0);
    inner.bytes(NETMASK, netmaskBytes(key.family, persistence));
    if (persistence?.engine !== undefined) inner.text(PE_NAME, persistence.engine);
  });
}

/** Identifies a service in requests about it and its servers. */
export function putServiceKey(writer: AttributeWriter, key: ServiceKey): AttributeWriter {
  return writer.nested(IPVS_CMD_ATTR_SERVICE, (inner) => {
    putKey(inner, key);
  });
}

export function decodeService(attributes: Attributes): Result<ServiceRow, IpvsDecodeError> {
  const list = attributes.nested(IPVS_CMD_ATTR_SERVICE);
  if (list === undefined) return missing(IPVS_CMD_ATTR_SERVICE);
  const key = decodeKey(list);
  if (!key.ok) return key;
  const scheduler = list.text(SCHED_NAME);
  if (scheduler === undefined) return missing(SCHED_NAME);
  const flags = list.uint32(FLAGS) ?? 0;
  return success({
    key: key.value,
    scheduler,
    schedulerFlags: (flags >> SCHEDULER_FLAGS_SHIFT) & SCHEDULER_FLAGS,
    onePacket: (flags & IP_VS_SVC_F_ONEPACKET) !== 0,
    persistence:
      (flags & IP_VS_SVC_F_PERSISTENT) === 0 ? undefined : persistenceOf(list, key.value.family),
    statistics: decodeStatistics(list, STATS64, STATS),
  });
}

function putKey(inner: AttributeWriter, key: ServiceKey): void {
  inner.uint16(AF, familyNumber(key.family));
  if (key.kind === 'mark') {
    inner.uint32(FWMARK, key.mark);
    return;
  }
  inner.uint16(PROTOCOL, PROTOCOL_NUMBER[key.protocol]);
  inner.bytes(ADDR, addressUnion(key.address));
  inner.bytes(PORT, networkUint16(key.port));
}

function decodeKey(list: Attributes): Result<ServiceKey, IpvsDecodeError> {
  const family = familyFromNumber(list.uint16(AF));
  if (family === undefined) return unknown(AF);
  const mark = list.uint32(FWMARK);
  if (mark !== undefined && mark !== 0) return success({ kind: 'mark', family, mark });
  const protocol = protocolOf(list.uint16(PROTOCOL));
  if (protocol === undefined) return unknown(PROTOCOL);
  const address = addressFromUnion(list.bytes(ADDR), family);
  if (address === undefined) return missing(ADDR);
  const port = networkUint16At(list, PORT);
  if (port === undefined) return missing(PORT);
  return success({ kind: 'address', family, protocol, address, port });
}

function protocolOf(number: number | undefined): ServiceProtocol | undefined {
  for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
    if (PROTOCOL_NUMBER[protocol] === number) return protocol;
  }
  return undefined;
}

function flagsOf({ persistence, onePacket, schedulerFlags }: Service): number {
  return (
    (persistence === undefined ? 0 : IP_VS_SVC_F_PERSISTENT) |
    (onePacket ? IP_VS_SVC_F_ONEPACKET : 0) |
    ((schedulerFlags & SCHEDULER_FLAGS) << SCHEDULER_FLAGS_SHIFT)
  );
}

/** `struct ip_vs_flags`: the flags, and a mask of those to set. */
function flagBytes(flags: number): Uint8Array {
  const bytes = new Uint8Array(8);
  viewOf(bytes).setUint32(0, flags, true);
  viewOf(bytes).setUint32(4, SETTABLE_FLAGS, true);
  return bytes;
}

/** IPv4: a mask in network byte order. IPv6: the length of the prefix, in the order of the host. */
function netmaskBytes(family: Family, persistence: Persistence | undefined): Uint8Array {
  const length = persistence?.prefixLength ?? addressBits(family);
  const bytes = new Uint8Array(4);
  if (family === 'ipv6') viewOf(bytes).setUint32(0, length, true);
  else viewOf(bytes).setUint32(0, length === 0 ? 0 : (-1 << (32 - length)) >>> 0, false);
  return bytes;
}

function persistenceOf(list: Attributes, family: Family): Persistence {
  return {
    seconds: list.uint32(TIMEOUT) ?? 0,
    prefixLength: prefixLengthOf(list.bytes(NETMASK), family),
    engine: list.text(PE_NAME),
  };
}

function prefixLengthOf(bytes: Uint8Array | undefined, family: Family): number {
  if (bytes === undefined || bytes.length < 4) return addressBits(family);
  if (family === 'ipv6') return viewOf(bytes).getUint32(0, true);
  const mask = viewOf(bytes).getUint32(0, false);
  return Math.clz32(~mask >>> 0);
}

function missing(attribute: number): Result<never, IpvsDecodeError> {
  return failure({ code: 'ipvs-attribute-missing', within: 'service', attribute });
}

function unknown(attribute: number): Result<never, IpvsDecodeError> {
  return failure({ code: 'ipvs-value-unknown', within: 'service', attribute });
}
