/** A stranger in the second network: sends what the peer link has sent before, or almost that. */
import { readFileSync } from 'node:fs';
import { readPcap } from '../../wire/capture/pcap.ts';
import { LabError, run } from '../command.ts';
import { type DatagramKind, strangeFrame } from '../packets/peer-datagram.ts';
import { nodeProgram } from '../program.ts';
import type { Lab } from '../topology/lab.ts';
import { PEER_BRIDGE, peerAddress } from '../topology/layout.ts';

const PEER_PORT = 8843;
const CAPTURE_SECONDS = 5;

interface PeerFlood {
  readonly datagram: DatagramKind;
  /** Names of directors. */
  readonly sender: string;
  readonly node: string;
  readonly perSecond: number;
  /** Microseconds. */
  readonly lasts: number;
}

export async function floodPeerLink(lab: Lab, flood: PeerFlood): Promise<void> {
  const { datagram, perSecond, lasts } = flood;
  const frame = strangeFrame(datagram, await oneDatagram(lab, flood));
  const rate = [String(perSecond), String(lasts / 1_000_000)];
  const program = [...nodeProgram('src/lab/packets/forger.js'), PEER_BRIDGE, ...rate];
  const args = [...program, Buffer.from(frame).toString('hex')];
  const stranger = await lab.spawn('switch', process.execPath, args, {
    label: 'peer-flood',
    log: true,
  });
  const status = await stranger.ended;
  if (status !== 0) throw new LabError('command-failed', `the flood ended with status ${status}`);
}

/** The next one from the sender to the receiver. */
async function oneDatagram(lab: Lab, { sender, node }: PeerFlood): Promise<Uint8Array> {
  const [from, to] = [sender, node].map((name) => peerAddress(lab.director(Number(name.slice(2)))));
  const file = lab.path('peer-datagram.pcap');
  const filter = `udp dst port ${PEER_PORT} and src host ${from} and dst host ${to}`;
  const capture = ['-i', PEER_BRIDGE, '-n', '-Z', 'root', '-c', '1', '-w', file, filter];
  const inSwitch = ['netns', 'exec', lab.layout.switchNamespace];
  try {
    await run('ip', [...inSwitch, 'timeout', String(CAPTURE_SECONDS), 'tcpdump', ...capture]);
  } catch (cause) {
    if (!(cause instanceof LabError) || cause.code !== 'command-failed') throw cause;
    const message = `${sender} sent no datagram to ${node} (UDP port ${PEER_PORT}): ${cause.message}`;
    throw new LabError('not-ready', message);
  }
  const read = readPcap(readFileSync(file));
  const [first] = read.ok ? read.value : [];
  if (first === undefined) throw new LabError('lab-state-error', `${file} has no frame`);
  return first.bytes;
}
