/** The option of the commands that read the configuration file. */
import { Option } from 'commander';

/** Where the package, the unit and the guides have it. */
export const CONFIG_FILE = '/etc/vrrp-agent/vrrp-agent.yaml';

export function configOption(): Option {
  return new Option('--config <file>', 'configuration file (YAML)').default(CONFIG_FILE);
}
