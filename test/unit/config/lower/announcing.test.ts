/** Labels of addresses, and how the addresses are announced. */
import { describe, expect, test } from 'vitest';
import { effectiveConfig } from '../../../../src/config/effective/effective.ts';
import { seconds } from '../../../../src/net/time.ts';
import { errors, instanceOf, value, web } from '../one-instance.ts';

describe('the label of an address', () => {
  test('stays with it, and may be without an interface', () => {
    const result = web('', '', '[{ address: 203.0.113.1/24, label: "eth0:web" }]');
    expect(instanceOf(result)?.addresses).toEqual([
      { address: '203.0.113.1', prefixLength: 24, interface: 'eth0', label: 'eth0:web' },
    ]);
    const { settings, agent } = value(result);
    expect(effectiveConfig(settings, agent).instances?.[0]?.addresses).toEqual([
      { address: '203.0.113.1/24', interface: 'eth0', label: 'eth0:web' },
    ]);
  });

  test('is refused for IPv6, and where it is too long for the kernel', () => {
    expect(errors(web('', '', '[fe80::1, { address: "2001:db8::1", label: x }]'))).toEqual([
      '2001:db8::1 is IPv6, and only IPv4 addresses have a label: remove "label"',
    ]);
    expect(errors(web('', '', '[{ address: 203.0.113.1, label: sixteen-letters- }]'))).toEqual([
      expect.stringContaining('expected a label of 1 to 15 characters'),
    ]);
  });
});

describe('garp', () => {
  test('spacing, refresh and the bursts after a contest come with their defaults', () => {
    const garp = (keys: string) => instanceOf(web(`garp: { repeat: 2, ${keys} }`))?.garp;
    expect(garp('')).not.toHaveProperty('contested');
    expect(garp('interval: 0s, refresh_repeat: 1')).toEqual(garp(''));
    expect(garp('contested: { second_burst_after: 1s }')).toMatchObject({
      contested: { repeat: 2, secondBurstAfter: seconds(1) },
    });
    expect(garp('contested: { repeat: 0 }')).toMatchObject({
      contested: { repeat: 0, secondBurstAfter: seconds(5) },
    });
  });

  test('an interval above a second is refused at its place', () => {
    const result = web('garp: { interval: 2s }');
    expect(errors(result)).toEqual([expect.stringContaining('2s')]);
  });
});
