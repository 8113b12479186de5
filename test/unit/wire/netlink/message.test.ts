import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeMessages, encodeMessage } from '../../../../src/wire/netlink/message.ts';

const message = fc.record({
  type: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  sequence: fc.nat(0xffffffff),
  payload: fc.uint8Array({ maxLength: 64 }),
});

describe('netlink messages', () => {
  test('several in one datagram are read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(message), (messages) => {
        const datagram = Uint8Array.from(messages.flatMap((one) => [...encodeMessage(one)]));
        const decoded = decodeMessages(datagram);
        expect(decoded).toEqual({ ok: true, value: messages.map((one) => ({ ...one, port: 0 })) });
      }),
    );
  });

  test('have the layout of struct nlmsghdr', () => {
    const bytes = encodeMessage({ type: 20, flags: 0x305, sequence: 7, payload: Uint8Array.of(9) });
    expect([...bytes]).toEqual([17, 0, 0, 0, 20, 0, 5, 3, 7, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0]);
  });

  test('a length beyond the end, or below the header, is an error', () => {
    const bytes = encodeMessage({ type: 1, flags: 0, sequence: 1, payload: new Uint8Array(4) });
    const code = 'netlink-message-truncated';
    expect(decodeMessages(bytes, 19)).toMatchObject({ ok: false, error: { code, length: 20 } });
    expect(decodeMessages(bytes, 15)).toMatchObject({ ok: false, error: { code, held: 15 } });
    bytes[0] = 15;
    expect(decodeMessages(bytes)).toMatchObject({ ok: false, error: { code, length: 15 } });
  });

  test('no bytes make the decoder throw or loop', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 128 }), fc.nat(256), (bytes, length) => {
        expect(typeof decodeMessages(bytes, length).ok).toBe('boolean');
      }),
    );
  });
});
