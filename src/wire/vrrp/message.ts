/** The fields of a VRRP message when sent and when received. */
import type { IpAddress } from '../../net/address.ts';
import type { Duration } from '../../net/time.ts';

export interface Advertisement {
  readonly version: 2 | 3;
  /** 1..255. */
  readonly vrid: number;
  /** 0..255. */
  readonly priority: number;
  /** Rounded up to the unit on the wire: a second in version 2, a centisecond in version 3. */
  readonly interval: Duration;
  /** 1..255 addresses of the envelope's family. */
  readonly addresses: readonly IpAddress[];
  /** A password is for version 2 only. An HMAC is in the trailer (`trailer.ts`), in no field. */
  readonly authentication?:
    | { readonly type: 'none' | 'hmac' }
    | { readonly type: 'pass'; readonly password: string };
}

/** The addresses of the IP header: they determine the family, and the checksum may cover them. */
export interface Envelope {
  readonly source: IpAddress;
  readonly destination: IpAddress;
}

export interface ReceivedAdvertisement {
  readonly version: 2 | 3;
  readonly type: number;
  readonly vrid: number;
  readonly priority: number;
  readonly count: number;
  readonly interval: Duration;
  /** Undefined in version 3, like the data. */
  readonly authType: number | undefined;
  readonly authData: Uint8Array | undefined;
  readonly checksum: number;
  readonly addresses: readonly IpAddress[];
}
