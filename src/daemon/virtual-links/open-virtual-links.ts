/** The links of virtual MAC addresses when an agent starts. */
import type { LoadedConfig } from '../../config/load.ts';
import { Macvlans } from '../../kernel/rtnetlink/macvlans.ts';
import { InterfaceSettings } from '../../kernel/sysctl/interface-settings.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import { VirtualLinkKeeper } from './virtual-link-keeper.ts';

/**
 * Links of a former run go, and those that the settings want come, before anything is heard;
 * `inherited` are the settings of a process that still runs.
 */
export function openVirtualLinks(
  { settings, agent }: LoadedConfig,
  inherited: Settings | undefined,
): VirtualLinkKeeper {
  const keeper = new VirtualLinkKeeper({
    macvlans: new Macvlans(),
    sysctls: new InterfaceSettings(),
    owner: agent.control.socket,
  });
  if (inherited === undefined) keeper.prepare(settings);
  else keeper.inherit(inherited);
  return keeper;
}
