/**
 * What a configuration needs and this host lacks, as far as that can be found without changing
 * anything. For `check` and reloads, before a start or a takeover fails.
 */
import { release } from 'node:os';
import type { AgentSettings } from '../../config/agent-settings.ts';
import type { Lowered } from '../../config/lower/lower.ts';
import { kernelShortcomings } from '../../ipvs/keep/kernel-support.ts';
import { isClockSynchronized } from '../../kernel/clock/synchronized.ts';
import { findProgram } from '../../kernel/command/program.ts';
import { keepsMarks } from '../../kernel/rtnetlink/address-origin.ts';
import { Macvlans } from '../../kernel/rtnetlink/macvlans.ts';
import { Routes } from '../../kernel/rtnetlink/routes.ts';
import type { IpAddress } from '../../net/address.ts';
import { isOwner } from '../../net/vrrp.ts';
import { addressKey } from '../../protocol/engine/links.ts';
import type { InstanceSettings, Settings } from '../../protocol/engine/settings.ts';
import { acceptRuleset } from '../accept/accept-ruleset.ts';
import { checkerUserWarnings, hasUser } from '../checker-needs.ts';
import { certificateWarnings } from './witness-advice.ts';

export interface HostSupport {
  readonly hasNft: boolean;
  /** Undefined: unknown, because this process lacks the permission to ask. */
  readonly hasMacvlan: boolean | undefined;
  /** The wall clock is kept right; undefined: unknown. */
  readonly hasRightTime: boolean | undefined;
  readonly hasUser: (name: string) => boolean;
  /** What the kernel lacks for these settings. */
  readonly lacksForIpvs: (ipvs: AgentSettings['ipvs']) => readonly string[];
  /** Addresses of this host that the agent has not added. */
  readonly ownAddresses: () => readonly OwnAddress[];
}

interface OwnAddress {
  readonly address: IpAddress;
  readonly prefixLength: number;
  readonly peer?: IpAddress | undefined;
  readonly interface: string;
  /** Name of the VRF that this belongs to; undefined: none. */
  readonly vrf?: string | undefined;
}

/** Examines this host. */
export function hostSupport(): HostSupport {
  return {
    hasNft: findProgram('nft') !== undefined,
    hasMacvlan: macvlanSupport(),
    hasRightTime: ifKnown(undefined, isClockSynchronized),
    hasUser: (name) => ifKnown(true, () => hasUser(name)),
    lacksForIpvs: (ipvs) => ifKnown([], () => kernelShortcomings(ipvs)),
    ownAddresses: () => ifKnown([], ownAddresses),
  };
}

/** A host that cannot be examined, at its limit of descriptors or memory, must not refuse a reload. */
function ifKnown<Value>(otherwise: Value, look: () => Value): Value {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/** Features missing on this host, one sentence each. */
export function lackingHere({ settings, agent }: Lowered): string[] {
  return [
    ...missingOnHost(settings, agent, hostSupport()),
    ...certificateWarnings(agent.witnessAccess, new Date()),
  ];
}

/** Features missing on a host, one sentence each. */
export function missingOnHost(
  settings: Settings,
  { ipvs, checkerUser }: Pick<AgentSettings, 'ipvs' | 'checkerUser'>,
  {
    hasNft,
    hasMacvlan,
    hasRightTime,
    hasUser: knows,
    lacksForIpvs,
    ownAddresses: own,
  }: HostSupport,
): string[] {
  const missing: string[] = ownVips(settings, own());
  if (hasRightTime === false) missing.push(...timeWarnings(settings));
  missing.push(...checkerUserWarnings({ checkerUser }, knows));
  const closed = settings.instances.filter(({ accept }) => !accept).map(({ name }) => name);
  if (!hasNft && acceptRuleset(settings) !== undefined) {
    missing.push(
      `this host has no nft (package nftables), and the agent does not start without it: ` +
        `"accept: false" of ${closed.join(', ')} needs it`,
    );
  }
  if (!hasNft && ipvs?.sync !== undefined && ipvs.sync.rstGuard !== 'off') {
    missing.push(
      'this host has no nft (package nftables): "rst_guard" of ipvs does nothing, and ' +
        'connections may be reset at a planned move',
    );
  }
  const virtual = settings.instances.filter((one) => one.virtualMac !== undefined);
  if (hasMacvlan === false && virtual.length > 0) {
    const names = virtual.map(({ name }) => name).join(', ');
    missing.push(
      `the kernel of this host has no macvlan (CONFIG_MACVLAN), which "virtual_mac" of ${names} ` +
        'needs: they would be in FAULT',
    );
  }
  return [...missing, ...lacksForIpvs(ipvs)];
}

function timeWarnings({ instances }: Settings): string[] {
  const names = instances.filter(needsTime).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `nothing keeps the clock of this host right (NTP: chronyc tracking, timedatectl), and "authentication" of ` +
      `${names.join(', ')} needs it: beyond "window" the directors refuse each other, and both are MASTER`,
  ];
}

/** Whose advertisements another clock would refuse. */
function needsTime({ authentication }: InstanceSettings): boolean {
  return authentication.type === 'hmac' && authentication.antiReplay === 'time';
}

/** A VIP that the host has anyway stays there when another director is MASTER. Not so for its owner. */
function ownVips({ instances }: Settings, own: readonly OwnAddress[]): string[] {
  return instances
    .filter(({ priority }) => !isOwner(priority))
    .flatMap(({ name, addresses, extraAddresses, vrf }) => {
      const virtual = new Set([...addresses, ...extraAddresses].map(({ address }) => address));
      return own
        .filter(({ address }) => virtual.has(address))
        .filter((one) => one.vrf === undefined || one.vrf === vrf?.name)
        .map(
          ({ address, prefixLength, peer, interface: link }) =>
            `${address} of ${name} is already on ${link} of this machine, and not from the agent, which ` +
            'never removes it: choose another VIP (or priority 255), or, if another program has left it, ' +
            `run "ip addr del ${addressKey(address, prefixLength, peer)} dev ${link}"`,
        );
    });
}

/** None on a kernel that does not keep the mark of an address: they may be those of a running agent. */
function ownAddresses(): OwnAddress[] {
  if (!keepsMarks(release())) return [];
  const routes = new Routes();
  try {
    const { links } = routes.snapshot();
    const names = new Map(links.map(({ index, name }) => [index, name]));
    return links.flatMap(({ name, vrf, addresses }) => {
      const place = { interface: name, vrf: names.get(vrf ?? 0) };
      return addresses.flatMap(({ address, prefixLength, peer, ours }) =>
        ours ? [] : [{ address, prefixLength, peer, ...place }],
      );
    });
  } finally {
    routes.close();
  }
}

function macvlanSupport(): boolean | undefined {
  let macvlans: Macvlans | undefined;
  try {
    macvlans = new Macvlans();
    return macvlans.isSupported();
  } catch {
    // Support is unknown if this process may not open the socket.
    return undefined;
  } finally {
    macvlans?.close();
  }
}
