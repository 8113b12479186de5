/** Events of the load balancer as sentences. */
import type { IpvsEventFacts } from '../control/ipvs-events.ts';

export function ipvsSentenceOf(facts: IpvsEventFacts): string {
  switch (facts.kind) {
    case 'connections':
      return connectionsSentence(facts);
    case 'ipvs-server-down':
      return `${facts.server} is down: ${facts.result}`;
    case 'ipvs-server-up':
      return `${facts.server} is up: ${facts.result}`;
    case 'ipvs-weight':
      return `weight of ${facts.server} from ${facts.from} to ${facts.to}: ${facts.result}`;
    case 'ipvs-weight-unknown':
      return `${facts.server} does not tell its load, the weight of the file counts: ${facts.result}`;
    case 'ipvs-weight-known':
      return `${facts.server} tells its load again, weight ${facts.weight ?? 0}: ${facts.result}`;
    case 'ipvs-drain':
      return `${facts.server} is drained by ${facts.by}`;
    case 'ipvs-undrain':
      return `${facts.server} is back in service by ${facts.by}`;
    case 'ipvs-fallback-on':
      return `no server takes new connections: the fallback ${facts.server} gets them`;
    case 'ipvs-fallback-off':
      return `servers take new connections again: the fallback ${facts.server} gets no more`;
    case 'ipvs-service-down':
      return 'no server takes new connections, and there is no fallback';
    case 'ipvs-service-up':
      return 'servers take new connections again';
    case 'ipvs-left-out':
      return `servers have gone up or down ${facts.count} times more: each is in the log`;
  }
}

function connectionsSentence(facts: Extract<IpvsEventFacts, { kind: 'connections' }>): string {
  const { move, peer, live, missing, missing_before: before } = facts;
  if (move === 'take-over') {
    const had = `of ${live} connections that ${peer} had`;
    const then = before === null || before === missing ? '' : `, ${before} were at the take-over`;
    if (missing === null) return `${had} it is not known how many are here${then}`;
    return missing === 0
      ? `none ${had} is missing${then}`
      : `${missing} ${had} are not here${then}`;
  }
  if (peer === null) return `${live} connections; no other director tells what it has of them`;
  if (missing === null) return `${live} connections; it is not known what ${peer} has of them`;
  return missing === 0
    ? `${live} connections, and ${peer} has them`
    : `${live} connections, of which ${peer} lacks ${missing}`;
}
