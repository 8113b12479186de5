/** A witness as the checker process runs it, in front of members that the test plays. */

import { decodeFromChecker } from '../../../../src/checker/channel/messages.ts';
import type {
  FromWitness,
  WitnessOrders,
} from '../../../../src/checker/channel/witness-messages.ts';
import { encodeOwner } from '../../../../src/checker/etcd/ownership.ts';
import { Witness } from '../../../../src/checker/etcd/witness.ts';
import { seconds } from '../../../../src/net/time.ts';
import type {
  WitnessAnswer,
  WitnessAsk,
} from '../../../../src/protocol/engine/witness-messages.ts';
import { FakeCluster, FakeMember } from './fake-etcd.ts';

export const KEY = Buffer.from('/pair/web').toString('base64');

export const ACQUIRE: WitnessAsk = { type: 'acquire', ttl: seconds(5) };

export interface Rig {
  readonly members: readonly FakeMember[];
  readonly cluster: FakeCluster;
  readonly said: FromWitness[];
  readonly errors: unknown[];
  readonly witness: Witness;
  readonly ask: (ask: WitnessAsk, instance?: string) => Promise<WitnessAnswer>;
  readonly until: <Kind extends FromWitness['kind']>(
    kind: Kind,
    matches?: (message: Extract<FromWitness, { kind: Kind }>) => boolean,
  ) => Promise<Extract<FromWitness, { kind: Kind }>>;
  readonly another: (orders?: Partial<WitnessOrders>) => Rig;
  readonly close: () => Promise<void>;
}

export async function rigOf(count = 1, orders: Partial<WitnessOrders> = {}): Promise<Rig> {
  const cluster = new FakeCluster();
  const members = await Promise.all(Array.from({ length: count }, () => FakeMember.start(cluster)));
  return rigIn(cluster, members, orders);
}

export function rigIn(
  cluster: FakeCluster,
  members: readonly FakeMember[],
  orders: Partial<WitnessOrders> = {},
): Rig {
  const said: FromWitness[] = [];
  const errors: unknown[] = [];
  const waiting = new Set<() => void>();
  const witness = new Witness(ordersFor(members, orders), {
    send: (message) => {
      // What does not survive the channel was not said.
      const line = decodeFromChecker(JSON.stringify(message));
      said.push(line.ok ? (line.value as FromWitness) : message);
      for (const look of [...waiting]) look();
    },
    onError: (error) => errors.push(error),
  });
  let id = 0;
  const until: Rig['until'] = (kind, matches = () => true) =>
    new Promise((resolve) => {
      type Message = Extract<FromWitness, { kind: typeof kind }>;
      const look = () => {
        const found = said.find(
          (message): message is Message => message.kind === kind && matches(message as Message),
        );
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return {
    ...{ members, cluster, said, errors, witness, until },
    ask: async (ask, instance = 'web') => {
      const own = ++id;
      witness.request({ id: own, instance, ask });
      return (await until('witness-answer', (one) => one.id === own)).answer;
    },
    another: (other = {}) => rigIn(cluster, members, { ...orders, ...other }),
    close: async () => {
      witness.close();
      await Promise.all(members.map((member) => member.close()));
    },
  };
}

function ordersFor(members: readonly FakeMember[], orders: Partial<WitnessOrders>): WitnessOrders {
  return {
    endpoints: members.map(({ origin }) => origin),
    prefix: '/pair/',
    ca: undefined,
    cert: undefined,
    key: undefined,
    user: undefined,
    ttlSeconds: 5,
    director: 'lb1',
    host: 'host-1',
    instances: [
      ['web', 'ipv4 55'],
      ['mail', 'ipv4 56'],
    ],
    ...orders,
  };
}

export function ownerOf(director: string, more: { host?: string; router?: string } = {}): string {
  const { host = `host-of-${director}`, router = 'ipv4 55' } = more;
  return encodeOwner({ director, host, router, since: '2026-01-01T00:00:00.000Z' });
}
