/**
 * The state of an engine as one process hands it to the next: state, timers and counters of every
 * virtual router. JSON-serialisable. Instants are CLOCK_BOOTTIME, so they mean the same in both.
 */
import { type IpAddress, type MacAddress, parseIp } from '../../net/address.ts';
import type { Instant } from '../../net/time.ts';
import type { ChecksumForm } from '../../wire/vrrp/checksum.ts';
import type { BfdSnapshot } from './bfd-messages.ts';
import type { DirectorsSnapshot } from './director-messages.ts';
import type { TrackState } from './groups/track-effect.ts';
import type { ProtocolSnapshot } from './router/protocol.ts';
import type {
  FaultReason,
  MasterView,
  NewMasterReason,
  PeerProblem,
  TransitionView,
} from './view.ts';
import type { WitnessSnapshot } from './witness/snapshot.ts';

export interface RouterSnapshot {
  /** Interface, family and VRID. */
  readonly identity: string;
  readonly protocol: ProtocolSnapshot;
  readonly faults: readonly FaultReason[];
  readonly since: Instant;
  readonly lastTransition: TransitionView | null;
  readonly upSince: Instant | null;
  readonly newMasterReason: NewMasterReason;
  readonly master: MasterView | null;
  readonly lastSentAt: Instant;
  readonly maintenance: boolean;
  readonly override: number | null;
  /** Checksum forms that the peers use. */
  readonly forms: readonly (readonly [IpAddress, ChecksumForm])[];
  /** Destinations that get a list without a link-local address; absent: none. */
  readonly withoutLinkLocal?: readonly IpAddress[];
  /** VIPs that this router has installed, by `placeOf`. */
  readonly held: readonly string[];
  /** Keys of the routes and rules that this router has installed. */
  readonly routing: readonly string[];
  readonly counters: readonly number[];
  /** Absent: all that the kernel was asked for is there. */
  readonly refusal?: RefusalSnapshot;
  /** The host that answers for a VIP, with the policy `fault`; absent: there is none. */
  readonly conflict?: MacAddress;
  /** When `before_master` last failed; absent: it never has. */
  readonly abortedAt?: Instant;
  /** Absent: nothing was signed, and no signed message heard. */
  readonly authentication?: AuthenticationSnapshot;
  /** It has not heard a MASTER yet, and leaves the VIPs of a process that was killed; absent: false. */
  readonly keepsFormer?: true;
  /** It continues a mastership without a result of all tracked objects; absent: false. */
  readonly continues?: true;
  /** Absent: every MASTER that was heard can be a peer. */
  readonly problems?: readonly ProblemSnapshot[];
}

/** The loser of a shared VRID is silent: the next process could not find out. */
export interface ProblemSnapshot {
  readonly problem: PeerProblem;
  /** That it last advertised. */
  readonly priority: number;
  readonly count: number;
  readonly isReported: boolean;
  readonly endsAt: Instant;
  /** Its last advertisement may have been that of a MASTER that yields. */
  readonly mayHaveYielded?: boolean;
}

/** What the kernel refused: a VIP, a link or a socket. */
export interface RefusalSnapshot {
  /** The reason for FAULT; null: it has been asked again since. */
  readonly reason: FaultReason | null;
  /** Refusals since all VIPs were last present. */
  readonly count: number;
  readonly retryAt: Instant;
}

/** Sequence numbers of 64 bits, in decimal digits. */
export interface AuthenticationSnapshot {
  readonly last: string | null;
  readonly senders: readonly {
    readonly address: IpAddress;
    readonly sequence: string;
    readonly keyId: number;
  }[];
}

export interface EngineSnapshot {
  readonly routers: readonly RouterSnapshot[];
  readonly probes: readonly (readonly [string, TrackState])[];
  readonly counters: readonly number[];
  /** Absent: there is no peer link. */
  readonly directors?: DirectorsSnapshot;
  /** Absent: no instance has a witness. */
  readonly witness?: WitnessSnapshot;
  /** Absent: there is no BFD session. */
  readonly bfd?: readonly BfdSnapshot[];
}

/** The VIPs that its routers have installed, from the places of `held`: `INTERFACE ADDRESS/PREFIX`. */
export function heldAddresses({ routers }: EngineSnapshot): IpAddress[] {
  return routers.flatMap(({ held }) =>
    held.flatMap((place) => {
      const [, address = ''] = /^\S+ (\S+)\/[0-9]+$/.exec(place) ?? [];
      return parseIp(address) ?? [];
    }),
  );
}
