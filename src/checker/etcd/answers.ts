/**
 * The documents of etcd's JSON gateway that this program reads: rpc.proto of etcd 3.4, of which
 * 64-bit numbers are texts and what is zero, false or empty is absent.
 */
import * as z from 'zod';

const number64 = z
  .string()
  .regex(/^[0-9]{1,20}$/)
  .or(z.int().nonnegative().transform(String));

const header = z.object({
  cluster_id: number64.optional(),
  member_id: number64.optional(),
  revision: number64.optional(),
  raft_term: number64.optional(),
});

const keyValue = z.object({
  key: z.string(),
  value: z.string().default(''),
  mod_revision: number64,
  /** Absent: the key has none. */
  lease: number64.default('0'),
});

export type EtcdKey = z.infer<typeof keyValue>;

const range = z.object({ kvs: z.array(keyValue).default([]) });

/** Of a transaction that is an operation of another one. */
const nested = z.object({
  succeeded: z.boolean().default(false),
  responses: z.array(z.object({ response_range: range.optional() })).default([]),
});

export const ANSWERS = {
  status: z.object({
    header,
    version: z.string().max(40),
  }),
  grant: z.object({ header, ID: number64, TTL: number64 }),
  /** `TTL` is absent if there is no such lease. */
  keepalive: z.object({
    result: z.object({ header, ID: number64, TTL: number64.default('0') }),
  }),
  revoke: z.object({ header }),
  txn: z.object({
    header,
    succeeded: z.boolean().default(false),
    responses: z
      .array(z.object({ response_range: range.optional(), response_txn: nested.optional() }))
      .default([]),
  }),
  authenticate: z.object({ token: z.string().min(1).max(8_192) }),
  watch: z.object({
    result: z.object({
      created: z.boolean().default(false),
      canceled: z.boolean().default(false),
      compact_revision: number64.default('0'),
      events: z
        .array(
          z.object({
            /** Absent: PUT. */
            type: z.enum(['PUT', 'DELETE']).default('PUT'),
            kv: z.object({ key: z.string(), value: z.string().default('') }),
          }),
        )
        .default([]),
    }),
  }),
};

export type EtcdStatus = z.infer<typeof ANSWERS.status>;
export type EtcdTransaction = z.infer<typeof ANSWERS.txn>;
