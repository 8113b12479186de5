/** The synchronisation daemons: IPVS_CMD_ATTR_DAEMON (<linux/ip_vs.h>). */
import { familyOf, ipFromBytes, ipToBytes } from '../../../../net/address.ts';
import type { DaemonRole, SyncDaemon } from '../../../../net/ipvs.ts';
import { failure, type Result, success } from '../../../../net/result.ts';
import { type Attributes, AttributeWriter } from '../../attributes.ts';
import { encodeIpvs, IPVS_CMD_ATTR_DAEMON } from './message.ts';
import type { IpvsDecodeError } from './parts.ts';

const STATE = 1;
const MCAST_IFN = 2;
const SYNC_ID = 3;
const SYNC_MAXLEN = 4;
const MCAST_GROUP = 5;
const MCAST_GROUP6 = 6;
const MCAST_PORT = 7;
const MCAST_TTL = 8;

/** IP_VS_STATE_MASTER and IP_VS_STATE_BACKUP; one of them for each message. */
const ROLE_NUMBER: { readonly [R in DaemonRole]: number } = { master: 1, backup: 2 };

export function encodeNewDaemon(daemon: SyncDaemon): Uint8Array {
  const list = new AttributeWriter().nested(IPVS_CMD_ATTR_DAEMON, (inner) => {
    inner.uint32(STATE, ROLE_NUMBER[daemon.role]);
    inner.text(MCAST_IFN, daemon.interface);
    inner.uint32(SYNC_ID, daemon.syncId);
    if (daemon.maximumLength !== undefined) inner.uint16(SYNC_MAXLEN, daemon.maximumLength);
    if (daemon.group !== undefined) {
      const type = familyOf(daemon.group) === 'ipv4' ? MCAST_GROUP : MCAST_GROUP6;
      inner.bytes(type, ipToBytes(daemon.group));
    }
    if (daemon.port !== undefined) inner.uint16(MCAST_PORT, daemon.port);
    if (daemon.ttl !== undefined) inner.uint8(MCAST_TTL, daemon.ttl);
  });
  return encodeIpvs('newDaemon', list);
}

export function encodeRemovedDaemon(role: DaemonRole): Uint8Array {
  const list = new AttributeWriter().nested(IPVS_CMD_ATTR_DAEMON, (inner) => {
    inner.uint32(STATE, ROLE_NUMBER[role]);
  });
  return encodeIpvs('removeDaemon', list);
}

export function decodeDaemon(attributes: Attributes): Result<SyncDaemon, IpvsDecodeError> {
  const list = attributes.nested(IPVS_CMD_ATTR_DAEMON);
  if (list === undefined) return missing(IPVS_CMD_ATTR_DAEMON);
  const state = list.uint32(STATE);
  const role = state === 1 ? 'master' : state === 2 ? 'backup' : undefined;
  if (role === undefined) {
    return failure({ code: 'ipvs-value-unknown', within: 'daemon', attribute: STATE });
  }
  const name = list.text(MCAST_IFN);
  if (name === undefined) return missing(MCAST_IFN);
  const group = list.bytes(MCAST_GROUP) ?? list.bytes(MCAST_GROUP6);
  return success({
    role,
    interface: name,
    syncId: list.uint32(SYNC_ID) ?? 0,
    group: group?.length === 4 || group?.length === 16 ? ipFromBytes(group) : undefined,
    port: list.uint16(MCAST_PORT),
    ttl: list.uint8(MCAST_TTL),
    maximumLength: list.uint16(SYNC_MAXLEN),
  });
}

function missing(attribute: number): Result<never, IpvsDecodeError> {
  return failure({ code: 'ipvs-attribute-missing', within: 'daemon', attribute });
}
