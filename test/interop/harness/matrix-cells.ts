/** The cells of the matrix with keepalived: how both sides of a mixed pair are configured. */
import type { KeepalivedOptions } from '../../../src/lab/peers/keepalived.ts';
import type { AgentInstance } from '../../../src/lab/peers/vrrp-agent.ts';
import {
  type LabHost,
  virtualAddress,
  virtualAddresses6,
} from '../../../src/lab/topology/layout.ts';
import { addressBits, familyOf, type IpAddress, ip } from '../../../src/net/address.ts';

type AgentKeys = Omit<AgentInstance, 'addresses' | 'priority'>;
type KeepalivedKeys = Omit<KeepalivedOptions, 'addresses' | 'priority'>;

export interface Cell {
  readonly name: string;
  readonly version: 2 | 3;
  readonly intervalMilliseconds: number;
  /** The one that the client asks. */
  readonly address: IpAddress;
  /** What each side advertises. */
  readonly addresses: Readonly<Record<'agent' | 'keepalived', readonly IpAddress[]>>;
  /** Undefined: multicast. */
  readonly unicastOf: ((host: LabHost) => IpAddress) | undefined;
  readonly agent: AgentKeys;
  readonly keepalived: KeepalivedKeys;
  /** The MASTER answers an echo request to the address. */
  readonly isAnswering: boolean;
}

const ONE = [virtualAddress(0)];
const THREE = [0, 1, 2].map(virtualAddress);
const TWENTY = Array.from({ length: 20 }, (_, at) => virtualAddress(at));
const SIX = virtualAddresses6(2);
const GLOBAL_SIX = SIX.slice(1);
const OTHER = virtualAddress(50);

const PASSWORD = 'secret12';
const WITH_PASSWORD = {
  agent: { authentication: { type: 'pass', password: PASSWORD } },
  keepalived: { password: PASSWORD },
} as const;
const BOTH_VIRTUAL = { agent: { virtual_mac: true }, keepalived: { virtualMac: true } };

const ofIpv4 = ({ address }: LabHost) => address;
const ofLinkLocal = ({ linkLocal }: LabHost) => linkLocal;

/** An address of the host in 2001:db8::/64. */
export function globalOf({ linkLocal }: LabHost): IpAddress {
  return ip(linkLocal.replace('fe80::', '2001:db8::'));
}

type Difference = Partial<Omit<Cell, 'name' | 'version' | 'addresses'>> & {
  readonly addresses?: Partial<Cell['addresses']>;
};

function cell(name: string, version: 2 | 3, more: Difference = {}, usual = ONE): Cell {
  const addresses = { agent: usual, keepalived: usual, ...more.addresses };
  return {
    ...{ intervalMilliseconds: version === 2 ? 1_000 : 500, unicastOf: undefined },
    ...{ agent: {}, keepalived: {}, isAnswering: true },
    ...more,
    ...{ name, version, addresses, address: usual.at(-1) ?? OTHER },
  };
}

const VERSION_2: readonly Cell[] = [
  cell('version 2', 2),
  cell('version 2, every 2 s', 2, { intervalMilliseconds: 2_000 }),
  cell('version 2, a password', 2, WITH_PASSWORD),
  cell('version 2, unicast', 2, { unicastOf: ofIpv4 }),
  cell('version 2, unicast and a password', 2, { unicastOf: ofIpv4, ...WITH_PASSWORD }),
  cell('version 2, the list in another order', 2, reversed(THREE), THREE),
  cell('version 2, addresses that are not advertised', 2, {
    agent: { extra_addresses: [`${OTHER}/32`] },
    keepalived: { excluded: [OTHER] },
  }),
  cell('version 2, virtual MAC', 2, BOTH_VIRTUAL),
];

