import { expect, test } from 'vitest';
import { ip } from '../../../../../src/net/address.ts';
import { instant } from '../../../../../src/net/time.ts';
import { HeardPeers } from '../../../../../src/protocol/engine/router/heard.ts';

const NOW = instant(1_000_000);

test('a peer has the priority with which it was last heard', () => {
  const heard = new HeardPeers();
  expect(heard.priorityOf(ip('192.0.2.1'))).toBeUndefined();
  heard.record(ip('192.0.2.1'), 100, NOW);
  heard.record(ip('192.0.2.2'), 90, NOW);
  heard.record(ip('192.0.2.1'), 120, NOW);
  expect(heard.priorityOf(ip('192.0.2.1'))).toBe(120);
  expect(heard.others(ip('192.0.2.1'))).toEqual(['192.0.2.2']);
});

test('of more than sixteen peers the one heard first is forgotten, not one heard again', () => {
  const heard = new HeardPeers();
  for (let host = 1; host <= 16; host++) heard.record(ip(`192.0.2.${host}`), host, NOW);
  heard.record(ip('192.0.2.16'), 99, NOW);
  expect(heard.priorityOf(ip('192.0.2.1'))).toBe(1);
  heard.record(ip('192.0.2.17'), 17, NOW);
  expect(heard.priorityOf(ip('192.0.2.1'))).toBeUndefined();
  expect(heard.priorityOf(ip('192.0.2.2'))).toBe(2);
  expect(heard.others(ip('192.0.2.99'))).toHaveLength(16);
});
