import { expect, test } from 'vitest';
import { idleLibc } from '../../../../src/kernel/ffi/idle-libc.ts';
import { withLibc } from '../../../../src/kernel/ffi/libc.ts';
import { NetlinkSocket } from '../../../../src/kernel/netlink/netlink-socket.ts';

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
