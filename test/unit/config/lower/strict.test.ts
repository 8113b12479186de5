import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';

/** The keys whose default deviates from the RFC, with the values of the RFC. */
const STRICT: Readonly<Record<string, string>> = {
  strict: 'true',
  checksum: 'rfc9568',
  accept: 'true',
  virtual_mac: 'true',
  garp: '{ repeat: 1, second_burst_after: 0s, form: request }',
};

const VERSION_2 = { version: '2', accept: 'false', checksum: undefined } as const;

function errors(
  more: Readonly<Record<string, string | undefined>> = {},
  linger = '"off"',
): string[] {
  const keys = { name: 'web', interface: 'eth0', vrid: '1', addresses: '[203.0.113.1]', ...STRICT };
  const entries = Object.entries({ ...keys, ...more });
  const text = entries.flatMap(([key, value]) => (value === undefined ? [] : [`${key}: ${value}`]));
  const file = `stop: { linger: ${linger} }\ninstances:\n  - { ${text.join(', ')} }\n`;
  const result = loadConfig(file, { hostName: 'host' });
  const messages = result.ok ? [] : result.error.map(({ message }) => message);
  // Other findings are not tested here.
  return messages.filter((message) => message.startsWith('strict: '));
}

describe('strict', () => {
  test('accepts the settings of the RFC', () => {
    expect(errors()).toEqual([]);
    expect(errors({ accept: 'false' })).toEqual([]);
    expect(errors({ version: '2', accept: 'false', checksum: undefined })).toEqual([]);
    expect(errors({ version: '2+3' })).toEqual([]);
  });

  test.each([
    [{ unicast: '{ peers: [192.0.2.12] }' }, 'remove "unicast" (RFC 9568 section 5.1.1.2)'],
    [{ checksum: 'auto' }, 'write "checksum: rfc9568" (RFC 9568 section 5.2.8)'],
    [{ checksum: undefined }, 'write "checksum: rfc9568" (RFC 9568 section 5.2.8)'],
    [
      {
        version: '2',
        accept: 'false',
        checksum: undefined,
        authentication: '{ type: pass, password: x }',
      },
      'write "authentication: { type: none }" (RFC 3768 section 5.3.6)',
    ],
    [{ accept: undefined }, 'write "accept" (RFC 9568 section 6.1)'],
    [{ version: '2', checksum: undefined }, 'write "accept: false" (RFC 3768 section 6.4.3)'],
    [
      { version: '2', checksum: undefined, accept: undefined },
      'write "accept: false" (RFC 3768 section 6.4.3)',
    ],
    [{ ...VERSION_2, virtual_mac: undefined }, 'write "virtual_mac: true" (RFC 3768 section 7.3)'],
    [
      { ...VERSION_2, unicast: '{ peers: [192.0.2.12] }' },
      'remove "unicast" (RFC 3768 section 5.2.2)',
    ],
    [
      { ...VERSION_2, extra_addresses: '[203.0.113.2]' },
      'move them to "addresses" (RFC 3768 section 5.3.9)',
    ],
    [{ virtual_mac: undefined }, 'write "virtual_mac: true" (RFC 9568 section 7.3)'],
    [{ preempt_delay: '5s' }, 'write "preempt_delay: 0s" (RFC 9568 section 6.4.2)'],
    [{ preempt_when_synced: '{}' }, 'remove "preempt_when_synced" (RFC 9568 section 6.4.2)'],
    [{ extra_addresses: '[203.0.113.2]' }, 'move them to "addresses" (RFC 9568 section 5.2.9)'],
    [
      { addresses: '[{ address: 203.0.113.1, interface: eth1 }]' },
      '203.0.113.1 cannot be on eth1 (RFC 9568 section 3)',
    ],
    [
      { garp: '{ second_burst_after: 0s, form: reply }' },
      'write "garp: { repeat: 1 }" (RFC 9568 section 6.4.2)',
    ],
    [
      { garp: '{ repeat: 1, form: reply }' },
      'write "garp: { second_burst_after: 0s }" (RFC 9568 section 6.4.2)',
    ],
    [
      { garp: '{ repeat: 1, second_burst_after: 0s }' },
      'write "garp: { form: request }" (RFC 9568 section 6.4.2)',
    ],
    [
      { addresses: '[fe80::1:1]', checksum: undefined },
      'write "neighbor_advertisement: { router: true }" (RFC 9568 section 6.4.2)',
    ],
  ])('refuses %o', (more, end) => {
    const found = errors(more);
    expect(found).toHaveLength(1);
    expect(found[0]?.endsWith(end)).toBe(true);
  });

  test('refuses stop.linger at each strict instance', () => {
    expect(errors({}, 'auto').join()).toContain(
      'write "stop: { linger: off }" (RFC 9568 section 6.4.3)',
    );
  });

  test('is off by default', () => {
    expect(errors({ strict: undefined, unicast: '{ peers: [192.0.2.12] }' }, 'auto')).toEqual([]);
  });
});
