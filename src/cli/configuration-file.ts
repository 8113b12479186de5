/** The configuration file that commands read: one path on every director, or another by option. */
import type { Command } from 'commander';

/** As in the unit, the packages and the documentation. */
export const CONFIGURATION_FILE = '/etc/vrrp-agent/vrrp-agent.yaml';

export function withConfigOption(command: Command): Command {
  return command.option('-c, --config <file>', 'configuration file (YAML)', CONFIGURATION_FILE);
}
