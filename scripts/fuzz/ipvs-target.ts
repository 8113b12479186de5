/** Generic netlink, and the kernel's messages about IPVS. */
import { readFileSync } from 'node:fs';
import { decodeFamilyNumber, decodeGeneric } from '../../src/wire/netlink/generic/generic.ts';
import { decodeDaemon } from '../../src/wire/netlink/generic/ipvs/daemon.ts';
import { decodeInfo, decodeTimeouts } from '../../src/wire/netlink/generic/ipvs/info.ts';
import { decodeServer } from '../../src/wire/netlink/generic/ipvs/server.ts';
import { decodeService } from '../../src/wire/netlink/generic/ipvs/service.ts';
import type { FuzzTarget } from './target.ts';
import { decoderTarget } from './wire-targets.ts';

/** From the root of the repository, where npm runs its scripts. */
const DUMPS = 'test/fixtures/ipvs/dumps.json';

export const IPVS_TARGET: FuzzTarget = decoderTarget({
  name: 'ipvs',
  corpus: hexIn(JSON.parse(readFileSync(DUMPS, 'utf8'))),
  check: (bytes, length) => {
    const payload = bytes.subarray(0, length);
    const message = decodeGeneric(payload);
    if (!message.ok) return message;
    const { command, attributes } = message.value;
    const rows = [
      decodeService(attributes),
      decodeServer(attributes, 'ipv4'),
      decodeServer(attributes, 'ipv6'),
      decodeDaemon(attributes),
      decodeInfo(attributes),
      decodeTimeouts(attributes),
    ];
    return [command, decodeFamilyNumber(payload), ...rows.map(inWords)];
  },
});

/** Counters of the kernel are larger than JSON numbers. */
function inWords(row: unknown): string {
  return JSON.stringify(row, (_, value: unknown) =>
    typeof value === 'bigint' ? `${value}` : value,
  );
}

/** All strings of hexadecimal digits, at any depth. */
function hexIn(value: unknown): Uint8Array[] {
  if (typeof value === 'string') {
    return /^([0-9a-f]{2})+$/.test(value) ? [Buffer.from(value, 'hex')] : [];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(hexIn) : [];
}
