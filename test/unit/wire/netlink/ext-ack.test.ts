import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AttributeWriter } from '../../../../src/wire/netlink/attributes.ts';
import { decodeAcknowledgement } from '../../../../src/wire/netlink/ext-ack.ts';
import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../../../../src/wire/netlink/message.ts';

const SAID = new AttributeWriter().text(1, 'Address not found').uint32(2, 24).finish();

function bytes(...parts: ArrayLike<number>[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

function acknowledgement(type: number, flags: number, payload: Uint8Array) {
  return decodeAcknowledgement({ type, flags, sequence: 1, port: 0, payload });
}

/** -99, EADDRNOTAVAIL. */
const ERROR = [0x9d, 0xff, 0xff, 0xff];
const REQUEST_HEADER = [20, 0, 0, 0, ...new Array(12).fill(0)];

describe('acknowledgements', () => {
  test('have only the errno without the extension', () => {
    expect(acknowledgement(NLMSG_ERROR, 0, bytes(ERROR, REQUEST_HEADER))).toEqual({
      ok: true,
      value: { errno: 99, text: undefined, offset: undefined },
    });
  });

  test('have the explanation of the kernel after a capped or a whole request', () => {
    const value = { errno: 99, text: 'Address not found', offset: 24 };
    const capped = bytes(ERROR, REQUEST_HEADER, SAID);
    const flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
    expect(acknowledgement(NLMSG_ERROR, flags, capped)).toEqual({ ok: true, value });
    const whole = bytes(ERROR, REQUEST_HEADER, [1, 2, 3, 4], SAID);
    expect(acknowledgement(NLMSG_ERROR, NLM_F_ACK_TLVS, whole)).toEqual({ ok: true, value });
  });

  test('have it right after the errno at the end of a dump', () => {
    expect(acknowledgement(NLMSG_DONE, NLM_F_ACK_TLVS, bytes(ERROR, SAID))).toMatchObject({
      value: { errno: 99, text: 'Address not found' },
    });
  });

  test('keep their errno if the attributes are malformed or missing', () => {
    const flags = NLM_F_ACK_TLVS | NLM_F_CAPPED;
    for (const rest of [REQUEST_HEADER.slice(1), [...REQUEST_HEADER, 9, 0, 1, 0]]) {
      expect(acknowledgement(NLMSG_ERROR, flags, bytes(ERROR, rest))).toEqual({
        ok: true,
        value: { errno: 99, text: undefined, offset: undefined },
      });
    }
  });

  test.each([0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff])(
    'keep their errno when the request claims %i bytes',
    (claimed) => {
      const request = new Uint8Array(64);
      new DataView(request.buffer).setUint32(0, claimed, true);
      expect(acknowledgement(NLMSG_ERROR, NLM_F_ACK_TLVS, bytes(ERROR, request))).toEqual({
        ok: true,
        value: { errno: 99, text: undefined, offset: undefined },
      });
    },
  );

  test('without an errno are an error', () => {
    expect(acknowledgement(NLMSG_ERROR, 0, Uint8Array.of(0, 0, 0))).toEqual({
      ok: false,
      error: { code: 'netlink-acknowledgement-truncated', length: 3 },
    });
  });

  test('no bytes make the decoder throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 3),
        fc.nat(0xffff),
        fc.uint8Array(),
        (type, flags, payload) => {
          expect(typeof acknowledgement(type, flags, payload).ok).toBe('boolean');
        },
      ),
    );
  });
});
