/**
 * Decides which datagrams of the peer link reach the engine: from a configured address, with a right HMAC,
 * decoded, and no repetition. What fails costs as little as possible, is counted by its reason, and is
 * passed on at most once a second, so that the engine can report it.
 */
import type { IpAddress } from '../../../net/address.ts';
import {
  type DatagramHead,
  datagramHead,
  decodeDatagram,
  type PeerDatagram,
} from '../../../wire/peer-link/datagram.ts';
import { StatementMemory } from '../../../wire/peer-link/statement-memory.ts';
import { type CounterTable, GLOBAL_ROW } from '../../engine/counters.ts';
import type { DirectorInput, PeerRefusal } from '../../engine/director-messages.ts';
import type { Signature } from './signature.ts';

/** A refusal of the same kind is passed on again after this. */
const QUIET_MS = 1_000;

/** Other sources whose signature is looked at in that time. */
const STRANGERS_MAX = 4;

/** Processes of a director whose last sequence is remembered. */
const PROCESSES_MAX = 4;

/**
 * Datagrams of other processes than the living one whose HMAC is checked in a second, for each director. A process that has
 * just started needs a few; each check leaves garbage, which a flood must not make without a bound.
 */
const LOOKS_MAX = 100;

/** So many repetitions in a second are no accident of the network. */
const REPLAYS_MAX = 16;

/** Bounds the memory: other sources are many. */
const PASSED_ON_MAX = 256;

export type DirectorSink = (input: DirectorInput) => void;

interface Known {
  readonly name: string;
  /** The last datagram with a right HMAC, by boot id. */
  readonly processes: Map<string, KnownProcess>;
  /** Boot id of the one with the latest wall clock; undefined: none is known. */
  living: string | undefined;
  looks: number;
  looksFrom: number;
  readonly statements: StatementMemory;
}

type KnownProcess = Pick<PeerDatagram, 'sequence' | 'wall'>;

export class Gate {
  readonly #counters: CounterTable;
  readonly #known = new Map<IpAddress, Known>();
  /** Refusals in the present second, by reason and source. */
  readonly #passedOn = new Map<string, { readonly from: number; count: number }>();
  #strangers = 0;
  #strangersFrom = 0;

  constructor(counters: CounterTable) {
    this.#counters = counters;
  }

  setDirectors(directors: readonly { readonly name: string; readonly address: IpAddress }[]): void {
    const before = new Map(this.#known);
    this.#known.clear();
    this.#passedOn.clear();
    for (const { name, address } of directors) {
      const { processes = new Map<string, KnownProcess>(), living } = before.get(address) ?? {};
      const statements = before.get(address)?.statements ?? new StatementMemory();
      this.#known.set(address, { name, processes, living, statements, looks: 0, looksFrom: 0 });
    }
  }

  /** `now`: milliseconds on any clock that does not step. `wall`: microseconds since the epoch. */
  take(
    bytes: Uint8Array,
    source: IpAddress,
    signature: Signature,
    { now, wall }: { readonly now: number; readonly wall: number },
    sink: DirectorSink,
  ): void {
    const known = this.#known.get(source);
    if (known === undefined) {
      this.#takeFromStranger(bytes, source, signature, now, sink);
      return;
    }
    const head = datagramHead(bytes);
    const reason = head.ok ? refusalOf(bytes, head.value, known, signature, now) : head.error.code;
    if (reason !== undefined || !head.ok) {
      this.#refuse(known.name, source, reason ?? 'malformed', now, sink);
      return;
    }
    const decoded = decodeDatagram(bytes, known.statements.read);
    if (!decoded.ok) {
      this.#refuse(known.name, source, 'malformed', now, sink);
      return;
    }
    remember(known, decoded.value);
    sink({ kind: 'director.heard', director: known.name, datagram: decoded.value, wall });
  }

  /** The kernel has dropped so many from other sources. */
  dropped(count: number): void {
    if (count > 0) this.#counters.add(GLOBAL_ROW, 'peer-source-refused', count);
  }

  /** Only a right signature tells a director whose address has changed from any other host. */
  #takeFromStranger(
    bytes: Uint8Array,
    source: IpAddress,
    signature: Signature,
    now: number,
    sink: DirectorSink,
  ): void {
    this.#counters.add(GLOBAL_ROW, 'peer-source-refused');
    if (now - this.#strangersFrom >= QUIET_MS) {
      this.#strangersFrom = now;
      this.#strangers = 0;
    }
    if (++this.#strangers > STRANGERS_MAX) return;
    const head = datagramHead(bytes);
    const isSigned = head.ok && signature.isRight(bytes, head.value.keyId);
    const decoded = isSigned ? decodeDatagram(bytes) : undefined;
    const director = decoded?.ok === true ? decoded.value.name : null;
    this.#passOn(director, source, 'source', now, sink);
  }

  #refuse(
    director: string,
    source: IpAddress,
    reason: PeerRefusal,
    now: number,
    sink: DirectorSink,
  ): void {
    this.#counters.add(GLOBAL_ROW, `peer-${reason}-refused`);
    this.#passOn(director, source, reason, now, sink);
  }

  /** At most once a second for each director and reason. */
  #passOn(
    director: string | null,
    source: IpAddress,
    reason: PeerRefusal,
    now: number,
    sink: DirectorSink,
  ): void {
    const key = `${reason} ${source}`;
    const known = this.#passedOn.get(key);
    if (known === undefined && this.#passedOn.size >= PASSED_ON_MAX) this.#passedOn.clear();
    const period =
      known !== undefined && now - known.from < QUIET_MS ? known : { from: now, count: 0 };
    this.#passedOn.set(key, period);
    // A few datagrams may overtake each other.
    if (++period.count !== (reason === 'replay' ? REPLAYS_MAX : 1)) return;
    sink({ kind: 'director.refused', director, source, reason });
  }
}

/** Undefined: the HMAC is right, and the datagram is none that was heard before. */
function refusalOf(
  bytes: Uint8Array,
  { keyId, boot, sequence }: DatagramHead,
  known: Known,
  signature: Signature,
  now: number,
): PeerRefusal | undefined {
  const last = known.processes.get(boot);
  // Whatever its signature is, it would be refused.
  if (last !== undefined && sequence <= last.sequence) return 'replay';
  if (boot !== known.living && !mayLook(known, now)) return 'unproven';
  if (!signature.knows(keyId)) return 'key';
  return signature.isRight(bytes, keyId) ? undefined : 'authentication';
}

function mayLook(known: Known, now: number): boolean {
  if (now - known.looksFrom >= QUIET_MS) {
    known.looksFrom = now;
    known.looks = 0;
  }
  return ++known.looks <= LOOKS_MAX;
}

/** A recording has an older wall clock than the living process, and cannot take its place. */
function remember(known: Known, { boot, sequence, wall }: PeerDatagram): void {
  const { processes } = known;
  processes.set(boot, { sequence, wall });
  if (boot === known.living) return;
  const byAge = [...processes].sort(([, one], [, other]) => one.wall - other.wall);
  known.living = byAge.at(-1)?.[0];
  const [oldest] = byAge;
  if (processes.size > PROCESSES_MAX && oldest !== undefined) processes.delete(oldest[0]);
}
