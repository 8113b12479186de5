/** The VRF of an instance, and where its routes go. */
import { hashOf } from '../../net/hash.ts';
import type { Vrf } from '../../protocol/engine/settings.ts';
import type { Findings } from '../finding.ts';
import type { HostFacts } from '../host-facts.ts';
import type { Inherited } from './inherit.ts';

/** Without a host, as for a file of another one, each name stands for a table of its own. */
export function lowerVrf(
  { values, at }: Inherited,
  { vrfTable: tableOf = (name) => 256 + (hashOf(name) % 2 ** 31) }: HostFacts,
  findings: Findings,
): Vrf | undefined {
  const { vrf: name, interface: link } = values;
  if (name === undefined) return undefined;
  if (name === link) {
    findings.error(
      at('vrf'),
      'conflict',
      'must be the VRF of "interface", not the interface itself',
    );
  }
  const table = tableOf(name);
  if (table !== undefined) return { name, table };
  const message =
    `there is no VRF "${name}" here: create it (ip link add ${name} up type vrf table NUMBER) and put the ` +
    `interface into it (ip link set ${link ?? 'INTERFACE'} master ${name})`;
  findings.error(at('vrf'), 'conflict', message);
  return undefined;
}
