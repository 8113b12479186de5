/** What the meaning of a file depends on besides its text; each part is absent where no host is asked. */
import type { IpAddress } from '../net/address.ts';
import type { ReadKey } from './shared-keys.ts';
import type { ReadText } from './witness-settings.ts';

type Maybe<Read extends (...args: never[]) => unknown> = (
  ...args: Parameters<Read>
) => ReturnType<Read> | undefined;

export interface HostFacts {
  /** The name of the interface that has this name or alternative name. */
  readonly realName?: ((name: string) => string) | undefined;
  /** Whether an interface of this host has the address. */
  readonly isLocal?: ((address: IpAddress) => boolean) | undefined;
  /** Whether an interface that is up is known to have the address. */
  readonly isOwn?: ((address: IpAddress) => boolean) | undefined;
  /** The number of a routing table of this name; undefined: there is none. */
  readonly tableNumber?: ((name: string) => number | undefined) | undefined;
  /** The routing table of a VRF, by the name of its link; undefined: there is none. */
  readonly vrfTable?: ((name: string) => number | undefined) | undefined;
  /** Undefined: it cannot be known here. */
  readonly readKey?: Maybe<ReadKey> | undefined;
  /** Certificates, and secrets that are texts. */
  readonly readText?: Maybe<ReadText> | undefined;
}
