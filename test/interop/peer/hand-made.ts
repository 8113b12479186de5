/**
 * VRRP over IPv4, built byte by byte from the figures in the RFCs, deliberately without `src/`: an
 * independent reference for what the agent sends and refuses.
 */

/** RFC 1071, literally. */
export function internetChecksum(...parts: readonly Buffer[]): number {
  const bytes = Buffer.concat(parts);
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.of(0)]);
  let sum = 0;
  for (let at = 0; at < even.length; at += 2) sum += even.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface AdvertFields {
  readonly version?: number;
  readonly type?: number;
  readonly vrid: number;
  readonly priority?: number;
  /** Default: the number of addresses. */
  readonly count?: number;
  /** Version 3: centiseconds; version 2: seconds. */
  readonly interval?: number;
  readonly addresses?: readonly string[];
  /** Version 2: type 1 with these 8 bytes at most. */
  readonly password?: string;
  readonly source?: string;
  readonly destination?: string;
  readonly ttl?: number;
  /** Version 3: with the pseudo-header of RFC 5798, or the message alone as RFC 9568 has it. */
  readonly checksum?: 'message' | 'pseudo-header';
  /** Options of the IPv4 header, a multiple of 4 bytes. */
  readonly options?: Buffer;
  /** The last change to the message, its checksum included. */
  readonly spoil?: (message: Buffer) => Buffer;
}

/** RFC 9568 section 5.1, RFC 3768 section 5.1. */
export function advertMessage(fields: AdvertFields): Buffer {
  const { version = 3, type = 1, vrid, priority = 200, addresses = [], password } = fields;
  const { count = addresses.length, interval = version === 3 ? 10 : 1 } = fields;
  const fourth = version === 2 ? (password === undefined ? 0 : 1) : (interval >> 8) & 0x0f;
  const authentication = Buffer.alloc(version === 2 ? 8 : 0);
  authentication.write(password ?? '', 'latin1');
  const message = Buffer.concat([
    Buffer.of((version << 4) | type, vrid, priority, count, fourth, interval & 0xff, 0, 0),
    ...addresses.map(bytesOf),
    authentication,
  ]);
  const pseudo = fields.checksum === 'pseudo-header' ? [pseudoHeader(fields, message.length)] : [];
  message.writeUInt16BE(internetChecksum(...pseudo, message), 6);
  return message;
}

export function advertPacket(fields: AdvertFields): Buffer {
  const message = advertMessage(fields);
  const body = fields.spoil?.(message) ?? message;
  const { source, destination } = endsOf(fields);
  const { ttl = 255, options = Buffer.alloc(0) } = fields;
  const header = Buffer.concat([Buffer.alloc(20), options]);
  header[0] = 0x40 | (header.length / 4);
  header[1] = 0xc0;
  header.writeUInt16BE(header.length + body.length, 2);
  header[8] = ttl;
  header[9] = 112;
  bytesOf(source).copy(header, 12);
  bytesOf(destination).copy(header, 16);
  header.writeUInt16BE(internetChecksum(header), 10);
  return Buffer.concat([header, body]);
}

export interface ReadAdvert {
  readonly headerLength: number;
  readonly tos: number;
  readonly totalLength: number;
  readonly ttl: number;
  readonly protocol: number;
  /** Zero when the header's checksum is right. */
  readonly headerChecksum: number;
  readonly source: string;
  readonly destination: string;
  readonly vrid: number;
  readonly priority: number;
  /** From the version field to the last byte. */
  readonly message: Buffer;
}

export function readAdvert(packet: Buffer): ReadAdvert {
  const headerLength = (packet.readUInt8(0) & 0x0f) * 4;
  const totalLength = packet.readUInt16BE(2);
  const message = packet.subarray(headerLength, totalLength);
  return {
    headerLength,
    tos: packet.readUInt8(1),
    totalLength,
    ttl: packet.readUInt8(8),
    protocol: packet.readUInt8(9),
    headerChecksum: internetChecksum(packet.subarray(0, headerLength)),
    source: [...packet.subarray(12, 16)].join('.'),
    destination: [...packet.subarray(16, 20)].join('.'),
    vrid: message[1] ?? 0,
    priority: message[2] ?? 0,
    message,
  };
}

function endsOf({ source = '192.0.2.12', destination = '224.0.0.18' }: AdvertFields) {
  return { source, destination };
}

/** RFC 5798 section 5.2.8 for IPv4, as deployed: addresses, zero, protocol, length. */
function pseudoHeader(fields: AdvertFields, length: number): Buffer {
  const { source, destination } = endsOf(fields);
  return Buffer.concat([
    bytesOf(source),
    bytesOf(destination),
    Buffer.of(0, 112, length >> 8, length & 0xff),
  ]);
}

function bytesOf(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}
