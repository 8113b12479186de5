/** Asks an address by ICMP echo. */
import { familyOf, type IpAddress } from '../../net/address.ts';
import { encodeEchoRequest } from '../packets/echo.ts';
import { echoSender } from './echo-sender.ts';
import type { Pace } from './pace.ts';

export function echoProbe(address: IpAddress, intervalMicroseconds: number): Pace {
  const family = familyOf(address);
  const send = echoSender(address);
  const identifier = process.pid & 0xffff;
  return {
    intervalMilliseconds: intervalMicroseconds / 1_000,
    act: (counter) => send(encodeEchoRequest(family, identifier, counter)),
  };
}
