/** Says what another program has changed in the service table, so that its user learns the other way. */
import { formatEndpoint } from '../../net/endpoint.ts';
import {
  type Server,
  type ServiceKey,
  type ServiceTable,
  serviceName,
  type TableChange,
} from '../../net/ipvs.ts';

/** Limits the line in the log. */
const SHOWN = 3;

/** `actual`: the table before the repair. `nameOf`: the name of a service in the file. */
export function repairReport(
  changes: readonly TableChange[],
  actual: readonly ServiceTable[],
  nameOf: (key: ServiceKey) => string,
): string {
  const former = new Map(actual.map((table) => [serviceName(table.service.key), table.servers]));
  const shown = changes.slice(0, SHOWN).map((change) => sentence(change, former, nameOf));
  const others = changes.length - shown.length;
  return [...shown, ...(others > 0 ? [`${others} more`] : [])].join('; ');
}

function sentence(
  change: TableChange,
  former: ReadonlyMap<string, readonly Server[]>,
  nameOf: (key: ServiceKey) => string,
): string {
  switch (change.kind) {
    case 'service.add':
      return `${nameOf(change.service.key)} had been removed`;
    case 'service.edit':
      return `${nameOf(change.service.key)} had other settings`;
    case 'service.remove':
      return `${serviceName(change.key)} had been added`;
    case 'server.add':
      return `${formatEndpoint(change.server)} had been removed from ${nameOf(change.key)}`;
    case 'server.remove':
      return `${formatEndpoint(change.server)} had been added to ${nameOf(change.key)}`;
    case 'server.edit': {
      const { key, server } = change;
      const name = formatEndpoint(server);
      const was = former.get(serviceName(key))?.find((one) => formatEndpoint(one) === name);
      return editSentence(`${name} of ${nameOf(key)}`, `${nameOf(key)} ${name}`, was, server);
    }
  }
}

function editSentence(
  title: string,
  operands: string,
  was: Server | undefined,
  is: Server,
): string {
  if (was === undefined || was.weight === is.weight) return `${title} had other settings`;
  const change = `${title} had weight ${was.weight} and has ${is.weight} again`;
  return was.weight === 0
    ? `${change} (to take it out of service: vrrp-agent ipvs drain ${operands})`
    : change;
}
