import { expect, test } from 'vitest';
import type { InstanceSettings } from '../../../src/engine/settings.ts';
import { ip } from '../../../src/net/address.ts';
import type { KernelChange } from '../../../src/net/link.ts';
import { TakeOverRehearsal } from '../../../src/runtime/take-over-rehearsal.ts';
import { instanceOf } from '../../conformance/rig.ts';

function rehearsalFor(...instances: readonly InstanceSettings[]) {
  const changes: KernelChange[] = [];
  const sent: string[][] = [];
  const rehearsal = new TakeOverRehearsal(
    { instances },
    {
      changeAddresses: (batch) => {
        changes.push(...batch);
        return batch.map(() => 0);
      },
    },
    { rehearse: (families) => void sent.push([...families]) },
  );
  return { rehearsal, changes, sent };
}

const IPV4 = instanceOf();
const IPV6 = instanceOf({ family: 'ipv6', addresses: [] });

test('Whatever is rehearsed takes away an address that nobody can have', () => {
  const { rehearsal, changes } = rehearsalFor(IPV4, IPV6);
  rehearsal.whole();
  rehearsal.brief();
  const unusable = [ip('0.0.0.1'), ip('::')];
  expect(changes).toHaveLength(4);
  for (const change of changes) {
    expect(change.operation).toBe('remove');
    expect('address' in change && unusable.includes(change.address)).toBe(true);
  }
});

test('The whole of it sends nothing; the brief one sends in each family once', () => {
  const { rehearsal, sent } = rehearsalFor(IPV4, IPV6, IPV6);
  rehearsal.whole();
  expect(sent).toEqual([]);
  rehearsal.brief();
  rehearsal.brief();
  expect(sent).toEqual([
    ['ipv4', 'ipv6'],
    ['ipv4', 'ipv6'],
  ]);
});

test('Three hundred routers take no more of the kernel than thirty-two', () => {
  const { rehearsal, changes } = rehearsalFor(...Array<InstanceSettings>(300).fill(IPV4));
  rehearsal.whole();
  expect(changes).toHaveLength(32);
});
