/** Metrics of the connection table beside those of other directors, and of its moves. */
import type { ConnectionsDocument, MoveDocument } from '../../control/ipvs-document.ts';
import { type MetricDefinition, type Sample, sampleOf } from './metric.ts';

export const IPVS_CONNECTION_METRICS: readonly MetricDefinition[] = [
  metric(
    'vrrp_ipvs_connections',
    'Connections of the table that carry data, by where they came from.',
    ['origin'],
    ({ live, synced }) => [
      { labels: { origin: 'local' }, value: live - synced },
      { labels: { origin: 'sync' }, value: synced },
    ],
  ),
  ofInstance(
    'vrrp_ipvs_connections_caught_up',
    '1 while the table has all connections of the MASTER, as far as is known.',
    ({ caught_up: caughtUp }) => Number(caughtUp),
  ),
  total(
    'vrrp_ipvs_connections_resent_total',
    'Times that a connection was sent to another director that lacked it.',
    ({ resent }) => resent,
  ),
  ofInstance(
    'vrrp_ipvs_peers',
    'Other directors that report their tables; absent where none is to report (`catch_up: false`).',
    ({ catch_up: catchUp, peers }) => (catchUp ? peers.length : undefined),
  ),
  ofPeers('vrrp_ipvs_peer_connections', 'Connections of another director.', ({ live }) => live),
  ofPeers(
    'vrrp_ipvs_peer_connections_missing',
    'Connections that the one of both that is not MASTER lacks; absent: unknown.',
    ({ missing }) => missing,
  ),
  ofPeers(
    'vrrp_ipvs_peer_age_seconds',
    'Since another director last reported its table; one that is silent for 10 s is forgotten.',
    ({ age_ms: age }) => age / 1_000,
  ),
  counter(
    'vrrp_ipvs_moves_total',
    'Moves of the connections from here (`hand-over`) and to here (`take-over`, once its cost is known).',
    ['instance', 'move'],
    ({ moves }, instance) => [
      { labels: { instance, move: 'hand-over' }, value: moves.hand_overs },
      { labels: { instance, move: 'take-over' }, value: moves.take_overs },
    ],
  ),
  total(
    'vrrp_ipvs_connections_lost_total',
    'Connections of a former MASTER that were neither here at a take-over nor five seconds after it.',
    ({ moves }) => moves.lost,
  ),
  metric(
    'vrrp_ipvs_last_move_connections',
    'Live connections of the former MASTER at the last move; absent: there was none.',
    ['instance', 'move'],
    ({ moves: { last } }, instance) =>
      last === null ? [] : [{ labels: { instance, move: last.move }, value: last.live }],
  ),
  metric(
    'vrrp_ipvs_last_move_connections_missing',
    'What the new MASTER lacked of these at the moment of the last move, and five seconds later.',
    ['instance', 'move', 'peer', 'moment'],
    ({ moves: { last } }, instance) => (last === null ? [] : lastMoveSamples(last, instance)),
  ),
];

function lastMoveSamples({ move, peers }: MoveDocument, instance: string): Sample[] {
  return peers.flatMap(({ name: peer, missing_before: before, missing }) => [
    ...sampleOf({ instance, move, peer, moment: 'before' }, before),
    // Of a hand-over, only the new MASTER knows what has come of it.
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
    // Two processes of one name are there while one takes the place of the other.
    const named = new Map(peers.map((peer) => [peer.name, peer]));
    return [...named.values()].flatMap((peer) => sampleOf({ peer: peer.name }, read(peer)));
  });
}
