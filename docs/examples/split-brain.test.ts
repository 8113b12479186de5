/** Our pair survives a firewall that drops VRRP for two seconds: `sudo npx vitest run split-brain.test.ts`. */
import { expect, test } from 'vitest';
import { Labs, runScenario, scenarioFrom } from 'vrrp-agent/lab';

const SCENARIO = `
name: firewall-mistake
title: A firewall rule drops VRRP between our directors
instance: { advertisement_interval: 100ms }
nodes:
  - { name: lb1, priority: 150 }
  - { name: lb2, priority: 100 }
duration: 5s
steps:
  - { at: 500ms, partition: { from: lb1, to: lb2, traffic: vrrp } }
  - { at: 2500ms, heal: true }
expect:
  - { owner: lb1, from: 3.5s }
`;

test('two directors serve the address for no longer than the mistake lasts', async () => {
  const record = await runScenario(scenarioFrom(SCENARIO), new Labs(), {
    pcapFile: 'split-brain.pcap',
  });
  expect(record.verdicts.filter(({ holds }) => !holds)).toEqual([]);
  // Microseconds. A BACKUP waits three intervals before it takes over.
  expect(record.numbers.dual).toBeGreaterThan(1_000_000);
  expect(record.numbers.dual).toBeLessThan(3_000_000);
  const lb2 = record.nodes.find(({ name }) => name === 'lb2');
  expect(lb2?.states.map(({ state }) => state)).toEqual(['BACKUP', 'MASTER', 'BACKUP']);
}, 120_000);
