/** Keeps the nft table of Accept_Mode false in step with the configuration. */
import type { Logger } from 'pino';
import type { EventFacts } from '../../control/protocol.ts';
import { NftTable } from '../../kernel/nftables/nft-table.ts';
import { isPowerOfTwo } from '../../net/power-of-two.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { Configuration } from '../configuration.ts';
import { ACCEPT_TABLE, acceptRuleset } from './accept-ruleset.ts';

export interface AcceptMode {
  /** Call when instances of an earlier configuration have been released. */
  follow(): void;
  /** Unless `isClean`, VIPs may be left behind: the table stays too, and the next start replaces it. */
  end(isClean: boolean): Promise<void>;
}

/**
 * Call before the first VIP is added. Undefined: the table cannot be made, which has been logged; the
 * agent must not start, as it would accept packets that it is configured to drop.
 */
export async function openAcceptFilter(
  configuration: Configuration,
  record: (facts: EventFacts) => void,
  logger: Logger,
): Promise<AcceptMode | undefined> {
  const failed = (error: unknown) =>
    record({ kind: 'accept-filter-failed', detail: messageOf(error) });
  const restored = (count: number) => {
    if (isPowerOfTwo(count)) record({ kind: 'accept-filter-restored', count });
  };
  const table = new NftTable(ACCEPT_TABLE, { restored, failed });
  const apply = (settings: Settings) => table.want(acceptRuleset(settings));
  try {
    await apply(configuration.settings);
  } catch (error) {
    logger.fatal({ code: 'accept-filter-failed' }, `"accept: false": ${messageOf(error)}`);
    return undefined;
  }
  const follow = () => void apply(configuration.settingsInUse).catch(failed);
  configuration.follow({
    // Covers both configurations until the engine has released the earlier instances.
    prepare: ({ settings }) => apply(together(configuration.settingsInUse, settings)),
    follow,
  });
  return {
    follow,
    end: async (isClean) => {
      if (isClean) await table.close().catch(failed);
      else table.abandon();
    },
  };
}

function together(before: Settings, after: Settings): Settings {
  return { ...after, instances: [...before.instances, ...after.instances] };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
