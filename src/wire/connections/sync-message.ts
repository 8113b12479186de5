/**
 * Version 1 of the messages in which IPVS sends its connections to other directors
 * (net/netfilter/ipvs/ip_vs_sync.c), in network order; each entry is 36 bytes of IPv4, 72 of IPv6:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------+---------------+-------------------------------+
 *     |       0       |    Sync id    |        Size of message        |
 *     +---------------+---------------+-------------------------------+
 *     |    Entries    |       1       |               0               |
 *     +---------------+---------------+-------+-----------------------+
 *     | Type (1: IPv6)|   Protocol    |   0   |     Size of entry     |
 *     +---------------+---------------+-------+-----------------------+
 *     |                             Flags                             |
 *     +-------------------------------+-------------------------------+
 *     |             State             |          Client port          |
 *     +-------------------------------+-------------------------------+
 *     |         Service port          |          Server port          |
 *     +-------------------------------+-------------------------------+
 *     |                         Firewall mark                         |
 *     +---------------------------------------------------------------+
 *     |                       Timeout in seconds                      |
 *     +---------------------------------------------------------------+
 *     |            Client, service and server address                 |
 *     +---------------------------------------------------------------+
 */
import { familyOf, ipToBytes } from '../../net/address.ts';
import { type Connection, isTemplate } from '../../net/connection.ts';
import type { Forwarding } from '../../net/ipvs.ts';
import { putUint16, putUint32 } from '../bytes.ts';

/** A connection with the fields that the table of the kernel does not show. */
export interface SyncEntry {
  readonly connection: Connection;
  readonly forwarding: Forwarding;
  /** The mark of the service; 0 if it has none. */
  readonly mark: number;
  /** How long the other director should keep the connection, in seconds. */
  readonly timeout: number;
}

const HEADER = 8;
const VERSION = 1;
const FIXED = 24;
const FORWARDING = { nat: 0, local: 1, tun: 2, dr: 3, bypass: 4 } as const;
/** IP_VS_CONN_F_NOOUTPUT: answers of the server bypass the director. */
const NO_OUTPUT = 0x0080;
/** IP_VS_CONN_F_TEMPLATE */
const TEMPLATE = 0x1000;
/** IPPROTO_*; the templates of services with a mark have no protocol. */
const PROTOCOLS: Readonly<Record<string, number>> = { IP: 0, TCP: 6, UDP: 17, SCTP: 132 };
/** IP_VS_TCP_S_ESTABLISHED, IP_VS_UDP_S_NORMAL */
const STATES: Readonly<Record<string, number>> = { 'TCP ESTABLISHED': 1, 'UDP UDP': 0 };
/** IP_VS_CTPL_S_* */
const TEMPLATE_STATES: Readonly<Record<string, number>> = { NONE: 0, ASSURED: 1 };

/** True if such a message can express the connection. */
export function isSendable(connection: Connection): boolean {
  return numbersOf(connection) !== undefined;
}

function numbersOf(connection: Connection): { protocol: number; state: number } | undefined {
  const { client, server } = connection;
  const state = stateOf(connection);
  const protocol = PROTOCOLS[connection.protocol];
  if (state === undefined || protocol === undefined) return undefined;
  return familyOf(client.address) === familyOf(server.address) ? { protocol, state } : undefined;
}

function stateOf(connection: Connection): number | undefined {
  const { protocol, state } = connection;
  return isTemplate(connection) ? TEMPLATE_STATES[state] : STATES[`${protocol} ${state}`];
}

/** Encodes the entries that can be expressed; `maximum`: bytes of a message without UDP and IP headers. */
export function encodeSyncMessages(
  entries: readonly SyncEntry[],
  syncId: number,
  maximum: number,
): Uint8Array[] {
  const messages: Uint8Array[] = [];
  let waiting: Uint8Array[] = [];
  let length = HEADER;
  const close = () => {
    if (waiting.length > 0) messages.push(messageOf(waiting, syncId, length));
    waiting = [];
    length = HEADER;
  };
  for (const entry of entries) {
    const bytes = encodeEntry(entry);
    if (bytes === undefined) continue;
    if (length + bytes.length > maximum || waiting.length === 0xff) close();
    waiting.push(bytes);
    length += bytes.length;
  }
  close();
  return messages;
}

function messageOf(entries: readonly Uint8Array[], syncId: number, length: number): Uint8Array {
  const message = new Uint8Array(length);
  message[1] = syncId;
  putUint16(message, 2, length);
  message[4] = entries.length;
  message[5] = VERSION;
  let offset = HEADER;
  for (const entry of entries) {
    message.set(entry, offset);
    offset += entry.length;
  }
  return message;
}

/** Undefined if the message cannot express the connection. */
function encodeEntry({ connection, forwarding, mark, timeout }: SyncEntry): Uint8Array | undefined {
  const numbers = numbersOf(connection);
  if (numbers === undefined) return undefined;
  const { client, service, server } = connection;
  const isIpv6 = familyOf(client.address) === 'ipv6';
  const width = isIpv6 ? 16 : 4;
  const bytes = new Uint8Array(FIXED + 3 * width);
  bytes[0] = isIpv6 ? 1 : 0;
  bytes[1] = numbers.protocol;
  putUint16(bytes, 2, bytes.length);
  putUint32(bytes, 4, FORWARDING[forwarding] | flagsOf(connection, forwarding));
  putUint16(bytes, 8, numbers.state);
  putUint16(bytes, 10, client.port);
  putUint16(bytes, 12, service.port);
  putUint16(bytes, 14, server.port);
  putUint32(bytes, 16, mark);
  putUint32(bytes, 20, timeout);
  for (const [index, { address }] of [client, service, server].entries()) {
    bytes.set(ipToBytes(address), FIXED + index * width);
  }
  return bytes;
}

function flagsOf(connection: Connection, forwarding: Forwarding): number {
  return (forwarding === 'nat' ? 0 : NO_OUTPUT) | (isTemplate(connection) ? TEMPLATE : 0);
}
