/** Real servers: IPVS_CMD_ATTR_DEST (<linux/ip_vs.h>), in requests and in dumps. */
import { type Family, familyOf } from '../../../../net/address.ts';
import type { Forwarding, Server, ServerRow, Tunnel } from '../../../../net/ipvs.ts';
import { failure, type Result, success } from '../../../../net/result.ts';
import type { Attributes, AttributeWriter } from '../../attributes.ts';
import { IPVS_CMD_ATTR_DEST } from './message.ts';
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

const ADDR = 1;
const PORT = 2;
const FWD_METHOD = 3;
const WEIGHT = 4;
const U_THRESH = 5;
const L_THRESH = 6;
const ACTIVE_CONNS = 7;
const INACT_CONNS = 8;
const PERSIST_CONNS = 9;
const STATS = 10;
const ADDR_FAMILY = 11;
const STATS64 = 12;
const TUN_TYPE = 13;
const TUN_PORT = 14;
const TUN_FLAGS = 15;

/** IP_VS_CONN_F_FWD_MASK and, by their numbers, the methods. */
const FORWARDING_MASK = 0x07;
const FORWARDING: readonly Forwarding[] = ['nat', 'local', 'tun', 'dr', 'bypass'];
const TUNNEL_TYPE = ['ipip', 'gue', 'gre'] as const;
/** IP_VS_TUNNEL_ENCAP_FLAG_*. */
const TUNNEL_CHECKSUM = ['none', 'checksum', 'remote'] as const;

/** A server for NEW_DEST and SET_DEST, which need all attributes. */
export function putServer(writer: AttributeWriter, server: Server): AttributeWriter {
  return writer.nested(IPVS_CMD_ATTR_DEST, (inner) => {
    putServerKey(inner, server);
    inner.uint32(FWD_METHOD, FORWARDING.indexOf(server.forwarding));
    inner.uint32(WEIGHT, server.weight);
    inner.uint32(U_THRESH, server.upperThreshold);
    inner.uint32(L_THRESH, server.lowerThreshold);
    if (server.tunnel !== undefined) putTunnel(inner, server.tunnel);
  });
}

/** A server for DEL_DEST, which only needs its key. */
export function putServerName(writer: AttributeWriter, server: Server): AttributeWriter {
  return writer.nested(IPVS_CMD_ATTR_DEST, (inner) => {
    putServerKey(inner, server);
  });
}

/** `family` is that of the service: kernels before 3.18 do not report that of the server. */
export function decodeServer(
  attributes: Attributes,
  family: Family,
): Result<ServerRow, IpvsDecodeError> {
  const list = attributes.nested(IPVS_CMD_ATTR_DEST);
  if (list === undefined) return missing(IPVS_CMD_ATTR_DEST);
  const address = addressFromUnion(
    list.bytes(ADDR),
    familyFromNumber(list.uint16(ADDR_FAMILY)) ?? family,
  );
  if (address === undefined) return missing(ADDR);
  const port = networkUint16At(list, PORT);
  if (port === undefined) return missing(PORT);
  const forwarding = FORWARDING[(list.uint32(FWD_METHOD) ?? 0) & FORWARDING_MASK];
  if (forwarding === undefined) {
    return failure({ code: 'ipvs-value-unknown', within: 'server', attribute: FWD_METHOD });
  }
  return success({
    address,
    port,
    forwarding,
    weight: list.uint32(WEIGHT) ?? 0,
    upperThreshold: list.uint32(U_THRESH) ?? 0,
    lowerThreshold: list.uint32(L_THRESH) ?? 0,
    tunnel: forwarding === 'tun' ? tunnelOf(list) : undefined,
    activeConnections: list.uint32(ACTIVE_CONNS) ?? 0,
    inactiveConnections: list.uint32(INACT_CONNS) ?? 0,
    persistentConnections: list.uint32(PERSIST_CONNS) ?? 0,
    statistics: decodeStatistics(list, STATS64, STATS),
  });
}

function putServerKey(inner: AttributeWriter, { address, port }: Server): void {
  inner.bytes(ADDR, addressUnion(address));
  inner.bytes(PORT, networkUint16(port));
  inner.uint16(ADDR_FAMILY, familyNumber(familyOf(address)));
}

function putTunnel(inner: AttributeWriter, { type, port, checksum }: Tunnel): void {
  inner.uint8(TUN_TYPE, TUNNEL_TYPE.indexOf(type));
  inner.bytes(TUN_PORT, networkUint16(port));
  inner.uint16(TUN_FLAGS, TUNNEL_CHECKSUM.indexOf(checksum));
}

function tunnelOf(list: Attributes): Tunnel {
  return {
    type: TUNNEL_TYPE[list.uint8(TUN_TYPE) ?? 0] ?? 'ipip',
    port: networkUint16At(list, TUN_PORT) ?? 0,
    checksum: TUNNEL_CHECKSUM[list.uint16(TUN_FLAGS) ?? 0] ?? 'none',
  };
}

function missing(attribute: number): Result<never, IpvsDecodeError> {
  return failure({ code: 'ipvs-attribute-missing', within: 'server', attribute });
}
