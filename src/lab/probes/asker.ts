/** The machines that ask by ARP who has an address, one for each client. They do not exist. */
import { type IpAddress, ip, type MacAddress, mac } from '../../net/address.ts';

export interface Asker {
  readonly mac: MacAddress;
  readonly ip: IpAddress;
}

/** With a locally administered address that no machine of a lab has. Clients count from 0. */
export function askerOf(client: number): Asker {
  const byte = 0xfe - client;
  return { mac: mac(`02:00:5e:10:00:${byte.toString(16)}`), ip: ip(`192.0.2.${byte}`) };
}
