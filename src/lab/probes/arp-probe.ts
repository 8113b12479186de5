/**
 * Asks by ARP who has an address. The asker is a machine that does not exist, so that the answers
 * change nothing in the neighbor table of the client, whose own way to the address is what counts.
 */
import { readFileSync } from 'node:fs';
import { Sender } from '../../kernel/packet/sender.ts';
import { type IpAddress, mac } from '../../net/address.ts';
import { ARP_REQUEST, encodeArp } from '../../wire/arp.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, encodeEthernetFrame } from '../../wire/ethernet.ts';
import { HOST_INTERFACE } from '../topology/layout.ts';
import type { Asker } from './asker.ts';
import type { Pace } from './pace.ts';

export function arpProbe(address: IpAddress, intervalMicroseconds: number, asker: Asker): Pace {
  const index = Number(readFileSync(`/sys/class/net/${HOST_INTERFACE}/ifindex`, 'latin1'));
  const sender = new Sender();
  const request = encodeArp({
    operation: ARP_REQUEST,
    senderMac: asker.mac,
    senderIp: asker.ip,
    targetMac: mac('00:00:00:00:00:00'),
    targetIp: address,
  });
  const ethernet = { source: asker.mac, destination: BROADCAST_MAC, etherType: ETHERTYPE_ARP };
  const frame = encodeEthernetFrame(ethernet, request);
  return {
    intervalMilliseconds: intervalMicroseconds / 1_000,
    act: () => {
      sender.sendFrames([{ index, frame }]);
    },
  };
}
