import { expect, test } from 'vitest';
import { idleLibc } from '../../../../src/kernel/ffi/idle-libc.ts';
import { withLibc } from '../../../../src/kernel/ffi/libc.ts';
import { NetlinkSocket } from '../../../../src/kernel/netlink/netlink-socket.ts';
import {
  encodeMessage,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
} from '../../../../src/wire/netlink/message.ts';

const EIO = 5;
const REQUEST = { type: 20, flags: 0, payload: new Uint8Array(8) };

/** A socket that reads these datagrams. */
function socketThatReads(...datagrams: Uint8Array[]): NetlinkSocket {
  const recv = (_fd: number, buffer: Uint8Array) => {
    const datagram = datagrams.shift();
    if (datagram === undefined) return -1;
    buffer.set(datagram);
    return datagram.length;
  };
  const library = { ...idleLibc(), recv };
  return withLibc(library, () => new NetlinkSocket({ protocol: 0, name: 'test' }));
}

/** A message that claims to be longer than its datagram. */
function malformed(): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes[0] = 200;
  return bytes;
}

test('a malformed datagram of a group requires a new dump, and discards the datagrams behind it', () => {
  const socket = socketThatReads(malformed(), new Uint8Array(16));
  const seen: unknown[] = [];
  expect(socket.receive((message) => seen.push(message))).toBe('malformed');
  expect(socket.receive((message) => seen.push(message))).toBe('drained');
  expect(seen).toEqual([]);
});

test('a malformed answer fails every request of the batch', () => {
  const answers = socketThatReads(malformed()).transact([REQUEST, REQUEST]);
  expect(answers).toEqual(Array(2).fill({ errno: EIO, text: 'malformed answer' }));
});

test('a malformed dump is an error that says so', () => {
  const socket = socketThatReads(malformed());
  expect(() => socket.dump('list links', REQUEST)).toThrow('list links: EIO (malformed answer)');
});

/** The answer to attempt `sequence`: one object, and the end. */
function dumpOf(sequence: number, object: number, flags = 0): Uint8Array {
  const payload = new Uint8Array([object, 0, 0, 0]);
  const listed = encodeMessage({ type: 16, flags, sequence, payload });
  const end = encodeMessage({ type: NLMSG_DONE, flags, sequence, payload: new Uint8Array(4) });
  return Buffer.concat([listed, end]);
}

const INTERRUPTED = [1, 2, 3, 4, 5].map((attempt) => dumpOf(attempt, attempt, NLM_F_DUMP_INTR));

test('FR-O13 a list that is interrupted five times has what every attempt has found, and says so', () => {
  const { messages, complete } = socketThatReads(...INTERRUPTED).list('list links', REQUEST);
  expect(messages.map(({ payload }) => payload[0])).toEqual([1, 2, 3, 4, 5]);
  expect(complete).toBe(false);
});

test('a list that is interrupted once is that of the second attempt', () => {
  const socket = socketThatReads(dumpOf(1, 1, NLM_F_DUMP_INTR), dumpOf(2, 2));
  const { messages, complete } = socket.list('list links', REQUEST);
  expect(messages.map(({ payload }) => payload[0])).toEqual([2]);
  expect(complete).toBe(true);
});

test('a dump that has to be complete fails after five interruptions', () => {
  const dump = () => socketThatReads(...INTERRUPTED).dump('list services', REQUEST);
  expect(dump).toThrow('list services: EINTR');
});
