import { describe, expect, test } from 'vitest';
import { decodeTableLine, decodeTableRow } from '../../../../src/wire/connections/table-line.ts';

const IPV4 = 'TCP CB0071C8 9C40 CB007164 0050 C000020B 1F90 ESTABLISHED LOCAL      897';

function fieldsOf(line: string) {
  const { client, service, server, seconds } = decodeTableLine(line) ?? {};
  const shown = [client, service, server].map((end) => `${end?.address} ${end?.port}`);
  return [...shown, seconds];
}

describe('a line of the connection table', () => {
  const usual = ['203.0.113.200 40000', '203.0.113.100 80', '192.0.2.11 8080', 897];

  test('is read the same whatever the distance of its columns', () => {
    const wide = `${IPV4.replaceAll(/ +/g, '    ')}   \n`;
    const narrow = IPV4.replaceAll(/ +/g, ' ');
    for (const line of [IPV4, wide, narrow]) {
      expect(fieldsOf(line)).toEqual(usual);
      expect(decodeTableRow(line)).toMatchObject({ protocol: 'TCP', state: 'ESTABLISHED' });
    }
  });

  test('may have short ports and any number of seconds', () => {
    const line = 'UDP CB0071C8 1 CB007164 35 C000020B F UDP SYNC 4294967295';
    expect(fieldsOf(line)).toEqual([
      '203.0.113.200 1',
      '203.0.113.100 53',
      '192.0.2.11 15',
      4_294_967_295,
    ]);
  });

  test('has addresses of IPv4 with the highest bit set or clear', () => {
    const line = 'TCP FFFEFDFC 1 01020304 2 80000001 3 NONE LOCAL 1';
    expect(fieldsOf(line)).toEqual(['255.254.253.252 1', '1.2.3.4 2', '128.0.0.1 3', 1]);
  });

  test('may have its server in brackets', () => {
    const line = `TCP 2001:db8::1 1 2001:db8::2 2 [2001:db8::3] 3 NONE LOCAL 1`;
    expect(fieldsOf(line)).toEqual(['2001:db8::1 1', '2001:db8::2 2', '2001:db8::3 3', 1]);
    expect(decodeTableLine('TCP 2001:db8::1 1 2001:db8::2 2 [2001:db8::3 3 NONE LOCAL 1')).toEqual(
      decodeTableLine(line),
    );
  });

  test.each([
    ['behind other text', `x ${IPV4}`],
    ['in small letters', IPV4.replace('TCP', 'tcp')],
    ['before other text', `${IPV4} x`],
    ['with a client that is none', IPV4.replace('CB0071C8', 'CB0071CX')],
    ['with a service that is none', IPV4.replace('CB007164', 'CB00716X')],
    ['with a server that is none', IPV4.replace('C000020B', 'C000020X')],
    ['with a client port of five digits', IPV4.replace('9C40', '19C40')],
    ['with a service port of five digits', IPV4.replace('0050', '10050')],
    ['with a server port of five digits', IPV4.replace('1F90', '11F90')],
    ['with a client port that is none', IPV4.replace('9C40', '9C4X')],
    ['with a service port that is none', IPV4.replace('0050', '005X')],
    ['with a server port that is none', IPV4.replace('1F90', '1F9X')],
    ['without a state', IPV4.replace('ESTABLISHED ', '')],
    ['with two states', IPV4.replace('ESTABLISHED', 'NOT ESTABLISHED')],
    ['without a time', IPV4.replace('897', '')],
    ['with a time that is none', IPV4.replace('897', 'soon')],
    ['with a time of eleven digits', IPV4.replace('897', '10000000000')],
    ['without spaces', IPV4.replaceAll(' ', '')],
  ])('is none %s', (_, line) => {
    expect(decodeTableRow(line)).toBeUndefined();
    expect(decodeTableLine(line)).toBeUndefined();
  });

  test.each([
    ['of seven digits', 'CB0071C'],
    ['of nine digits', 'CB0071C80'],
  ])('has no IPv4 address %s', (_, address) => {
    expect(decodeTableLine(IPV4.replace('CB0071C8', address))).toBeUndefined();
    expect(decodeTableLine(IPV4.replace('C000020B', address))).toBeUndefined();
  });
});

/** FNV-1a of the fields before the server: directors of other releases must find the same bucket. */
test.each([
  ['TCP CB0071C8 9C40 CB007164 0050 C000020B 1F90 ESTABLISHED LOCAL 897', 315],
  ['TCP CB0071C8 9C40 CB007164 0050 C000020C 0050 FIN_WAIT SYNC 1', 315],
  [
    'UDP 2001:0db8:0000:0000:0000:0000:0000:00c8 9C40 2001:0db8:0000:0000:0000:0000:0000:0100 0035 2001:0db8:0001:0000:0000:0000:0000:000b 0035 UDP SYNC 299',
    331,
  ],
])('the bucket of %s is %i', (line, bucket) => {
  expect(decodeTableRow(line)?.bucket).toBe(bucket);
});
