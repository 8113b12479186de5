import { describe, expect, test } from 'vitest';
import { mac } from '../../../src/net/address.ts';
import { seconds } from '../../../src/net/time.ts';
import type { Output } from '../../../src/protocol/engine/outputs.ts';
import { type ChecksumForm, matchingForm } from '../../../src/wire/vrrp/checksum.ts';
import { advert, INDEX, Rig, VIP } from '../rig.ts';

const RIVAL = { kind: 'address.claimed', index: INDEX, address: VIP } as const;
const OTHER_MAC = mac('02:00:00:00:00:99');
const OWN_MAC = mac('02:00:00:00:00:02');

/** The checksum forms of the datagrams at the next tick. */
function formsAtNextTick(rig: Rig): (ChecksumForm | undefined)[] {
  rig.now = rig.engine.deadline();
  const outputs: readonly Output[] = rig.engine.handle({ kind: 'wake' }, rig.now);
  return outputs.flatMap((output) =>
    output.kind === 'datagrams.send'
      ? output.datagrams.map(({ packet }) => matchingForm(packet, 20, packet.length - 20, 'ipv4'))
      : [],
  );
}

function master(): Rig {
  const rig = new Rig();
  rig.start();
  rig.becomeMaster();
  return rig;
}

describe('another host that claims a VIP', () => {
  test('is reported and counted by a MASTER, with its MAC', () => {
    const rig = master();
    expect(rig.handle({ ...RIVAL, mac: OTHER_MAC })).toEqual([
      'conflict 203.0.113.100 at 02:00:00:00:00:99',
    ]);
    expect(rig.count('address-conflicts')).toBe(1);
    expect(rig.state).toBe('MASTER');
  });

  test('is reported the 1st, 2nd, 4th, 8th time', () => {
    const rig = master();
    const lines = Array.from({ length: 8 }, () => rig.handle({ ...RIVAL, mac: OTHER_MAC })).flat();
    expect(lines).toHaveLength(4);
    expect(rig.count('address-conflicts')).toBe(8);
  });

  test('FR-L7 is no error while the protocol settles who is MASTER', () => {
    const rig = master();
    const settling = () =>
      rig.reports.flatMap((one) => (one.kind === 'address-conflict' ? [one.settling] : []));
    for (let i = 0; i < 3; i++) rig.handle({ ...RIVAL, mac: OTHER_MAC });
    expect(settling()).toEqual([true, true]);
    rig.elapse(seconds(5));
    rig.handle({ ...RIVAL, mac: OTHER_MAC });
    rig.handle({ ...RIVAL, mac: OTHER_MAC });
    expect(settling()).toEqual([true, true, false]);
    rig.hear(advert({ priority: 50 }));
    for (let i = 0; i < 3; i++) rig.handle({ ...RIVAL, mac: OTHER_MAC });
    expect(settling()).toEqual([true, true, false, true]);
  });

  test('is none when the MAC is our own', () => {
    const rig = master();
    expect(rig.handle({ ...RIVAL, mac: OWN_MAC })).toEqual([]);
  });

  test('is the MASTER when this router is BACKUP', () => {
    const rig = new Rig();
    rig.start();
    expect(rig.handle({ ...RIVAL, mac: OTHER_MAC })).toEqual([]);
  });

  test('and was never heard to advertise gets both checksum forms, until it is heard', () => {
    const rig = master();
    expect(formsAtNextTick(rig)).toEqual(['rfc9568']);
    rig.handle({ ...RIVAL, mac: OTHER_MAC });
    expect(formsAtNextTick(rig)).toEqual(['rfc9568', 'pseudo_header']);
    rig.hear(advert({ priority: 50, form: 'pseudo_header' }));
    expect(formsAtNextTick(rig)).toEqual(['pseudo_header']);
  });

  test('gets one form if the form is configured', () => {
    const rig = new Rig([{ checksum: 'rfc9568' }]);
    rig.start();
    rig.becomeMaster();
    rig.handle({ ...RIVAL, mac: OTHER_MAC });
    expect(formsAtNextTick(rig)).toEqual(['rfc9568']);
  });
});

describe('C-06 the checksum form that a peer uses', () => {
  function answerTo(...forms: ChecksumForm[]): (ChecksumForm | undefined)[] {
    const rig = new Rig([{ priority: 200 }]);
    rig.start();
    rig.elapse(seconds(4));
    for (const form of forms) rig.hear(advert({ priority: 50, form }));
    return formsAtNextTick(rig);
  }

  test('is the first that is heard', () => {
    expect(answerTo('pseudo_header')).toEqual(['pseudo_header']);
    expect(answerTo('rfc9568')).toEqual(['rfc9568']);
  });

  test('stays that of the RFC despite a single copy with a pseudo-header', () => {
    expect(answerTo('rfc9568', 'pseudo_header', 'rfc9568', 'pseudo_header')).toEqual(['rfc9568']);
  });

  test('changes after two with a pseudo-header, and back immediately', () => {
    expect(answerTo('rfc9568', 'pseudo_header', 'pseudo_header')).toEqual(['pseudo_header']);
    expect(answerTo('pseudo_header', 'rfc9568')).toEqual(['rfc9568']);
  });
});
