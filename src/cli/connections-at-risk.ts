/** The connections that a hand-over puts at risk, as far as the directors know. */
import {
  type ControlClient,
  ControlError,
  type IpvsDocument,
  RefusedRequest,
} from '../library/client.ts';
import type { CliContext } from './terminal/context.ts';
import { printable } from './terminal/text.ts';

/** Prints to stderr, as stdout is for the outcome; prints nothing if the agent does not manage IPVS. */
export async function printConnectionsAtRisk(
  context: CliContext,
  client: ControlClient,
  instances: readonly string[],
): Promise<void> {
  const document = await ipvsOf(client);
  if (document === undefined) return;
  for (const line of [...atRisk(document, instances), ...drained(document)]) {
    context.stderr(`${printable(line)}\n`);
  }
}

async function ipvsOf(client: ControlClient): Promise<IpvsDocument | undefined> {
  try {
    return await client.ipvs();
  } catch (error) {
    if (error instanceof RefusedRequest || error instanceof ControlError) return undefined;
    throw error;
  }
}

function atRisk({ sync }: IpvsDocument, instances: readonly string[]): string[] {
  if (sync === null || !instances.includes(sync.instance)) return [];
  const { live, peers } = sync.connections;
  return peers
    .filter(({ master, missing }) => !master && missing !== null)
    .map(({ name, missing }) => {
      const has = `${sync.instance}: of ${live} connections here`;
      return missing === 0 ? `${has}, ${name} lacks none` : `${has}, ${name} lacks ${missing}`;
    });
}

/** A drain applies to one director only: the successor may send new clients to the server. */
function drained({ health }: IpvsDocument): string[] {
  return health.flatMap(({ service, servers }) =>
    servers
      .filter((server) => server.drained !== null)
      .map(
        ({ server }) =>
          `${service}: ${server} is drained on this director only; another director sends it new clients unless drained there too`,
      ),
  );
}
