/** Datagrams of the peer link: as the HMAC lets them through, and as any host can send them. */
import { ip } from '../../src/net/address.ts';
import {
  datagramHead,
  decodeDatagram,
  encodeDatagram,
  LONGEST_DATAGRAM,
  type PeerDatagram,
} from '../../src/wire/peer-link/datagram.ts';
import type { InstanceStatement } from '../../src/wire/peer-link/statement.ts';
import { type FuzzTarget, require } from './target.ts';
import { decoderTarget } from './wire-targets.ts';

const STATEMENT: InstanceStatement = {
  name: 'web',
  interface: 'eth0',
  family: 'ipv4',
  vrid: 55,
  state: 'MASTER',
  priority: 150,
  canServe: 'yes',
  resigningTo: 'lb2',
  source: ip('192.0.2.11'),
  misses: true,
  faults: ['interface-down', 'track:gateway'],
  digests: [1, 0xfedc_ba98, 3],
};

const DATAGRAM: PeerDatagram = {
  boot: '0123456789abcdef',
  sequence: 4_711,
  sentAt: 123_456_789_012,
  wall: 1_700_000_000_000_000,
  echo: { boot: 'fedcba9876543210', sequence: 17, sentAt: 99, heldFor: 50_000 },
  heartbeat: 100_000,
  part: 1,
  parts: 2,
  name: 'lb1',
  version: '0.1.0',
  services: 7,
  statements: [STATEMENT, { ...STATEMENT, family: 'ipv6', resigningTo: null, faults: [] }],
  table: null,
};

const DATAGRAMS = [
  DATAGRAM,
  { ...DATAGRAM, statements: [], echo: null },
  { ...DATAGRAM, statements: [], name: '', version: '', table: '56415431aabb' },
].map((one) => encodeDatagram(one, 1));

export const PEER_LINK_TARGET: FuzzTarget = decoderTarget({
  name: 'peer-link',
  corpus: DATAGRAMS,
  check: (bytes, length) => {
    const held = bytes.subarray(0, length);
    const head = datagramHead(held);
    const decoded = decodeDatagram(held);
    if (!decoded.ok) return decoded;
    require(head.ok && length <= LONGEST_DATAGRAM, 'what is decoded has a head');
    const { value } = decoded;
    const texts = [value.name, value.version, ...value.statements.flatMap((one) => one.faults)];
    require(texts.every((text) => /^[ -~]*$/.test(text)), 'a text from the network can be shown');
    const again = decodeDatagram(encodeDatagram(value, 1));
    require(again.ok &&
      JSON.stringify(again.value) === JSON.stringify(value), 'it is encoded again');
    return value;
  },
});
