/** Accept_Mode false beside the configuration in effect: which table is wanted, and when. */
import type { Logger } from 'pino';
import type { EventFacts } from '../../control/protocol.ts';
import { NftTable } from '../../kernel/nftables/nft-table.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { Configuration } from '../configuration.ts';
import { ACCEPT_TABLE, acceptRuleset } from './accept-ruleset.ts';

export interface AcceptMode {
  /** What a former configuration has left is gone now. */
  follow(): void;
  /** After a failure VIPs may be left: the table is left with them, and the next start replaces it. */
  end(isClean: boolean): Promise<void>;
}

/**
 * Before the first VIP can be there. Undefined: the table cannot be made, which has been logged; an
 * agent that serves what it is told to close would be worse than one that does not start.
 */
export async function openAcceptFilter(
  configuration: Configuration,
  note: (facts: EventFacts) => void,
  logger: Logger,
): Promise<AcceptMode | undefined> {
  const failed = (error: unknown) => note({ kind: 'accept-filter-failed', detail: textOf(error) });
  const restored = () => note({ kind: 'accept-filter-restored' });
  const table = new NftTable(ACCEPT_TABLE, { restored, failed });
  const apply = (settings: Settings) => table.want(acceptRuleset(settings));
  try {
    await apply(configuration.settings);
  } catch (error) {
    logger.fatal({ code: 'accept-filter-failed' }, `"accept: false": ${textOf(error)}`);
    return undefined;
  }
  const follow = () => void apply(configuration.everything).catch(failed);
  configuration.follow({
    // Both are closed until those that leave have let go.
    prepare: ({ settings }) => apply(together(configuration.everything, settings)),
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

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
