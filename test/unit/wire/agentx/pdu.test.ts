import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareOids } from '../../../../src/wire/agentx/oid.ts';
import {
  decodeMessage,
  encodeClose,
  encodeNotify,
  encodeOpen,
  encodePing,
  encodeRegister,
  encodeResponse,
  messageLength,
  PAYLOAD_MOST,
} from '../../../../src/wire/agentx/pdu.ts';
import { oidBytes, type Value } from '../../../../src/wire/agentx/value.ts';

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
}

const IDS = '00000001 00000002 00000003';

/** A request in network order. */
function request(type: string, payload: string, flags = '10'): Uint8Array {
  const body = bytes(payload);
  const length = body.length.toString(16).padStart(8, '0');
  return bytes(`01${type}${flags}00 ${IDS} ${length} ${payload}`);
}

/** 1.3.6.1.2.1.207 */
const MIB = '02 02 00 00 00000001 000000cf';

describe('a request of the SNMP agent', () => {
  test('is decoded in network order', () => {
    expect(decodeMessage(request('06', `${MIB} 00000000`))).toEqual({
      ok: true,
      value: {
        ...{ session: 1, transaction: 2, packet: 3, hasContext: false },
        request: {
          kind: 'get-next',
          ranges: [{ start: [1, 3, 6, 1, 2, 1, 207], include: false, end: undefined }],
        },
      },
    });
  });

  test('is decoded in the order of a little-endian host', () => {
    const message = bytes(
      `01070000 01000000 02000000 03000000 1c000000
       0100 0a00  02 02 01 00 01000000 cf000000  02 02 00 00 01000000 d0000000`,
    );
    expect(decodeMessage(message)).toEqual({
      ok: true,
      value: {
        ...{ session: 1, transaction: 2, packet: 3, hasContext: false },
        request: {
          ...{ kind: 'get-bulk', nonRepeaters: 1, repetitions: 10 },
          ranges: [{ start: [1, 3, 6, 1, 2, 1, 207], include: true, end: [1, 3, 6, 1, 2, 1, 208] }],
        },
      },
    });
  });

  test('about a context is known as such', () => {
    const message = decodeMessage(request('05', `00000003 61626300 ${MIB} 00000000`, '18'));
    expect(message).toMatchObject({ ok: true, value: { hasContext: true } });
  });

  test.each([
    ['02', '05000000', { kind: 'close' }],
    ['08', '', { kind: 'test-set' }],
    ['09', '', { kind: 'commit-set' }],
    ['0a', '', { kind: 'undo-set' }],
    ['0b', '', { kind: 'cleanup-set' }],
    ['12', '00000000 0107 0000', { kind: 'response', error: 263 }],
  ])('of type %s', (type, payload, wanted) => {
    expect(decodeMessage(request(type, payload))).toMatchObject({
      ok: true,
      value: { request: wanted },
    });
  });

  test.each([
    [request('04', ''), 'type-error'],
    [request('05', '02020000 00000001'), 'length-error'],
    [request('05', 'ff020000'), 'length-error'],
    [request('07', ''), 'length-error'],
    [request('05', 'ffffffff', '18'), 'length-error'],
  ])('%# is refused', (message, error) => {
    expect(decodeMessage(message)).toEqual({ ok: false, error });
  });

  test('never throws, whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (anything) => {
        messageLength(anything);
        expect(typeof decodeMessage(anything).ok).toBe('boolean');
      }),
    );
  });
});

describe('the length of a message', () => {
  test('is unknown before its header is there', () => {
    expect(messageLength(new Uint8Array(19))).toEqual({ ok: true, value: 0 });
  });

  test('counts the header', () => {
    expect(messageLength(request('05', '00000000'))).toEqual({ ok: true, value: 24 });
  });

  test.each([
    [bytes(`02050000 ${IDS} 00000000`), 'version-error'],
    [bytes(`01051000 ${IDS} 00000003`), 'length-error'],
    [bytes(`01051000 ${IDS} ${(PAYLOAD_MOST + 4).toString(16).padStart(8, '0')}`), 'length-error'],
  ])('%# is refused', (message, error) => {
    expect(messageLength(message)).toEqual({ ok: false, error });
  });
});

const NAME = [1, 3, 6, 1, 2, 1, 207] as const;

describe('a message to the agent', () => {
  test('opens a session', () => {
    expect(hex(encodeOpen(7, 'abc'))).toBe(
      '01011000 00000000 00000000 00000007 00000010 00000000 00000000 00000003 61626300'.replaceAll(
        ' ',
        '',
      ),
    );
  });

  test('registers a subtree', () => {
    expect(hex(encodeRegister(1, 8, NAME))).toBe(
      '01031000 00000001 00000000 00000008 00000010 007f0000 02020000 00000001 000000cf'.replaceAll(
        ' ',
        '',
      ),
    );
  });

  test('asks whether the agent answers', () => {
    expect(hex(encodePing(1, 9))).toBe(
      '010d1000 00000001 00000000 00000009 00000000'.replaceAll(' ', ''),
    );
  });

  test('closes the session', () => {
    expect(hex(encodeClose(1, 9))).toBe(
      '01021000 00000001 00000000 00000009 00000004 05000000'.replaceAll(' ', ''),
    );
  });

  test.each<[Value, string]>([
    [{ type: 'integer', number: -1 }, '0002 ffffffff'],
    [{ type: 'counter32', number: 2 ** 32 + 5 }, '0041 00000005'],
    [{ type: 'gauge', number: 150 }, '0042 00000096'],
    [{ type: 'ticks', number: 100 }, '0043 00000064'],
    [{ type: 'counter64', number: 2 ** 32 }, '0046 0000000100000000'],
    [
      { type: 'octets', bytes: Uint8Array.of(203, 0, 113, 1, 9) },
      '0004 00000005 cb007101 09000000',
    ],
    [{ type: 'oid', oid: NAME }, '0006 02020000 00000001 000000cf'],
    [{ type: 'no-such-object' }, '0080'],
    [{ type: 'no-such-instance' }, '0081'],
    [{ type: 'end-of-view' }, '0082'],
  ])('carries %j', (value, wanted) => {
    const [type = '', ...rest] = wanted.split(' ');
    const message = hex(encodeNotify(1, 2, [{ oid: NAME, value }]));
    expect(message.slice(40)).toBe(`${type}00000202000000000001000000cf${rest.join('')}`);
  });

  test('answers with the numbers of the request', () => {
    const ids = { session: 1, transaction: 2, packet: 3 };
    expect(hex(encodeResponse(ids, []))).toBe(
      `01121000${IDS}00000008 00000000 0000 0000`.replaceAll(' ', ''),
    );
    expect(hex(encodeResponse(ids, [], 17, 1)).slice(40)).toBe('0000000000110001');
  });
});

describe('an object identifier', () => {
  test.each([
    [[1, 3, 6, 1, 4, 1], '01040000 00000001'],
    [[1, 3, 6, 1], '04000000 00000001 00000003 00000006 00000001'],
    [[1, 3, 6, 1, 300], '05000000 00000001 00000003 00000006 00000001 0000012c'],
    [[2, 5], '02000000 00000002 00000005'],
    [[], '00000000'],
  ])('%j has its form on the wire', (oid, wanted) => {
    expect(hex(oidBytes(oid))).toBe(wanted.replaceAll(' ', ''));
  });

  test('has an order, in which a prefix comes first', () => {
    const sorted = [[1, 3], [1, 3, 6], [1, 3, 6, 1], [1, 3, 10], [2]];
    expect([...sorted].reverse().sort(compareOids)).toEqual(sorted);
  });
});
