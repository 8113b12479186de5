/** Every raw ICMP socket of the host receives every echo reply, so each request needs other numbers. */
import type { Echo } from '../../wire/solicitation.ts';

let count = 0;

export function nextEcho(): Echo {
  count = (count + 1) & 0xffff;
  return { identifier: process.pid & 0xffff, sequence: count };
}
