/** Before a hand-over: which connections it would cost, as far as the directors know. */
import type { ControlClient } from '../control/client.ts';
import { ControlError, RefusedRequest } from '../control/control-error.ts';
import type { IpvsDocument } from '../control/ipvs-document.ts';
import type { CliContext } from './context.ts';

/** On stderr: it is news beside the answer. Agents that leave IPVS alone have none. */
export async function tellConnectionsAtStake(
  context: CliContext,
  client: ControlClient,
  instances: readonly string[],
): Promise<void> {
  for (const line of atStake(await ipvsOf(client), instances)) context.stderr(`${line}\n`);
}

async function ipvsOf(client: ControlClient): Promise<IpvsDocument | undefined> {
  try {
    return await client.ipvs();
  } catch (error) {
    if (error instanceof RefusedRequest || error instanceof ControlError) return undefined;
    throw error;
  }
}

function atStake(document: IpvsDocument | undefined, instances: readonly string[]): string[] {
  const sync = document?.sync;
  if (sync === undefined || sync === null || !instances.includes(sync.instance)) return [];
  const { live, peers } = sync.connections;
  return peers
    .filter(({ master, missing }) => !master && missing !== null)
    .map(({ name, missing }) => {
      const has = `${sync.instance}: of ${live} connections here`;
      return missing === 0 ? `${has}, ${name} lacks none` : `${has}, ${name} lacks ${missing}`;
    });
}
