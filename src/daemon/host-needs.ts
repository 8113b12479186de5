/**
 * What a configuration needs and this host lacks, as far as that can be found without changing
 * anything. For `check` and reloads, before a start or a takeover fails.
 */
import type { AgentSettings } from '../config/agent-settings.ts';
import type { Lowered } from '../config/lower/lower.ts';
import { kernelShortcomings } from '../ipvs/keep/kernel-support.ts';
import { findProgram } from '../kernel/command/program.ts';
import { findUser } from '../kernel/permissions/users.ts';
import { Macvlans } from '../kernel/rtnetlink/macvlans.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import { acceptRuleset } from './accept/accept-ruleset.ts';

export interface HostSupport {
  readonly hasNft: boolean;
  /** Undefined: unknown, for want of permission. */
  readonly hasMacvlan: boolean | undefined;
  readonly hasUser: (name: string) => boolean;
  /** What the kernel lacks for these settings. */
  readonly lacksForIpvs: (ipvs: AgentSettings['ipvs']) => readonly string[];
}

/** Examines this host. */
export function hostSupport(): HostSupport {
  return {
    hasNft: findProgram('nft') !== undefined,
    hasMacvlan: macvlanSupport(),
    hasUser: (name) => findUser(name) !== undefined,
    lacksForIpvs: kernelShortcomings,
  };
}

/** Features missing on this host, one sentence each. */
export function lackingHere({ settings, agent }: Lowered): string[] {
  return missingOnHost(settings, agent, hostSupport());
}

/** Features missing on a host, one sentence each. */
export function missingOnHost(
  settings: Settings,
  { ipvs, checkerUser }: Pick<AgentSettings, 'ipvs' | 'checkerUser'>,
  { hasNft, hasMacvlan, hasUser, lacksForIpvs }: HostSupport,
): string[] {
  const missing: string[] = [];
  if (checkerUser !== undefined && !hasUser(checkerUser)) {
    missing.push(
      `there is no local user "${checkerUser}", which "checker" names: the checker process would run as ` +
        "the agent's user",
    );
  }
  const closed = settings.instances.filter(({ accept }) => !accept).map(({ name }) => name);
  if (!hasNft && acceptRuleset(settings) !== undefined) {
    missing.push(
      `this machine has no nft (package nftables), and the agent does not start without it: ` +
        `"accept: false" of ${closed.join(', ')} needs it`,
    );
  }
  if (!hasNft && ipvs?.sync !== undefined && ipvs.sync.rstGuard !== 'off') {
    missing.push(
      'this machine has no nft (package nftables): "rst_guard" of ipvs does nothing, and ' +
        'connections may be reset at a planned move',
    );
  }
  const virtual = settings.instances.filter((one) => one.virtualMac !== undefined);
  if (hasMacvlan === false && virtual.length > 0) {
    const names = virtual.map(({ name }) => name).join(', ');
    missing.push(
      `the kernel of this machine has no macvlan (CONFIG_MACVLAN), which "virtual_mac" of ${names} ` +
        'needs: they would be in FAULT',
    );
  }
  return [...missing, ...lacksForIpvs(ipvs)];
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
