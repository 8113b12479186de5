/** Every raw socket of the host hears every echo reply: no two questions have the same numbers. */
import type { Echo } from '../../wire/solicitation.ts';

let count = 0;

export function nextEcho(): Echo {
  count = (count + 1) & 0xffff;
  return { identifier: process.pid & 0xffff, sequence: count };
}
