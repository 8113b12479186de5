import { expect, test } from 'vitest';
import { heldAddresses } from '../../../../src/protocol/engine/snapshot.ts';
import { FakePorts } from '../thread/fake-ports.ts';

test('FR-H the addresses that a snapshot holds are those of its places, and no others', () => {
  const { engine } = new FakePorts();
  const capture = engine.capture();
  const held = ['eth0 203.0.113.100/32', 'eth1 fe80::100/128', 'eth0 nothing/32', 'damaged'];
  const routers = capture.routers.map((router) => ({ ...router, held }));
  expect(heldAddresses({ ...capture, routers })).toEqual(['203.0.113.100', 'fe80::100']);
  expect(heldAddresses(capture)).toEqual([]);
});
