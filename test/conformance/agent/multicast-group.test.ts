/** A multicast group other than that of the RFC. */
import { expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import type { Output } from '../../../src/protocol/engine/outputs.ts';
import { advert, linkOf, PEER, Rig } from '../rig.ts';

const GROUP = ip('224.0.0.100');

test('is where advertisements go, and the only one that is heard', () => {
  const rig = new Rig([{ multicastGroup: GROUP }]);
  rig.start();
  rig.hear(advert());
  expect(rig.view().master).toBeNull();
  rig.hear(advert({ destination: GROUP }));
  expect(rig.view().master?.address).toBe(PEER);
  expect(rig.becomeMaster()).toContain('advert 100 to 224.0.0.100');
});

test('is joined by the socket that several routers of a link share', () => {
  const rig = new Rig([
    { multicastGroup: GROUP },
    { name: 'other', vrid: 56 },
    { name: 'third', vrid: 57 },
  ]);
  const outputs = rig.engine.handle({ kind: 'links.replaced', links: [linkOf()] }, rig.now);
  const listens = outputs.filter(
    (one): one is Extract<Output, { kind: 'listen' }> => one.kind === 'listen',
  );
  expect(listens.map(({ vrids, groups }) => ({ vrids, groups }))).toEqual([
    { vrids: [55, 56, 57], groups: [GROUP, '224.0.0.18'] },
  ]);
});

test('a router of the usual group hears no other', () => {
  const rig = new Rig([{}, { name: 'other', vrid: 56, multicastGroup: GROUP }]);
  rig.start();
  rig.hear(advert({ destination: GROUP }));
  expect(rig.view().master).toBeNull();
});
