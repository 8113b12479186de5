/** The configuration of the running agent with what it stands on. */
import { readDirectorFacts } from '../../ipvs/keep/director-facts.ts';
import type { ControlClient } from '../../library/client.ts';
import type { ConfigurationDocument, Effective } from './configuration-document.ts';

export async function ownDocument(client: ControlClient): Promise<ConfigurationDocument> {
  const [given, status] = await Promise.all([client.config(), client.status()]);
  // The agent makes it from its settings.
  const configuration = given as unknown as Effective;
  const { instances = [] } = configuration;
  return {
    router: status.router,
    version: status.version,
    at: new Date().toISOString(),
    configuration: { ...configuration, instances },
    host: readDirectorFacts(new Map(instances.map((one) => [one.name, one.interface ?? '']))),
    clock_offsets: Object.fromEntries(
      (status.peers ?? []).flatMap(({ name, clock_offset_ms: offset }) =>
        offset === null ? [] : [[name, offset]],
      ),
    ),
  };
}
