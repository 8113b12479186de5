/** Forged packets that look like those of a peer and must be refused. */

import { type IpAddress, ip } from '../../../src/net/address.ts';
import { centiseconds } from '../../../src/net/time.ts';
import { PROTOCOL_VRRP } from '../../../src/net/vrrp.ts';
import type { InstanceSettings } from '../../../src/protocol/engine/settings.ts';
import { encodeIpv4Packet, encodeIpv6Packet } from '../../../src/wire/ip.ts';
import { encodeAdvertisement } from '../../../src/wire/vrrp/advertisement.ts';
import type { Random } from '../random.ts';

export function forgedPacket(random: Random, settings: InstanceSettings): Uint8Array {
  const flaw = random.pick(['ttl', 'checksum', 'length', 'type', 'count', 'version'] as const);
  const isIpv4 = settings.family === 'ipv4';
  const source = ip(isIpv4 ? '192.0.2.11' : 'fe80::11');
  const destination = ip(isIpv4 ? '224.0.0.18' : 'ff02::12');
  const message = encodeAdvertisement(
    {
      version: settings.version,
      vrid: settings.vrid,
      priority: random.pick([0, 1, 100, 254, 255]),
      interval: settings.version === 2 ? settings.advertisementInterval : centiseconds(1),
      addresses: settings.addresses.map((one) => one.address),
      authentication: settings.authentication,
    },
    { source, destination },
    'rfc9568',
  );
  const bent = bend(message, flaw);
  return enclose(source, destination, bent, flaw === 'ttl' ? 254 : 255);
}

function bend(message: Uint8Array, flaw: string): Uint8Array {
  switch (flaw) {
    case 'checksum':
      message[6] = (message[6] ?? 0) ^ 0x55;
      return message;
    case 'length':
      return message.slice(0, message.length - 1);
    case 'type':
      message[0] = (message[0] ?? 0) + 1;
      return message;
    case 'count':
      message[3] = 0;
      return message;
    case 'version':
      message[0] = 0x41;
      return message;
    default:
      return message;
  }
}

function enclose(
  source: IpAddress,
  destination: IpAddress,
  message: Uint8Array,
  ttl: number,
): Uint8Array {
  const trafficClass = 0xc0;
  return source.includes(':')
    ? encodeIpv6Packet(
        { source, destination, hopLimit: ttl, trafficClass, nextHeader: PROTOCOL_VRRP },
        message,
      )
    : encodeIpv4Packet(
        { source, destination, ttl, trafficClass, protocol: PROTOCOL_VRRP },
        message,
      );
}
