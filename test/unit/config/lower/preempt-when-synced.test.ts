import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import { seconds } from '../../../../src/net/time.ts';

const SYNC = 'ipvs: { sync: { interface: eth1 } }';

function load(keys: string, ipvs = SYNC) {
  const text = `instances: [{ name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1], ${keys} }]\n${ipvs}\n`;
  return loadConfig(text, { hostName: 'lb1' });
}

function waitOf(keys: string) {
  const loaded = load(keys);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.settings.instances[0]?.preemptWhenSynced;
}

function errors(keys: string, ipvs = SYNC): string[] {
  const loaded = load(keys, ipvs);
  return loaded.ok ? [] : loaded.error.map(({ message }) => message);
}

describe('preempt_when_synced', () => {
  test.each([
    ['priority: 150', undefined],
    ['preempt_when_synced: {}', seconds(60)],
    ['preempt_when_synced: { max_wait: 5m }', seconds(300)],
  ])('%s', (keys, wait) => {
    expect(waitOf(keys)).toBe(wait);
  });

  test.each([
    ['preempt_when_synced: { max_wait: 0s }', 'must be from 1s to 1h, not 0s'],
    [
      'preempt: false, preempt_when_synced: {}',
      '"preempt_when_synced" has no effect with "preempt: false": remove one of them',
    ],
    [
      'priority: 255, preempt_when_synced: {}',
      '"preempt_when_synced" has no effect with priority 255, which is MASTER immediately: use 254',
    ],
  ])('%s is refused', (keys, message) => {
    expect(errors(keys)).toEqual([message]);
  });

  test('needs ipvs.sync', () => {
    expect(errors('preempt_when_synced: {}', '')).toEqual([
      '"preempt_when_synced" needs "ipvs.sync"',
    ]);
  });
});
