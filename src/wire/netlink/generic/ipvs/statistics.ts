/** Counters and rates: IPVS_SVC_ATTR_STATS64 where the kernel has it (4.1), else the 32-bit ones. */
import type { Statistics } from '../../../../net/ipvs.ts';
import type { Attributes } from '../../attributes.ts';
import { viewOf } from '../../message.ts';

const CONNS = 1;
const INPKTS = 2;
const OUTPKTS = 3;
const INBYTES = 4;
const OUTBYTES = 5;
const CPS = 6;
const INPPS = 7;
const OUTPPS = 8;
const INBPS = 9;
const OUTBPS = 10;

export function decodeStatistics(holder: Attributes, wide: number, narrow: number): Statistics {
  const list = holder.nested(wide) ?? holder.nested(narrow);
  return {
    connections: counter(list, CONNS),
    packetsIn: counter(list, INPKTS),
    packetsOut: counter(list, OUTPKTS),
    bytesIn: counter(list, INBYTES),
    bytesOut: counter(list, OUTBYTES),
    connectionRate: counter(list, CPS),
    packetRateIn: counter(list, INPPS),
    packetRateOut: counter(list, OUTPPS),
    byteRateIn: counter(list, INBPS),
    byteRateOut: counter(list, OUTBPS),
  };
}

/** Reads a counter of 32 or 64 bits; zero if the kernel did not send it. */
function counter(list: Attributes | undefined, type: number): number {
  const bytes = list?.bytes(type);
  if (bytes === undefined || bytes.length < 4) return 0;
  const view = viewOf(bytes);
  return bytes.length < 8 ? view.getUint32(0, true) : Number(view.getBigUint64(0, true));
}
