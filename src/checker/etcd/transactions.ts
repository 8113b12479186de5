/** The transactions on the keys of instances (TxnRequest of etcd's rpc.proto), and the keys in their answers. */
import type { EtcdKey, EtcdTransaction } from './answers.ts';
import { base64 } from './ownership.ts';

export interface Put {
  readonly key: string;
  /** In base64, as all values here. */
  readonly value: string;
  readonly lease: string;
}

/** Puts the key if there is none, else reads it. */
export function putIfAbsent({ key, value, lease }: Put): object {
  return {
    compare: [{ key: base64(key), target: 'CREATE', result: 'EQUAL', create_revision: '0' }],
    success: [{ request_put: { key: base64(key), value, lease } }],
    failure: [readOf(key)],
  };
}

/** Puts the key if it is still as it was read, else reads it. */
export function putIfUnchanged(
  { key, value, lease }: Put,
  { mod_revision: seen }: EtcdKey,
): object {
  return {
    compare: [{ key: base64(key), target: 'MOD', result: 'EQUAL', mod_revision: seen }],
    success: [{ request_put: { key: base64(key), value, lease } }],
    failure: [readOf(key)],
  };
}

/** Changes the value and keeps the lease, if the key is still as it was read; else reads it. */
export function changeIfUnchanged(key: string, value: string, seen: EtcdKey): object {
  return {
    compare: [
      { key: base64(key), target: 'MOD', result: 'EQUAL', mod_revision: seen.mod_revision },
    ],
    success: [{ request_put: { key: base64(key), value, ignore_lease: true } }],
    failure: [readOf(key)],
  };
}

/** Moves each key to the lease, if it is still as it was read, else reads it; the values stay. */
export function moveIfUnchanged(
  moves: readonly { readonly key: string; readonly seen: EtcdKey }[],
  lease: string,
): object {
  const success = moves.map(({ key, seen }) => ({
    request_txn: {
      compare: [
        { key: base64(key), target: 'MOD', result: 'EQUAL', mod_revision: seen.mod_revision },
      ],
      success: [{ request_put: { key: base64(key), ignore_value: true, lease } }],
      failure: [readOf(key)],
    },
  }));
  return { success };
}

/** Whether the key at this place was moved; else the key, or undefined: there is none. */
export function movedIn({ responses }: EtcdTransaction, at: number): true | EtcdKey | undefined {
  const inner = responses[at]?.response_txn;
  return inner?.succeeded === true ? true : inner?.responses[0]?.response_range?.kvs[0];
}

export function deleteIfUnchanged(key: string, { mod_revision: seen }: EtcdKey): object {
  return {
    compare: [{ key: base64(key), target: 'MOD', result: 'EQUAL', mod_revision: seen }],
    success: [{ request_delete_range: { key: base64(key) } }],
    failure: [readOf(key)],
  };
}

/** A linearisable read of several keys. */
export function read(keys: readonly string[]): object {
  return { success: keys.map(readOf) };
}

/**
 * Reads keys, by a transaction that could write the first one if two contradictory conditions held: etcd
 * checks permissions, space and agreement of its members as for a write.
 */
export function rehearse(keys: readonly string[], value: string): object {
  const [first = ''] = keys;
  const key = base64(first);
  return {
    compare: [
      { key, target: 'CREATE', result: 'EQUAL', create_revision: '0' },
      { key, target: 'CREATE', result: 'GREATER', create_revision: '0' },
    ],
    success: [{ request_put: { key, value } }],
    failure: keys.map(readOf),
  };
}

/** The key that the answer has read at this place; undefined: there is none. */
export function keyIn({ responses }: EtcdTransaction, at = 0): EtcdKey | undefined {
  return responses[at]?.response_range?.kvs[0];
}

function readOf(key: string): object {
  return { request_range: { key: base64(key), limit: '1' } };
}
