/** The independent peer, `raw-peer.mjs`, on a director of a lab. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { HOST_INTERFACE, type LabHost } from '../../../src/lab/topology/layout.ts';
import { waitFor } from '../../../src/lab/wait.ts';
import { type ReadAdvert, readAdvert } from './hand-made.ts';

/** A received advertisement, with the time at the peer. */
export interface HeardAdvert extends ReadAdvert {
  readonly at: number;
  readonly packet: Buffer;
}

interface SaidByPeer {
  readonly ready?: true;
  readonly gap?: number;
  readonly at?: number;
  readonly packet?: string;
}

/** A late peer looks dead: use real-time scheduling if permitted (chrt(1)). */
const PUNCTUAL = 'chrt --rr 1 true 2>/dev/null && exec chrt --rr 1 "$@"; exec "$@"';

export class RawPeer {
  readonly heard: HeardAdvert[] = [];
  /** How long the peer was late with a repeated packet, in milliseconds. */
  longestGap = 0;
  readonly #child: ChildProcess;
  #ready = false;
  #complaints = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    }
    child.stderr?.on('data', (text: Buffer) => {
      this.#complaints += text.toString();
    });
  }

  /** Ends with the lab, which kills all processes in its namespaces. */
  static async start(host: LabHost): Promise<RawPeer> {
    const script = fileURLToPath(new URL('raw-peer.mjs', import.meta.url));
    // The Node for which `npm ci` has compiled raw-socket, which may be another one than runs the tests.
    const node = ['node', script, HOST_INTERFACE, host.address];
    const program = ['sh', '-c', PUNCTUAL, 'sh', ...node];
    const peer = new RawPeer(
      spawn('ip', ['netns', 'exec', host.namespace, ...program], { stdio: 'pipe' }),
    );
    await waitFor(`the raw peer on ${host.name}`, () => {
      if (peer.#complaints !== '') throw new Error(peer.#complaints);
      return peer.#ready;
    });
    return peer;
  }

  send(packet: Buffer): void {
    this.#request({ send: packet.toString('hex') });
  }

  repeat(name: string, packet: Buffer, everyMilliseconds: number): void {
    this.#request({ repeat: name, packet: packet.toString('hex'), every: everyMilliseconds });
  }

  silence(name: string): void {
    this.#request({ silence: name });
  }

  heardOf(vrid: number): HeardAdvert[] {
    return this.heard.filter((advert) => advert.vrid === vrid);
  }

  stop(): void {
    this.#child.stdin?.end();
  }

  #request(document: unknown): void {
    this.#child.stdin?.write(`${JSON.stringify(document)}\n`);
  }

  #take(line: string): void {
    const said = JSON.parse(line) as SaidByPeer;
    if (said.ready === true) this.#ready = true;
    this.longestGap = Math.max(this.longestGap, said.gap ?? 0);
    if (said.at === undefined || said.packet === undefined) return;
    const packet = Buffer.from(said.packet, 'hex');
    this.heard.push({ at: said.at, packet, ...readAdvert(packet) });
  }
}
