/** Counters and rates, zero if the kernel did not send them: IPVS_SVC_ATTR_STATS64 where the kernel has it (4.1), else the 32-bit ones. */
import type { Statistics } from '../../../../net/ipvs.ts';
import type { Attributes } from '../../attributes.ts';

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
    connections: list?.counter(CONNS) ?? 0,
    packetsIn: list?.counter(INPKTS) ?? 0,
    packetsOut: list?.counter(OUTPKTS) ?? 0,
    bytesIn: list?.counter(INBYTES) ?? 0,
    bytesOut: list?.counter(OUTBYTES) ?? 0,
    connectionRate: list?.counter(CPS) ?? 0,
    packetRateIn: list?.counter(INPPS) ?? 0,
    packetRateOut: list?.counter(OUTPPS) ?? 0,
    byteRateIn: list?.counter(INBPS) ?? 0,
    byteRateOut: list?.counter(OUTBPS) ?? 0,
  };
}
