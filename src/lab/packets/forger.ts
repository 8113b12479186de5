/**
 * `node forger.js INTERFACE PER-SECOND SECONDS FRAME`: sends one frame, given in hexadecimal, at this
 * rate for this time, then ends.
 */
import { readFileSync } from 'node:fs';
import { Sender } from '../../kernel/packet/sender.ts';

/** After a longer stall, frames are skipped: catching up would exceed the requested rate. */
const BURST_MAX = 512;

function flood(interfaceName: string, perSecond: number, seconds: number, frame: Uint8Array): void {
  const index = Number(readFileSync(`/sys/class/net/${interfaceName}/ifindex`, 'latin1'));
  const sender = new Sender();
  const begin = performance.now();
  const total = perSecond * seconds;
  let sent = 0;
  const turn = () => {
    const wanted = Math.min(total, Math.ceil(((performance.now() - begin) / 1_000) * perSecond));
    const burst = Math.min(BURST_MAX, wanted - sent);
    if (burst > 0) sender.sendFrames(Array.from({ length: burst }, () => ({ index, frame })));
    sent = wanted;
    if (sent < total) setTimeout(turn, 1);
    else sender.close();
  };
  turn();
}

const [interfaceName = '', perSecond, seconds, frame = ''] = process.argv.slice(2);
flood(interfaceName, Number(perSecond), Number(seconds), Buffer.from(frame, 'hex'));
