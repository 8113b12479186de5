/**
 * A line of /proc/net/ip_vs_conn_sync (net/netfilter/ipvs/ip_vs_conn.c), addresses and ports in
 * hexadecimal, IPv6 in full; the first line of the file has the titles:
 *
 *     Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires
 *     TCP CB0071C8 9C40 CB007164 0050 C000020B 0050 ESTABLISHED LOCAL      897
 */
import { type IpAddress, ipFromBytes, parseIp } from '../../net/address.ts';
import { BUCKETS, type Connection, hashOf } from '../../net/connection.ts';

/** The fields of a line that a comparison needs. */
interface TableRow {
  readonly protocol: string;
  readonly state: string;
  readonly isSynced: boolean;
  readonly bucket: number;
  /** A number of 32 bits that hardly any other connection has. */
  readonly hash: number;
}

const LINE =
  /^([A-Z]+) +([0-9A-Fa-f:]+ +[0-9A-F]{1,4} +[0-9A-Fa-f:]+ +[0-9A-F]{1,4}) +([0-9A-Fa-f:[\]]+) +([0-9A-F]{1,4}) +(\S+) +(LOCAL|SYNC) +([0-9]{1,10})\s*$/;

/** What LINE captures; none of it is optional. `key`: client and service, each with its port. */
type Groups = [
  line: string,
  protocol: string,
  key: string,
  to: string,
  port: string,
  state: string,
  origin: string,
  left: string,
];

/** Undefined if the line is not a connection. */
export function decodeTableRow(line: string): TableRow | undefined {
  const groups = groupsOf(line);
  if (groups === null) return undefined;
  const [, protocol, key, , , state, origin] = groups;
  const hash = hashOf(`${protocol} ${key}`);
  const bucket = (hash ^ (hash >>> 16)) & (BUCKETS - 1);
  return { protocol, state, isSynced: origin === 'SYNC', bucket, hash };
}

/** Undefined if the line is not a connection. */
export function decodeTableLine(line: string): Connection | undefined {
  const groups = groupsOf(line);
  if (groups === null) return undefined;
  const [, protocol, key, to, port, state, origin, left] = groups;
  const ends = key.split(/ +/) as [string, string, string, string];
  const [fromAddress, fromPort, toAddress, toPort] = ends;
  const client = addressOf(fromAddress);
  const service = addressOf(toAddress);
  const server = addressOf(to);
  if (client === undefined || service === undefined || server === undefined) return undefined;
  return {
    protocol,
    client: { address: client, port: Number.parseInt(fromPort, 16) },
    service: { address: service, port: Number.parseInt(toPort, 16) },
    server: { address: server, port: Number.parseInt(port, 16) },
    state,
    isSynced: origin === 'SYNC',
    seconds: Number(left),
  };
}

function groupsOf(line: string): Groups | null {
  const groups: string[] | null = LINE.exec(line);
  return groups as Groups | null;
}

function addressOf(text: string): IpAddress | undefined {
  if (text.includes(':')) return parseIp(text.replaceAll(/[[\]]/g, ''));
  if (!/^[0-9A-Fa-f]{8}$/.test(text)) return undefined;
  const value = Number.parseInt(text, 16);
  return ipFromBytes(
    Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff),
  );
}
