/** Signed messages of peers, and the keys of the routers that judge them. */
import { createHmac } from 'node:crypto';
import { RouterKeys } from '../../src/keys/router-keys.ts';
import { type IpAddress, ip } from '../../src/net/address.ts';
import { seconds } from '../../src/net/time.ts';
import type { HmacAuthentication } from '../../src/protocol/engine/settings.ts';
import { sequenceAt } from '../../src/wire/vrrp/sequence.ts';
import { withTrailer } from '../../src/wire/vrrp/trailer.ts';
import { type AdvertOptions, type Bend, PEER } from './rig.ts';

/** 00 01 02 ... 1f, as in the images of the draft. */
export const KEY = Uint8Array.from({ length: 32 }, (_, at) => at);
export const OTHER_KEY = new Uint8Array(64).fill(7);

export const ROUTER4 = 'eth0 ipv4 55';
export const ROUTER6 = 'eth0 ipv6 55';

const keys = { keys: [{ id: 1, bytes: KEY }], activeKey: 1 };

export const KEYRING = new RouterKeys(
  new Map([
    [ROUTER4, keys],
    [ROUTER6, keys],
  ]),
);

export function hmac(more: Partial<HmacAuthentication> = {}): HmacAuthentication {
  return {
    ...{ type: 'hmac', keyIds: [1], activeKey: 1, mode: 'enforce', antiReplay: 'time' },
    window: seconds(5),
    ...more,
  };
}

export interface SignedOptions {
  /** On the wall clock of the sender, in microseconds. */
  readonly at?: number;
  readonly keyId?: number;
  readonly key?: Uint8Array;
  /** More than the clock says. */
  readonly sequence?: bigint;
  readonly source?: IpAddress;
  readonly destination?: IpAddress;
  /** Changes the message with its trailer. */
  readonly bend?: Bend;
}

export function digest(bytes: Uint8Array, key: Uint8Array = KEY): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest().subarray(0, 16);
}

/** Signs the message of `advert`. */
export function signedBend(options: SignedOptions = {}): Bend {
  const { at = 0, keyId = 1, key = KEY, source = PEER, bend } = options;
  const isIpv6 = source.includes(':');
  const { destination = ip(isIpv6 ? 'ff02::12' : '224.0.0.18') } = options;
  const sequence = options.sequence ?? sequenceAt(at);
  return (message) => {
    const signed = withTrailer(message, { source, destination }, { keyId, sequence }, (bytes) =>
      digest(bytes, key),
    );
    return bend?.(signed) ?? signed;
  };
}

/** Options of `advert` for a signed message. */
export function signed(options: SignedOptions = {}, more: AdvertOptions = {}): AdvertOptions {
  const { source = more.source ?? PEER } = options;
  return { ...more, source, bend: signedBend({ ...options, source }) };
}
