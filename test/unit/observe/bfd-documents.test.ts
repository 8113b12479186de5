import { expect, test } from 'vitest';
import { renderBfd } from '../../../src/cli/render/status-details.ts';
import { PLAIN } from '../../../src/cli/terminal/text.ts';
import { EVENTS, levelOf, sentenceOf } from '../../../src/control/events/event-table.ts';
import { ip } from '../../../src/net/address.ts';
import { type Duration, instant, milliseconds } from '../../../src/net/time.ts';
import { bfdDocuments, bfdReading } from '../../../src/observe/bfd-documents.ts';
import { BFD_METRICS } from '../../../src/observe/metrics/bfd-metrics.ts';
import type { BfdView } from '../../../src/protocol/engine/bfd-messages.ts';
import { modelOf } from '../control/samples.ts';

const VIEW: BfdView = {
  session: 'a session',
  neighbour: ip('192.0.2.1'),
  source: ip('192.0.2.11'),
  link: 'eth0',
  hops: 'single',
  state: 'Up',
  since: instant(5_000_000),
  remoteState: 'Up',
  diagnostic: 'none',
  remoteDiagnostic: 'none',
  discriminator: 7,
  remoteDiscriminator: 8,
  transmitInterval: milliseconds(50),
  detectionTime: milliseconds(150),
  sent: 10,
  received: 9,
  refused: 1,
  downs: 2,
  errno: null,
  result: 'up: sends every 50ms, down after 150ms of silence',
};

const DOWN: BfdView = {
  ...VIEW,
  ...{ state: 'Down', source: null, link: null, hops: 'multi', neighbour: ip('192.0.2.2') },
  ...{ diagnostic: 'detection-time-expired', remoteDiagnostic: 'path-down' },
  ...{ transmitInterval: 0 as Duration, detectionTime: null },
};

const REFUSED: BfdView = { ...DOWN, errno: 'EADDRINUSE', result: null };

const status = {
  ...modelOf('web').status(),
  bfd: bfdDocuments([VIEW, DOWN, REFUSED], () => new Date('2026-03-01T10:00:00Z')),
};

test('a session is a document', () => {
  expect(status.bfd[0]).toEqual({
    ...{ neighbour: '192.0.2.1', source: '192.0.2.11', link: 'eth0', multihop: false },
    ...{ state: 'Up', since: '2026-03-01T10:00:00.000Z', remote_state: 'Up' },
    ...{ diagnostic: 'none', remote_diagnostic: 'none' },
    ...{ discriminator: 7, remote_discriminator: 8 },
    ...{ transmit_interval_ms: 50, detection_time_ms: 150 },
    ...{ packets_sent: 10, packets_received: 9, packets_refused: 1, downs: 2, error: null },
  });
  expect(status.bfd[1]).toMatchObject({
    ...{ multihop: true, transmit_interval_ms: null, detection_time_ms: null },
  });
});

test('what depends on it shows its result', () => {
  expect(bfdReading([VIEW, REFUSED], 'a session')?.result).toBe(VIEW.result);
  expect(bfdReading([REFUSED], 'a session')?.result).toBeUndefined();
  expect(bfdReading([VIEW], 'another')).toBeUndefined();
});

test('status has a line for each session', () => {
  const screen = { palette: PLAIN, width: 120, now: new Date('2026-03-01T10:03:00Z') };
  const lines = renderBfd(status, screen).trim().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[1]).toMatch(/^192\.0\.2\.1%eth0 +Up +3m00s +50 ms +150 ms +2 +1 +-$/);
  expect(lines[2]).toMatch(
    /^192\.0\.2\.2 multihop +Down .* detection-time-expired; neighbour: path-down$/,
  );
  expect(lines[3]).toMatch(/ EADDRINUSE$/);
  expect(renderBfd(modelOf('web').status(), screen)).toBe('');
});

test('the metrics have a sample for each session, unless there is no value', () => {
  const of = (name: string) =>
    BFD_METRICS.find((one) => one.name === name)?.samples({ status } as never);
  const labels = { neighbour: '192.0.2.1', source: '192.0.2.11', link: 'eth0', multihop: 'false' };
  expect(of('vrrp_bfd_up')?.map(({ value }) => value)).toEqual([1, 0, 0]);
  expect(of('vrrp_bfd_detection_time_seconds')).toEqual([{ labels, value: 0.15 }]);
  expect(of('vrrp_bfd_downs_total')).toHaveLength(3);
});

test.each([
  ['ttl', '254', 'single', 'their TTL is 254, not 255'],
  ['ttl', '250', 'multi', 'set "min_ttl: 250"'],
  ['authentication', '4', 'single', 'which is not supported'],
  ['link', null, 'single', 'they arrive on another link, not on eth0'],
] as const)('a refusal for %s says what to do', (reason, found, hops, text) => {
  const facts = { neighbour: '192.0.2.1', hops, reason, found, expected: 'eth0' } as const;
  expect(sentenceOf({ kind: 'bfd-refused', ...facts })).toContain(text);
});

test.each([
  ['EADDRINUSE', 'single', 'error', 'another program, like bfdd, has UDP port 3784'],
  ['EADDRINUSE', 'multi', 'error', 'UDP port 4784'],
  ['EADDRNOTAVAIL', 'single', 'error', '"source" is not an address of this host'],
  ['EPERM', 'single', 'error', '(EPERM)'],
  [null, 'single', 'info', 'is open'],
] as const)('a socket with %s over %s', (errno, hops, level, text) => {
  const facts = { kind: 'bfd-socket-failed', neighbour: '192.0.2.1', hops, errno } as const;
  expect(levelOf(facts)).toBe(level);
  expect(sentenceOf(facts)).toContain(text);
});

test('each reason to refuse has words', () => {
  const { fields } = EVENTS['bfd-refused'];
  for (const [reason] of fields.reason.matchAll(/(?<=`)[a-z-]+(?=`)/g)) {
    const facts = { neighbour: 'x', hops: 'single', reason, found: '1', expected: '2' };
    expect(sentenceOf({ kind: 'bfd-refused', ...facts } as never)).toMatch(/^BFD packets of x/);
  }
});
