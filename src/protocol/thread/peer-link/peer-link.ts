/**
 * The peer link's edge in the protocol thread: the socket, the keys, and the gate that datagrams must pass.
 * The socket is in an epoll set of its own, so that the loop waits for one descriptor whether it is open
 * or not.
 */
import { randomBytes } from 'node:crypto';
import { DatagramSocket } from '../../../kernel/datagram/datagram-socket.ts';
import { Epoll } from '../../../kernel/ffi/epoll.ts';
import type { SigningKeys } from '../../../keys/hmac-keys.ts';
import type { IpAddress } from '../../../net/address.ts';
import { isSame } from '../../../net/equality.ts';
import { encodeDatagram } from '../../../wire/peer-link/datagram.ts';
import type { CounterTable } from '../../engine/counters.ts';
import type { DirectorOutput, OutgoingPeerDatagram } from '../../engine/director-messages.ts';
import { type DirectorSink, Gate } from './gate.ts';
import { Signature } from './signature.ts';

/** What the loop asks of the edge; `test/sim` has its own. */
export interface PeerLinkPort {
  /** Returns the boot id of this process; throws `KernelError`. */
  open(request: OpenRequest): { readonly boot: string; readonly version: string };
  close(): void;
  send(datagrams: readonly OutgoingPeerDatagram[]): void;
  /** Hands over at most `limit` waiting datagrams; true when none is left. */
  drain(limit: number, sink: DirectorSink): boolean;
  /** Discards the waiting datagrams, up to a bound. */
  discard(): void;
}

type OpenRequest = Omit<Extract<DirectorOutput, { kind: 'peer-link.open' }>, 'kind'>;

export interface PeerLinkOptions extends SigningKeys {
  /** Of this program. */
  readonly version: string;
}

const DROPS_EVERY_MS = 1_000;
const DISCARD_MAX = 4_096;

export class PeerLink implements PeerLinkPort {
  /** For the reactor: readable when a datagram is waiting. */
  readonly fd: number;
  readonly #epoll = new Epoll();
  readonly #boot = randomBytes(8).toString('hex');
  readonly #gate: Gate;
  #signature: Signature;
  #version = '';
  #socket: DatagramSocket | undefined;
  #opened: OpenRequest | undefined;
  #drops = 0;
  #dropsAt = 0;

  constructor(counters: CounterTable) {
    this.fd = this.#epoll.fd;
    this.#gate = new Gate(counters);
    this.#signature = new Signature({ keys: [], activeKey: 0 });
  }

  /** Datagrams that are signed with any of the keys are accepted at once. */
  setKeys({ version, ...keys }: PeerLinkOptions): void {
    this.#version = version;
    this.#signature = new Signature(keys);
  }

  open(request: OpenRequest): { readonly boot: string; readonly version: string } {
    const { source, port, directors } = request;
    const peers = directors.map(({ address }) => address);
    const isBound =
      this.#socket !== undefined &&
      isSame([this.#opened?.source, this.#opened?.port], [source, port]);
    if (!isBound) {
      this.close();
      this.#socket = new DatagramSocket(source, port, peers);
      this.#epoll.add(this.#socket.fd);
      this.#drops = 0;
    }
    this.#socket?.setPeers(peers);
    this.#gate.setDirectors(directors);
    this.#opened = request;
    return { boot: this.#boot, version: this.#version };
  }

  /** Opens the socket again that `suspend` has closed; another process may have it by now. */
  resume(): void {
    if (this.#opened !== undefined && this.#socket === undefined) this.open(this.#opened);
  }

  /** The next process opens its socket on the same port. */
  suspend(): void {
    const opened = this.#opened;
    this.close();
    this.#opened = opened;
  }

  close(): void {
    this.#opened = undefined;
    if (this.#socket === undefined) return;
    this.#epoll.remove(this.#socket.fd);
    this.#socket.close();
    this.#socket = undefined;
  }

  /** For the end of the thread. */
  dispose(): void {
    this.close();
    this.#epoll.close();
  }

  send(datagrams: readonly OutgoingPeerDatagram[]): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    const wall = wallMicroseconds();
    for (const { to, datagram } of datagrams) {
      const bytes = encodeDatagram({ ...datagram, wall }, this.#signature.activeKey);
      if (this.#signature.sign(bytes)) socket.send(bytes, to);
    }
    this.#countDrops(socket);
  }

  drain(limit: number, sink: DirectorSink): boolean {
    const socket = this.#socket;
    if (socket === undefined) return true;
    const times = { now: performance.now(), wall: wallMicroseconds() };
    const receive = (bytes: Uint8Array, source: IpAddress) =>
      this.#gate.take(bytes, source, this.#signature, times, sink);
    return socket.receive(limit, receive) < limit;
  }

  discard(): void {
    const socket = this.#socket;
    for (let total = 0; socket !== undefined && total < DISCARD_MAX; ) {
      const received = socket.receive(DISCARD_MAX, () => undefined);
      if (received === 0) return;
      total += received;
    }
  }

  #countDrops(socket: DatagramSocket): void {
    const now = performance.now();
    if (now - this.#dropsAt < DROPS_EVERY_MS) return;
    this.#dropsAt = now;
    const drops = socket.drops();
    this.#gate.dropped(drops - this.#drops);
    this.#drops = drops;
  }
}

/** Milliseconds are exact enough for a warning from one second on. */
function wallMicroseconds(): number {
  return Date.now() * 1_000;
}
