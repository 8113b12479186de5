/** The connections that a hand-over puts at risk, from the instance before and after it. */
import type { MoveDocument } from '../../control/ipvs-document.ts';
import type { AtRiskDocument, ConnectionsAtRiskDocument } from '../../control/operator-protocol.ts';
import type { InstanceDocument } from '../../control/protocol.ts';

type Row = Pick<InstanceDocument, 'state' | 'connections'>;

/** Empty where no connection table follows the instance, or it was not MASTER. */
export function connectionsAtRisk(
  before: Row,
  after: Row,
): { readonly connections?: ConnectionsAtRiskDocument } {
  const { connections } = before;
  if (connections === undefined || before.state !== 'MASTER') return {};
  const { live, peers, moves } = connections;
  const candidates = peers.filter(({ master }) => !master);
  const last = after.connections?.moves.last ?? null;
  const hasMoved = last?.move === 'hand-over' && last.at !== moves.last?.at;
  return {
    connections: {
      before: { live, peers: candidates.map(({ name, missing }) => ({ name, missing })) },
      at_move: hasMoved ? atRisk(last) : null,
    },
  };
}

function atRisk({ live, peers }: MoveDocument): AtRiskDocument {
  return { live, peers: peers.map(({ name, missing }) => ({ name, missing })) };
}
