/** What an instance makes of a fault of the interface that carries its advertisements. */
import type { InstanceSettings, VirtualAddress } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import { INSTANCE_DEFAULTS } from '../schema/defaults.ts';
import type { Inherited } from './inherit.ts';

/** `addresses`: as in the file, so with the interface under a virtual link. */
export function lowerOnInterfaceDown(
  inherited: Inherited,
  addresses: readonly VirtualAddress[],
  findings: Findings,
): NonNullable<InstanceSettings['onInterfaceDown']> {
  const { values, at } = inherited;
  const { interface: link = '', on_interface_down: wanted } = values;
  const here = addresses.find((one) => one.interface === link);
  // A VLAN on the link has no carrier without it.
  const apart = addresses.some((one) => !one.interface.startsWith(`${link}.`));
  if (wanted === undefined && here === undefined && apart) {
    findings.warn(at('interface'), trap(link, addresses));
  }
  if (wanted === 'ignore' && here !== undefined) {
    const message =
      `${here.address} is on ${link}, which "on_interface_down" ignores: while ${link} is down this ` +
      'router becomes or stays MASTER, although no client reaches the address here';
    findings.warn(at('on_interface_down'), message);
  }
  return wanted ?? INSTANCE_DEFAULTS.on_interface_down;
}

/** A peer that is switched off takes the carrier of a direct cable with it. */
function trap(link: string, addresses: readonly VirtualAddress[]): string {
  const others = [...new Set(addresses.map((one) => one.interface))].join(', ');
  return (
    `${link} carries the advertisements and none of the addresses, which are on ${others}, but without ` +
    `${link} this router is in FAULT. On a cable between two directors, one that is switched off takes ` +
    'the carrier away, and no director serves: write "on_interface_down: ignore" on both ' +
    '("fault" if this is intended)'
  );
}
