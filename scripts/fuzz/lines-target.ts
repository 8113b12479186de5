/** Lines and small files from the kernel, health checks, operators and the agent itself. */

import { parseNumber } from '../../src/checker/probes/file.ts';
import { decodeStatus } from '../../src/checker/probes/http-status.ts';
import { parseDuration } from '../../src/config/duration.ts';
import { decodeOperatorLock, encodeOperatorLock } from '../../src/daemon/operator/operator-lock.ts';
import { parseSaved } from '../../src/daemon/virtual-links/parent-settings.ts';
import { decodePacket } from '../../src/library/decode-packet.ts';
import { ip, parseIp, parseMac } from '../../src/net/address.ts';
import { formatEndpoint, parseEndpoint } from '../../src/net/endpoint.ts';
import { judge } from '../../src/protocol/engine/router/intake.ts';
import { decodeTableLine, decodeTableRow } from '../../src/wire/connections/table-line.ts';
import { type FuzzTarget, require } from './target.ts';
import { textTarget } from './text-targets.ts';

const SINCE = '2027-01-15T08:00:00.000Z';

const CORPUS: readonly string[] = [
  'TCP CB0071C8 9C40 CB007164 0050 C000020B 0050 ESTABLISHED LOCAL      897',
  'UDP CB0071C8 9C40 CB007164 0035 C000020B 0035 UDP         SYNC        30',
  'TCP [2001:0db8:0000:0000:0000:0000:0000:0001] 9C40 [2001:0db8:0000:0000:0000:0000:0000:0002] 0050 [2001:0db8:0000:0000:0000:0000:0000:0003] 0050 ESTABLISHED SYNC 12',
  'HTTP/1.1 200 OK\r\nServer: x\r\n\r\nok',
  'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Service Unavailable\r\n',
  encodeOperatorLock('web', {
    maintenance: { since: SINCE, until: null, by: 'uid 0', reason: 'new disk' },
    heldBack: { since: SINCE, by: 'uid 0' },
  }),
  ' arp_ignore=0,arp_announce=2 ',
  ' -12 \n',
  ...['192.0.2.1', '2001:db8::1', 'fe80::1%eth0', '::ffff:192.0.2.1', '02:00:00:00:00:01'],
  ...['192.0.2.1:80', '[2001:db8::1]:443', '10ms', '40.95s', '1h', '31330a00640064000000'],
];

export const LINES_TARGET: FuzzTarget = textTarget('lines', CORPUS, check);

function check(text: string): void {
  checkConnection(text);
  checkOrder(text);
  checkValues(text);
  const status = decodeStatus(text);
  require(status === undefined ||
    status === 0 ||
    (status >= 200 && status <= 999), 'a status is a final one');
  const saved = parseSaved(text);
  if (saved !== undefined) {
    require(Object.values(saved).every(
      (value) => value >= 0 && value <= 9,
    ), 'a setting is a digit');
  }
  checkMessage(text);
}

function checkConnection(line: string): void {
  const connection = decodeTableLine(line);
  const row = decodeTableRow(line);
  if (connection === undefined) return;
  const { client, service, server, seconds } = connection;
  for (const { port } of [client, service, server]) {
    require(Number.isInteger(port) && port >= 0 && port <= 65_535, 'a port has 16 bits');
  }
  require(Number.isSafeInteger(seconds), 'the remaining time is a number');
  require(row !== undefined && row.state === connection.state, 'both readings of a line agree');
  require(row !== undefined && row.bucket >= 0 && row.bucket < 512, 'a line belongs to a bucket');
}

function checkOrder(text: string): void {
  const order = decodeOperatorLock(text);
  if (order === undefined) return;
  const again = decodeOperatorLock(encodeOperatorLock('web', order));
  require(JSON.stringify(again) === JSON.stringify(order), 'an order is kept as it was read');
}

function checkValues(text: string): void {
  const address = parseIp(text);
  if (address !== undefined) require(parseIp(address) === address, 'an address has one form');
  const mac = parseMac(text);
  if (mac !== undefined) require(parseMac(mac) === mac, 'a MAC address has one form');
  const endpoint = parseEndpoint(text);
  if (endpoint !== undefined) {
    const again = parseEndpoint(formatEndpoint(endpoint));
    require(JSON.stringify(again) === JSON.stringify(endpoint), 'an endpoint is read again');
  }
  const number = parseNumber(text);
  require(number === undefined || Math.abs(number) <= 254, 'a weight is clamped');
  const duration = parseDuration(text);
  require(duration === undefined ||
    (Number.isSafeInteger(duration) && duration >= 0), 'a duration is in whole microseconds');
}

/** The output of `decode` for arbitrary bytes. */
function checkMessage(text: string): void {
  const message = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
  const ends = { source: ip('192.0.2.11'), destination: ip('224.0.0.18') };
  const rest = { ttl: 255, version: undefined, password: undefined };
  const document = decodePacket({ message, ...ends, ...rest }, judge);
  require(document.ok || document.reason.length > 0, 'a refusal has a reason');
}
