import { describe, expect, test } from 'vitest';
import { renderStatus } from '../../../../src/cli/render/status.ts';
import { PLAIN } from '../../../../src/cli/terminal/text.ts';
import type { InstanceDocument, StatusDocument } from '../../../../src/control/protocol.ts';
import { modelOf } from '../../control/samples.ts';

const NOW = new Date('2026-03-04T15:00:00Z');

function render(document: StatusDocument, width = 80): string {
  return renderStatus(document, { palette: PLAIN, width, now: NOW });
}

/** A document with `count` instances, each changed by `change`. */
function statusOf(
  count: number,
  change: (index: number) => Partial<InstanceDocument> = () => ({}),
): StatusDocument {
  const names = Array.from({ length: count }, (_, index) => `vip-${index + 1}`);
  const status = modelOf(...names).status();
  const master = { address: '192.0.2.11', priority: 150, interval_ms: 1_000 };
  return {
    ...status,
    instances: status.instances.map((one, index) => ({
      ...one,
      state: 'MASTER' as const,
      since: '2026-03-01T11:00:00.000Z',
      master,
      ...change(index),
    })),
  };
}

describe('the status table', () => {
  test('with one instance', () => {
    const header = `lb1: 1 MASTER; up 3d04h, pid ${process.pid}, version 0.1.0`;
    expect(render(statusOf(1))).toBe(
      [
        header,
        'NAME   STATE   SINCE  PRIO  MASTER      VIPS              FAULTS',
        'vip-1  MASTER  3d04h  150   192.0.2.11  203.0.113.100/32  -',
        '',
      ].join('\n'),
    );
  });

  test('FR-F3 says below which router cannot be a peer, and what to change', () => {
    const problem = {
      ...{ peer: '192.0.2.12', code: 'version-error' as const, since: '2026-03-04T14:57:00.000Z' },
      ...{ heard: '2', expected: '3', free_vrid: null, message: 'set the same "version" on both' },
    };
    const text = render(statusOf(1, () => ({ peer_problems: [problem] })));
    expect(text.split('\n').at(-2)).toBe(
      '! vip-1: 192.0.2.12, for 3m00s: set the same "version" on both',
    );
  });

  test('with 255 instances has a line for each, and all fit 80 columns', () => {
    const lines = render(statusOf(255)).trimEnd().split('\n');
    expect(lines).toHaveLength(257);
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.at(-1)).toMatch(/^vip-255 /);
  });

  test('fits 80 columns by cutting long cells visibly', () => {
    const text = render(
      statusOf(2, (index) => ({
        name: `customer-portal-frontend-${index}`,
        releasing: true,
        addresses: ['fe80::100/64', '2001:db8:1234:5678:9abc:def0:1234:5678/128'],
        master: { address: 'fe80::5054:ff:fe12:3456', priority: 150, interval_ms: 1_000 },
        priority: { configured: 150, effective: 100, override: null },
      })),
    );
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(text).toContain('…');
    expect(text).toContain('MASTER (releasing)');
  });

  test('cuts nothing if the screen is wide enough', () => {
    const addresses = ['fe80::100/64', '2001:db8:1234:5678:9abc:def0:1234:5678/128'];
    const text = render(
      statusOf(1, () => ({ addresses })),
      200,
    );
    expect(text).toContain('2001:db8:1234:5678:9abc:def0:1234:5678/128 +1');
  });

  test('shows why an instance is in FAULT', () => {
    const text = render(
      statusOf(1, () => ({ state: 'FAULT', faults: ['interface-down', 'no-address'] })),
    );
    expect(text).toMatch(/^lb1: 1 FAULT;/);
    expect(text).toMatch(/^vip-1 +FAULT .* interface-down no-address$/m);
  });

  test('FR-J4 says what to remove when the host answers for a VIP in another place', () => {
    const stray = { address: '203.0.113.1/32', interface: 'lo' };
    const shown = (answers: boolean) =>
      render(statusOf(1, () => ({ stray_addresses: [{ ...stray, answers }] })));
    expect(shown(true)).toContain('vip-1: this host has 203.0.113.1/32 on lo, too');
    expect(shown(true)).toContain('ip addr del 203.0.113.1/32 dev lo');
    expect(shown(false)).not.toContain('203.0.113.1/32 on lo');
  });

  test('FR-H says what a VIP of another program on the interface itself means', () => {
    const stray = { address: '203.0.113.1/32', interface: 'eth0', answers: true };
    const text = render(statusOf(1, () => ({ stray_addresses: [stray], interface: 'eth0' })));
    expect(text).toContain('vip-1: this host has 203.0.113.1/32 on eth0 from another program');
    expect(text).toContain("or choose another VIP if it is the host's own");
  });

  test('shows both priorities if they differ', () => {
    const priority = { configured: 150, effective: 90, override: null };
    expect(render(statusOf(1, () => ({ priority })))).toContain('90 (150)');
  });

  test('counts the further addresses', () => {
    const addresses = ['203.0.113.1/32', '203.0.113.2/32', '203.0.113.3/32'];
    expect(render(statusOf(1, () => ({ addresses })))).toContain('203.0.113.1/32 +2');
  });

  test('replaces control characters in names', () => {
    expect(render(statusOf(1, () => ({ name: 'a\u001b[2Jb\n' })))).toContain('a?[2Jb?');
  });

  test('without instances says so', () => {
    expect(render(statusOf(0))).toMatch(/^lb1: no instances; /);
  });
});

describe('the line about the checker process', () => {
  const checker = {
    state: 'running',
    pid: 814,
    uid: 0,
    capabilities: '0',
    since: '2026-03-04T14:00:00.000Z',
    restarts: 0,
    last_end: null,
  } as const;
  const lineOf = (more: Partial<NonNullable<StatusDocument['checker']>> = {}) =>
    render({ ...statusOf(1), checker: { ...checker, ...more } }, 120).split('\n')[1];

  test('says since when it runs, and how it ended before', () => {
    expect(lineOf()).toBe('checker: pid 814, up 1h00m');
    const last_end = { at: '2026-03-04T14:00:00.000Z', reason: 'killed by SIGKILL' };
    expect(lineOf({ restarts: 2, last_end })).toBe(
      'checker: pid 814, up 1h00m, 2 restarts, last ended 1h00m ago: killed by SIGKILL',
    );
  });

  test('says since when it does not run', () => {
    expect(lineOf({ state: 'waiting', pid: null, restarts: 1 })).toBe(
      'checker: not running for 1h00m, 1 restart',
    );
  });
});
