/** Which connections a hand-over has put at stake, from the instance before it and after. */
import type { MoveDocument } from '../../control/ipvs-document.ts';
import type { ConnectionsAtStakeDocument, StakeDocument } from '../../control/operator-protocol.ts';
import type { InstanceDocument } from '../../control/protocol.ts';

type Row = Pick<InstanceDocument, 'state' | 'connections'>;

/** Nothing where no connection table follows the instance, or it had none to give. */
export function stakePart(
  before: Row,
  after: Row,
): { readonly connections?: ConnectionsAtStakeDocument } {
  const { connections } = before;
  if (connections === undefined || before.state !== 'MASTER') return {};
  const { live, peers, moves } = connections;
  const candidates = peers.filter(({ master }) => !master);
  const last = after.connections?.moves.last ?? null;
  const hasMoved = last?.move === 'hand-over' && last.at !== moves.last?.at;
  return {
    connections: {
      before: { live, peers: candidates.map(({ name, missing }) => ({ name, missing })) },
      at_move: hasMoved ? stakeAt(last) : null,
    },
  };
}

function stakeAt({ live, peers }: MoveDocument): StakeDocument {
  return { live, peers: peers.map(({ name, missing }) => ({ name, missing })) };
}
