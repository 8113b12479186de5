/** Control packets of BFD, as any host can send them. */
import { type BfdControl, decodeBfd, encodeBfd } from '../../src/wire/bfd/control.ts';
import { type FuzzTarget, require } from './target.ts';
import { decoderTarget } from './wire-targets.ts';

const PACKET: BfdControl = {
  diagnostic: 'none',
  state: 'Up',
  poll: true,
  final: false,
  demand: false,
  detectMultiplier: 3,
  myDiscriminator: 0x0102_0304,
  yourDiscriminator: 0xfffe_fdfc,
  desiredMinTx: 50_000,
  requiredMinRx: 50_000,
};

const PACKETS = [
  PACKET,
  { ...PACKET, state: 'Down', yourDiscriminator: 0, desiredMinTx: 1_000_000 } as const,
  { ...PACKET, state: 'AdminDown', diagnostic: 'administratively-down', demand: true } as const,
].map(encodeBfd);

export const BFD_TARGET: FuzzTarget = decoderTarget({
  name: 'bfd',
  corpus: PACKETS,
  check: (bytes, length) => {
    const decoded = decodeBfd(bytes, length);
    if (!decoded.ok) return decoded;
    const { value } = decoded;
    require(value.myDiscriminator !== 0 && value.detectMultiplier !== 0, 'what is decoded counts');
    const again = decodeBfd(encodeBfd(value));
    require(again.ok &&
      JSON.stringify(again.value) ===
        JSON.stringify(value), 'an encoded packet decodes to the same');
    return decoded;
  },
});
