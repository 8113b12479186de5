/** Sample documents of the load balancer. */
import type { ConnectionsDocument } from '../../../src/control/ipvs-document.ts';

export function connectionsOf(more: Partial<ConnectionsDocument> = {}): ConnectionsDocument {
  return {
    ...{ live: 0, synced: 0, caught_up: true, resent: 0, catch_up: true, peers: [] },
    moves: { hand_overs: 0, take_overs: 0, lost: 0, last: null },
    ...more,
  };
}
