/** Metrics of the connection table, compared with those of other directors, and of its moves. */
import type { ConnectionsDocument, MoveDocument } from '../../control/ipvs-document.ts';
import { type MetricDefinition, type Sample, sampleOf } from './metric.ts';

export const IPVS_CONNECTION_METRICS: readonly MetricDefinition[] = [
  metric(
    'vrrp_ipvs_connections',
    'Connections that carry data, by origin.',
    ['origin'],
    ({ live, synced }) => [
      { labels: { origin: 'local' }, value: live - synced },
      { labels: { origin: 'sync' }, value: synced },
    ],
  ),
  ofInstance(
    'vrrp_ipvs_connections_caught_up',
    '1 while the table has all connections of the MASTER, as far as known.',
    ({ caught_up: caughtUp }) => Number(caughtUp),
  ),
  total(
    'vrrp_ipvs_connections_resent_total',
    'Connections sent again to a director that lacked them.',
    ({ resent }) => resent,
  ),
  ofInstance(
    'vrrp_ipvs_peers',
    'Other directors that report their tables; absent with `catch_up: false`.',
    ({ catch_up: catchUp, peers }) => (catchUp ? peers.length : undefined),
  ),
  ofPeers('vrrp_ipvs_peer_connections', 'Connections of the other director.', ({ live }) => live),
  ofPeers(
    'vrrp_ipvs_peer_connections_missing',
    'Connections missing here if the peer is MASTER, or there if it is not; absent if unknown.',
    ({ missing }) => missing,
  ),
  ofPeers(
    'vrrp_ipvs_peer_age_seconds',
    'Time since the other director last reported its table; absent after 10 s of silence.',
    ({ age_ms: age }) => age / 1_000,
  ),
  counter(
    'vrrp_ipvs_moves_total',
    'Moves of the connections away from this director (`hand-over`) and to it (`take-over`, once the losses are known).',
    ['instance', 'move'],
    ({ moves }, instance) => [
      { labels: { instance, move: 'hand-over' }, value: moves.hand_overs },
      { labels: { instance, move: 'take-over' }, value: moves.take_overs },
    ],
  ),
  total(
    'vrrp_ipvs_connections_lost_total',
    'Connections of a former MASTER that were missing at a takeover and five seconds later.',
    ({ moves }) => moves.lost,
  ),
  metric(
    'vrrp_ipvs_last_move_connections',
    'Live connections of the former MASTER at the last move; absent before the first.',
    ['instance', 'move'],
    ({ moves: { last } }, instance) =>
      last === null ? [] : [{ labels: { instance, move: last.move }, value: last.live }],
  ),
  metric(
    'vrrp_ipvs_last_move_connections_missing',
    'How many of these the new MASTER lacked at the last move (`before`) and five seconds later (`after`).',
    ['instance', 'move', 'peer', 'moment'],
    ({ moves: { last } }, instance) => (last === null ? [] : lastMoveSamples(last, instance)),
  ),
];

function lastMoveSamples({ move, peers }: MoveDocument, instance: string): Sample[] {
  return peers.flatMap(({ name: peer, missing_before: before, missing }) => [
    ...sampleOf({ instance, move, peer, moment: 'before' }, before),
    // After a hand-over only the new MASTER knows which connections are still missing.
    ...(move === 'take-over' ? sampleOf({ instance, move, peer, moment: 'after' }, missing) : []),
  ]);
}

function metric(
  name: string,
  help: string,
  labels: readonly string[],
  read: (connections: ConnectionsDocument, instance: string) => readonly Sample[],
): MetricDefinition {
  return {
    ...{ name, help, labels, type: 'gauge' },
    samples: ({ ipvs }) => {
      const sync = ipvs?.sync ?? null;
      return sync === null ? [] : read(sync.connections, sync.instance);
    },
  };
}

function counter(...definition: Parameters<typeof metric>): MetricDefinition {
  return { ...metric(...definition), type: 'counter' };
}

function ofInstance(
  name: string,
  help: string,
  read: (connections: ConnectionsDocument) => number | null | undefined,
): MetricDefinition {
  return metric(name, help, ['instance'], (connections, instance) =>
    sampleOf({ instance }, read(connections)),
  );
}

function total(...definition: Parameters<typeof ofInstance>): MetricDefinition {
  return { ...ofInstance(...definition), type: 'counter' };
}

type Peer = ConnectionsDocument['peers'][number];

function ofPeers(
  name: string,
  help: string,
  read: (peer: Peer) => number | null | undefined,
): MetricDefinition {
  return metric(name, help, ['peer'], ({ peers }) => {
    // During a takeover two processes report under the same name.
    const named = new Map(peers.map((peer) => [peer.name, peer]));
    return [...named.values()].flatMap((peer) => sampleOf({ peer: peer.name }, read(peer)));
  });
}
