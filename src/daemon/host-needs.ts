/**
 * What a configuration needs of the machine that it does not have, as far as that can be found out
 * without changing anything: for `check`, before a start or a take-over finds it out.
 */
import type { AgentSettings } from '../config/agent-settings.ts';
import type { Lowered } from '../config/lower/lower.ts';
import { kernelShortcomings } from '../ipvs/keep/kernel-support.ts';
import { findProgram } from '../kernel/command/program.ts';
import { Macvlans } from '../kernel/rtnetlink/macvlans.ts';
import type { Settings } from '../protocol/engine/settings.ts';
import { acceptRuleset } from './accept/accept-ruleset.ts';

export interface HostSupport {
  readonly hasNft: boolean;
  /** Undefined: nobody may ask. */
  readonly hasMacvlan: boolean | undefined;
  /** What the kernel lacks of that. */
  readonly lacksForIpvs: (ipvs: AgentSettings['ipvs']) => readonly string[];
}

/** Of the machine that runs this. */
export function hostSupport(): HostSupport {
  return {
    hasNft: findProgram('nft') !== undefined,
    hasMacvlan: macvlanSupport(),
    lacksForIpvs: kernelShortcomings,
  };
}

/** What the machine that runs this lacks, one sentence each. */
export function lackingHere({ settings, agent }: Lowered): string[] {
  return missingOnHost(settings, agent, hostSupport());
}

/** One sentence each. */
export function missingOnHost(
  settings: Settings,
  { ipvs }: Pick<AgentSettings, 'ipvs'>,
  { hasNft, hasMacvlan, lacksForIpvs }: HostSupport,
): string[] {
  const missing: string[] = [];
  const closed = settings.instances.filter(({ accept }) => !accept).map(({ name }) => name);
  if (!hasNft && acceptRuleset(settings) !== undefined) {
    missing.push(
      `this machine has no nft (package nftables), without which the agent does not start: ` +
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
    // Whoever may not open a socket may not ask either.
    return undefined;
  } finally {
    macvlans?.close();
  }
}
