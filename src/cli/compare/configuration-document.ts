/** What `vrrp-agent config --json` prints and `vrrp-agent compare` reads. */
import type { ConfigFile } from '../../config/schema/schema.ts';
import type { DirectorFacts } from '../../ipvs/keep/director-facts.ts';
import { failure, type Result, success } from '../../net/result.ts';

export interface ConfigurationDocument {
  readonly router: string;
  /** Of the agent. */
  readonly version: string;
  /** Wall clock of the host. */
  readonly at: string;
  /** In effect: one file with all defaults, secrets masked. */
  readonly configuration: Effective;
  readonly host: DirectorFacts;
  /** How far the clocks of other directors are ahead, in milliseconds, as the peer link measures it. */
  readonly clock_offsets: Readonly<Record<string, number>>;
}

/** `GET /v1/config`. A later version may have further keys. */
export type Effective = Omit<ConfigFile, 'instances'> & {
  readonly instances: NonNullable<ConfigFile['instances']>;
};

/** The error says what the text is not. */
export function documentIn(text: string): Result<ConfigurationDocument, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failure('it is not JSON: give it the output of `vrrp-agent config --json`');
  }
  return isDocument(value)
    ? success(value)
    : failure('it is not the output of `vrrp-agent config --json`');
}

function isDocument(value: unknown): value is ConfigurationDocument {
  if (!isMapping(value)) return false;
  const { router, version, at, configuration, host, clock_offsets: offsets } = value;
  if (!isMapping(configuration) || !isMapping(host) || !isMapping(offsets)) return false;
  const { instances } = configuration;
  return (
    typeof router === 'string' &&
    typeof version === 'string' &&
    !Number.isNaN(Date.parse(String(at))) &&
    ['ip_vs', 'sysctl', 'interfaces'].every((name) => isMapping(host[name])) &&
    Array.isArray(instances) &&
    instances.every((one) => isMapping(one) && Array.isArray(one['addresses']))
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
