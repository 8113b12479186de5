/** Offset from which loads ask the kernel about the packet (SKF_AD_OFF). */
const ANCILLARY = 0xfffff000;

/**
 * An interpreter for the classic BPF instructions (<linux/filter.h>) that filters here use. A load
 * outside the packet ends the program with 0, as in the kernel. `ancillary` is what the kernel knows
 * beside the packet, by offset; 0 where it is left out.
 */
export function runFilter(
  code: Uint8Array,
  packet: Uint8Array,
  ancillary: Readonly<Record<number, number>> = {},
): number {
  const view = new DataView(code.buffer, code.byteOffset, code.length);
  const data = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const memory = new Uint32Array(16);
  let a = 0;
  let x = 0;
  for (let pc = 0; ; pc++) {
    const operation = view.getUint16(pc * 8, true);
    const k = view.getUint32(pc * 8 + 4, true);
    const jump = (taken: boolean) => view.getUint8(pc * 8 + (taken ? 2 : 3));
    switch (operation) {
      case 0x80:
        a = packet.length;
        break;
      case 0x20:
        if (k >= ANCILLARY) {
          a = ancillary[k - ANCILLARY] ?? 0;
          break;
        }
        if (k + 4 > packet.length) return 0;
        a = data.getUint32(k);
        break;
      case 0x28:
        if (k + 2 > packet.length) return 0;
        a = data.getUint16(k);
        break;
      case 0x30:
        if (k >= packet.length) return 0;
        a = data.getUint8(k);
        break;
      case 0x1d:
        pc += jump(a === x);
        break;
      case 0x50:
        if (x + k >= packet.length) return 0;
        a = packet[x + k] ?? 0;
        break;
      case 0x00:
        a = k;
        break;
      case 0x60:
        a = memory[k] ?? 0;
        break;
      case 0xb1:
        if (k >= packet.length) return 0;
        x = ((packet[k] ?? 0) & 0x0f) * 4;
        break;
      case 0x01:
        x = k;
        break;
      case 0x02:
        memory[k] = a;
        break;
      case 0x04:
        a = (a + k) >>> 0;
        break;
      case 0x54:
        a = (a & k) >>> 0;
        break;
      case 0x74:
        a >>>= k;
        break;
      case 0x7c:
        a >>>= x;
        break;
      case 0x07:
        x = a;
        break;
      case 0x87:
        a = x;
        break;
      case 0x05:
        pc += k;
        break;
      case 0x15:
        pc += jump(a === k);
        break;
      case 0x2d:
        pc += jump(a > x);
        break;
      case 0x45:
        pc += jump((a & k) !== 0);
        break;
      case 0x06:
        return k;
      default:
        throw new Error(`instruction ${pc} has the unknown code ${operation}`);
    }
  }
}
