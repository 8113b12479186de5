/** Leaves of the YANG module `ietf-vrrp` (RFC 8347), under their own names. */

export interface InstanceStateLeaves {
  readonly state: 'initialize' | 'backup' | 'master';
  readonly 'is-owner': boolean;
  /** Left out while no MASTER is heard. */
  readonly 'last-adv-source'?: string;
  /** When it last left Initialize; left out before the first time. */
  readonly 'up-datetime'?: string;
  /** Centiseconds, cut off. */
  readonly 'master-down-interval'?: number;
  /** Microseconds. */
  readonly 'skew-time'?: number;
  readonly 'last-event': string;
  readonly 'new-master-reason': 'not-master' | 'priority' | 'preempted' | 'no-response';
  readonly statistics: Statistics<
    | 'master-transitions'
    | 'advertisement-rcvd'
    | 'advertisement-sent'
    | 'interval-errors'
    | 'priority-zero-pkts-rcvd'
    | 'priority-zero-pkts-sent'
    | 'invalid-type-pkts-rcvd'
    | 'address-list-errors'
    | 'packet-length-errors'
  >;
}

export interface RouterStateLeaves {
  readonly 'virtual-routers': number;
  readonly interfaces: number;
  readonly statistics: Statistics<
    'checksum-errors' | 'version-errors' | 'vrid-errors' | 'ip-ttl-errors'
  >;
}

/** Since `discontinuity-datetime`, which is when the counting began. */
type Statistics<Name extends string> = { readonly 'discontinuity-datetime': string } & {
  readonly [Leaf in Name]: number;
};
