/**
 * Sends ARP requests for an address. Their sender is a host that does not exist, so that the answers
 * leave the client's neighbor table alone: the other probes measure the client's own path.
 */
import { readFileSync } from 'node:fs';
import { Sender } from '../../kernel/packet/sender.ts';
import { type IpAddress, mac } from '../../net/address.ts';
import { ARP_REQUEST, encodeArp } from '../../wire/arp.ts';
import { BROADCAST_MAC, ETHERTYPE_ARP, encodeEthernetFrame } from '../../wire/ethernet.ts';
import { type ArpRequester, HOST_INTERFACE } from '../topology/layout.ts';
import type { Pace } from './pace.ts';

export function arpProbe(
  address: IpAddress,
  intervalMicroseconds: number,
  requester: ArpRequester,
): Pace {
  const index = Number(readFileSync(`/sys/class/net/${HOST_INTERFACE}/ifindex`, 'latin1'));
  const sender = new Sender();
  const request = encodeArp({
    operation: ARP_REQUEST,
    senderMac: requester.mac,
    senderIp: requester.ip,
    targetMac: mac('00:00:00:00:00:00'),
    targetIp: address,
  });
  const ethernet = { source: requester.mac, destination: BROADCAST_MAC, etherType: ETHERTYPE_ARP };
  const frame = encodeEthernetFrame(ethernet, request);
  return {
    intervalMilliseconds: intervalMicroseconds / 1_000,
    act: () => {
      sender.sendFrames([{ index, frame }]);
    },
  };
}
