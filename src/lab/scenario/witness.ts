/** The witness of a scenario: what the file says of it, and what the lab adds for the directors. */
import * as z from 'zod';
import { mapping } from '../../config/schema/schema-parts.ts';
import { witness as configured } from '../../config/schema/witness-schema.ts';
import { ETCD_PORT } from '../peers/etcd.ts';
import type { LabHost } from '../topology/layout.ts';

const { ttl, on_loss } = configured.shape;

export const witness = mapping(
  {
    etcd: z.union([z.literal(1), z.literal(3)], { error: 'expected 1 or 3 members' }).meta({
      description:
        'Members of an etcd cluster, 1 or 3: the machines etcd, etcd2 and etcd3 in the network of the clients ' +
        "(192.0.2.61 to .63). They run before the directors start. Needs Debian's etcd-server.",
    }),
    ttl,
    on_loss,
  },
  'The vrrp-agents have a witness, and all their instances use it. Needs `peer_link`. Other programs have none.',
);

export type WitnessKeys = z.infer<typeof witness>;

/** The section of a director's configuration. */
export function witnessOf(
  { ttl: time, on_loss: onLoss }: WitnessKeys,
  members: readonly LabHost[],
): Readonly<Record<string, unknown>> {
  return {
    etcd: { endpoints: members.map(({ address }) => `http://${address}:${ETCD_PORT}`) },
    ...(time === undefined ? {} : { ttl: time }),
    ...(onLoss === undefined ? {} : { on_loss: onLoss }),
  };
}
