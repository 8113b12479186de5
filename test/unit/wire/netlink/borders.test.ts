/** Messages that end exactly where a part of them ends: the last that can be read. */
import { describe, expect, test } from 'vitest';
import { AttributeWriter } from '../../../../src/wire/netlink/attributes.ts';
import { decodeAcknowledgement } from '../../../../src/wire/netlink/ext-ack.ts';
import {
  decodeMessages,
  encodeMessage,
  NLM_F_ACK_TLVS,
  NLMSG_DONE,
  NLMSG_ERROR,
  putMessage,
} from '../../../../src/wire/netlink/message.ts';
import { decodeAddress } from '../../../../src/wire/netlink/route/address.ts';
import { decodeLink } from '../../../../src/wire/netlink/route/link.ts';
import { decodeNamedLink } from '../../../../src/wire/netlink/route/macvlan.ts';
import { decodeRoute } from '../../../../src/wire/netlink/route/route.ts';
import { decodeRule } from '../../../../src/wire/netlink/route/rule.ts';

const ERROR = [0x9d, 0xff, 0xff, 0xff];
const ONE = { type: 20, flags: 5, sequence: 7, payload: Uint8Array.of(1, 2, 3, 4) };

describe('a datagram of netlink messages', () => {
  test('may end with the header of a message that has nothing else', () => {
    const bare = encodeMessage({ ...ONE, payload: new Uint8Array(0) });
    expect(decodeMessages(bare)).toMatchObject({ ok: true, value: [{ type: 20, sequence: 7 }] });
  });

  test('is malformed where its last header claims more than there is', () => {
    const [first, second] = [encodeMessage(ONE), encodeMessage(ONE)];
    const cut = Uint8Array.from([...first, ...second.subarray(0, 16)]);
    const error = { code: 'netlink-message-truncated', offset: 20, length: 20, held: 16 };
    expect(decodeMessages(cut)).toEqual({ ok: false, error });
  });

  test('has the port of the socket that sent it', () => {
    const bytes = encodeMessage(ONE);
    bytes.set([0x78, 0x56, 0x34, 0x12], 12);
    expect(decodeMessages(bytes)).toMatchObject({ value: [{ port: 0x12345678 }] });
  });

  test('is written one message behind the other', () => {
    const target = new Uint8Array(64).fill(0xff);
    const second = putMessage(target, 4, { ...ONE, payload: Uint8Array.of(9) });
    expect(second).toBe(24);
    expect(putMessage(target, second, ONE)).toBe(44);
    const decoded = decodeMessages(target.subarray(4, 44));
    expect(decoded).toMatchObject({ value: [{ payload: Uint8Array.of(9) }, { port: 0 }] });
  });
});

describe('an acknowledgement', () => {
  const read = (type: number, flags: number, payload: ArrayLike<number>) =>
    decodeAcknowledgement({ type, flags, sequence: 1, port: 0, payload: Uint8Array.from(payload) });

  test('may be an errno alone', () => {
    const value = { errno: 99, text: undefined, offset: undefined };
    expect(read(NLMSG_DONE, 0, ERROR)).toEqual({ ok: true, value });
    expect(read(NLMSG_DONE, NLM_F_ACK_TLVS, ERROR)).toEqual({ ok: true, value });
    expect(read(NLMSG_ERROR, NLM_F_ACK_TLVS, ERROR)).toEqual({ ok: true, value });
  });

  test('has no explanation unless the kernel says that there is one', () => {
    const words = new AttributeWriter().text(1, 'no').finish();
    expect(read(NLMSG_DONE, 0, [...ERROR, ...words])).toMatchObject({ value: { text: undefined } });
    const said = read(NLMSG_DONE, NLM_F_ACK_TLVS, [...ERROR, ...words]);
    expect(said).toMatchObject({ value: { text: 'no' } });
  });
});

describe('a header without any attribute', () => {
  test('is read as a link, a route and a rule', () => {
    expect(decodeLink(new Uint8Array(16)).ok).toBe(true);
    expect(decodeNamedLink(new Uint8Array(16))).toMatchObject({ index: 0, name: '', mtu: 0 });
    expect(decodeRoute(Uint8Array.from({ length: 12 }, (_, at) => (at === 0 ? 2 : 0))).ok).toBe(
      true,
    );
    expect(decodeRule(Uint8Array.from({ length: 12 }, (_, at) => (at === 0 ? 10 : 0))).ok).toBe(
      true,
    );
  });

  test('says of an address that it is missing, not that it is cut short', () => {
    const header = Uint8Array.of(2, 24, 0, 0, 3, 0, 0, 0);
    expect(decodeAddress(header)).toMatchObject({ error: { code: 'address-missing' } });
    const short = new AttributeWriter().bytes(1, Uint8Array.of(1)).finish();
    const other = Uint8Array.of(7, ...header.slice(1), ...short);
    expect(decodeAddress(other)).toMatchObject({ error: { code: 'address-missing', family: 7 } });
  });
});

describe('a message that is cut short', () => {
  test.each([
    ['link', decodeLink, 15],
    ['route', decodeRoute, 11],
    ['rule', decodeRule, 11],
  ] as const)('as a %s says how much of it there is', (what, decode, length) => {
    const error = { code: `${what}-truncated`, length };
    expect(decode(new Uint8Array(length))).toEqual({ ok: false, error });
  });

  test.each([
    ['route', decodeRoute],
    ['rule', decodeRule],
  ] as const)('of another family than IP is no %s, and named', (what, decode) => {
    const error = { code: `${what}-family`, family: 7 };
    expect(decode(Uint8Array.of(7, ...new Uint8Array(11)))).toEqual({ ok: false, error });
  });
});
