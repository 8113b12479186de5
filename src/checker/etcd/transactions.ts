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

/** Changes the value and keeps the lease, if the key has that lease; else reads it. */
export function changeIfLeased({ key, value, lease }: Put): object {
  return {
    compare: [{ key: base64(key), target: 'LEASE', result: 'EQUAL', lease }],
    success: [{ request_put: { key: base64(key), value, ignore_lease: true } }],
    failure: [readOf(key)],
  };
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
