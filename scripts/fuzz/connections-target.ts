/** Messages of connection synchronization, and answers of hosts to probes. */
import { type IpAddress, ip, mac } from '../../src/net/address.ts';
import { BUCKETS } from '../../src/net/connection.ts';
import { decodeSummary, encodeSummary } from '../../src/wire/connections/summary-message.ts';
import { encodeIpv4Packet } from '../../src/wire/ip.ts';
import { encodeNeighborAdvertisement } from '../../src/wire/neighbor.ts';
import { encodeEchoRequest, isEchoReply, isNeighborAnswer } from '../../src/wire/solicitation.ts';
import { type FuzzTarget, require } from './target.ts';
import { decoderTarget } from './wire-targets.ts';

const TARGET: IpAddress = ip('2001:db8::100');
const ECHO = { identifier: 4_711, sequence: 3 };
const ICMP = 1;

const SUMMARIES = ['lb1', '', 'a-name-of-a-director.example.org'].map((name, at) =>
  encodeSummary({
    syncId: 51,
    isMaster: at === 0,
    sender: 0xfedc_ba98,
    name,
    isRepetition: at === 2,
    summary: { live: 70_000, synced: at, buckets: new Uint16Array(BUCKETS).fill(at * 1_000) },
  }),
);

function echoReplies(): Uint8Array[] {
  const [four, six] = (['ipv4', 'ipv6'] as const).map((family) => encodeEchoRequest(family, ECHO));
  if (four === undefined || six === undefined) return [];
  four[0] = 0;
  six[0] = 129;
  const ends = { source: ip('192.0.2.1'), destination: ip('192.0.2.11') };
  return [encodeIpv4Packet({ ...ends, ttl: 64, trafficClass: 0, protocol: ICMP }, four), six];
}

const ANSWERS = [
  ...echoReplies(),
  encodeNeighborAdvertisement(mac('02:00:00:00:00:01'), TARGET, { router: false }).subarray(54),
];

export const CONNECTIONS_TARGET: FuzzTarget = decoderTarget({
  name: 'connections',
  corpus: SUMMARIES,
  check: (bytes, length) => {
    const held = bytes.subarray(0, length);
    const decoded = decodeSummary(held);
    if (!decoded.ok) return decoded;
    const { name, summary, ...rest } = decoded.value;
    require(/^[!-~]*$/.test(name), 'a name from the network can be shown');
    require(encodeSummary(decoded.value).length === length, 'encoded again, it has its length');
    return [rest, name, summary.live, summary.synced, [...summary.buckets]];
  },
});

export const ANSWERS_TARGET: FuzzTarget = decoderTarget({
  name: 'answers',
  corpus: ANSWERS,
  check: (bytes, length) => {
    const held = bytes.subarray(0, length);
    const answers = [
      isEchoReply('ipv4', held, ECHO),
      isEchoReply('ipv6', held, ECHO),
      isNeighborAnswer(held, TARGET),
    ];
    require(length >= 8 || !answers.includes(true), 'an answer is a whole message');
    return answers;
  },
});
