/** A receiver with the settings of the rig, and its verdict on one advertisement. */
import { seconds } from '../../../../../src/net/time.ts';
import { judge, type ReceiverProfile } from '../../../../../src/protocol/engine/router/intake.ts';
import { type AdvertOptions, advert, OWN, VIP } from '../../../../conformance/rig.ts';

export const ROUTER: ReceiverProfile = {
  vrid: 55,
  version: 3,
  priority: 100,
  interval: seconds(1),
  addresses: [VIP],
  checkAddressList: false,
  checksum: 'auto',
  authentication: { type: 'none' },
  delivery: 'multicast',
  localAddress: OWN,
};

/** The warnings if the advertisement is accepted, else the reason for which it is refused. */
export function verdict(receiver: ReceiverProfile, options: AdvertOptions = {}): unknown {
  const packet = advert(options);
  const result = judge(packet, packet.length, receiver);
  return result.ok ? result.warnings : result.reason;
}
