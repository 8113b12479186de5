import { describe, expect, test } from 'vitest';
import { renderPeerSummary, renderPeers } from '../../../../src/cli/render/peers.ts';
import { paletteFor } from '../../../../src/cli/terminal/text.ts';
import type { DirectorDocument, StatusDocument } from '../../../../src/control/protocol.ts';

const SCREEN = {
  palette: paletteFor(false, {}),
  width: 100,
  now: new Date('2026-01-01T00:01:00Z'),
};

const LB2: DirectorDocument = {
  name: 'lb2',
  address: '198.51.100.140',
  state: 'up',
  since: '2026-01-01T00:00:00Z',
  rtt_ms: 0.314,
  clock_offset_ms: -12,
  version: '0.1.0',
  configuration: 'differs',
  differs: ['instances.web.addresses'],
  instances: [{ name: 'web', state: 'FAULT', priority: 100, faults: ['interface-down'] }],
};

const LB3: DirectorDocument = {
  ...{ name: 'lb3', address: '198.51.100.141', state: 'never', since: null, rtt_ms: null },
  ...{ clock_offset_ms: null, version: null, configuration: 'unknown', differs: [], instances: [] },
};

describe('vrrp-agent peers', () => {
  test('shows each director, what it says and where it differs', () => {
    expect(renderPeers([LB2, LB3], SCREEN)).toBe(
      [
        'NAME  ADDRESS         STATE  SINCE  RTT      CLOCK   VERSION  CONFIG',
        'lb2   198.51.100.140  up     1m00s  0.31 ms  -12 ms  0.1.0    differs',
        'lb3   198.51.100.141  never  -      -        -       -        unknown',
        'lb2:',
        '  web FAULT 100 interface-down',
        '  differs: instances.web.addresses',
        '',
      ].join('\n'),
    );
  });

  test('shows a large offset in seconds', () => {
    expect(renderPeers([{ ...LB2, clock_offset_ms: 3_240 }], SCREEN)).toContain('+3.2 s');
  });

  test('says that there is no link', () => {
    expect(renderPeers([], SCREEN)).toBe('no peer link: the configuration has no "peer_link"\n');
  });

  test('shows no control characters of another host', () => {
    expect(renderPeers([{ ...LB2, differs: ['instances.\u001b[2J'] }], SCREEN)).toContain(
      'differs: instances.?[2J',
    );
  });
});

describe('status', () => {
  const status = (peers: StatusDocument['peers']) => ({ peers }) as StatusDocument;

  test('names the directors in one line', () => {
    expect(renderPeerSummary(status([LB2, LB3]), SCREEN)).toBe(
      'peers: lb2 up 1m00s, configuration differs; lb3 never\n',
    );
  });

  test('has no such line without a peer link', () => {
    expect(renderPeerSummary(status(undefined), SCREEN)).toBe('');
  });
});