const VERSION_3: readonly Cell[] = [
  cell('version 3', 3),
  cell('version 3, every 100 ms', 3, { intervalMilliseconds: 100 }),
  cell('version 3, each with its own interval', 3, { keepalived: { intervalSeconds: 0.3 } }),
  cell('version 3, unicast', 3, { unicastOf: ofIpv4 }),
  cell('version 3, another group', 3, {
    agent: { multicast_group: '224.0.0.100' },
    keepalived: { globals: ['vrrp_mcast_group4 224.0.0.100'] },
  }),
  cell('version 3, checksum with the pseudo-header', 3, { agent: { checksum: 'pseudo_header' } }),
  cell('version 3, unicast, checksum with the pseudo-header', 3, {
    unicastOf: ofIpv4,
    agent: { checksum: 'pseudo_header' },
  }),
  cell('version 3, the list in another order', 3, reversed(THREE), THREE),
  cell('version 3, 20 addresses', 3, {}, TWENTY),
  cell('version 3, virtual MAC of the agent', 3, { agent: BOTH_VIRTUAL.agent }),
  cell('version 3, virtual MAC of keepalived', 3, { keepalived: BOTH_VIRTUAL.keepalived }),
  cell('version 3, virtual MAC of keepalived, sent from its interface', 3, {
    keepalived: { ...BOTH_VIRTUAL.keepalived, lines: ['vmac_xmit_base'] },
  }),
  cell('version 3, virtual MAC, sent from the interface', 3, {
    agent: { virtual_mac: { advertise_with: 'interface' } },
    keepalived: { ...BOTH_VIRTUAL.keepalived, lines: ['vmac_xmit_base'] },
  }),
  cell('version 3, virtual MAC', 3, BOTH_VIRTUAL),
  cell('version 3, no accept', 3, {
    isAnswering: false,
    agent: { accept: false },
    keepalived: { lines: ['no_accept'] },
  }),
  cell('version 3, vrrp_strict', 3, {
    isAnswering: false,
    agent: { accept: false },
    keepalived: { globals: ['vrrp_strict'] },
  }),
];

const IPV6: readonly Cell[] = [
  cell('IPv6', 3, {}, SIX),
  cell('IPv6, a list without a link-local address', 3, withoutLinkLocal(), SIX),
  cell('IPv6, unicast between link-local addresses', 3, { unicastOf: ofLinkLocal }, SIX),
  cell('IPv6, unicast between global addresses', 3, { unicastOf: globalOf }, SIX),
  cell(
    'IPv6, unicast, a list without a link-local address',
    3,
    { unicastOf: globalOf, ...withoutLinkLocal() },
    SIX,
  ),
  cell('IPv6, virtual MAC', 3, BOTH_VIRTUAL, SIX),
];

export const CELLS: readonly Cell[] = [...VERSION_2, ...VERSION_3, ...IPV6];

/** The complete configurations but for the priority. */
export function sidesOf(
  { version, intervalMilliseconds, addresses, unicastOf, agent, keepalived }: Cell,
  hosts: Readonly<Record<'agent' | 'keepalived', LabHost>>,
): { agent: AgentInstance; keepalived: KeepalivedOptions } {
  const own = unicastOf?.(hosts.agent);
  const other = unicastOf?.(hosts.keepalived);
  const isUnicast = own !== undefined && other !== undefined;
  return {
    agent: {
      version,
      advertisement_interval: `${intervalMilliseconds}ms`,
      addresses: addresses.agent.map((one) => `${one}/${addressBits(familyOf(one))}`),
      ...(isUnicast ? { unicast: { source: own, peers: [other] } } : {}),
      ...agent,
    },
    keepalived: {
      version,
      intervalSeconds: intervalMilliseconds / 1_000,
      addresses: addresses.keepalived,
      ...(isUnicast ? { unicastSource: other, unicastPeers: [own] } : {}),
      ...keepalived,
    },
  };
}

function reversed(list: readonly IpAddress[]): Difference {
  return { addresses: { keepalived: list.toReversed() } };
}

function withoutLinkLocal(): Difference {
  return { addresses: { keepalived: GLOBAL_SIX } };
}
