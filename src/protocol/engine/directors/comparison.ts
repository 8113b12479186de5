/** Which sections of the configuration differ between this director and another one, as paths of the file. */
import { elapsed, type Instant, seconds } from '../../../net/time.ts';
import type { InstanceSettings } from '../settings.ts';
import { matching } from '../shared-keys.ts';
import { differingKeys } from './own-statement.ts';
import type { DirectorSession } from './session.ts';

/** By then a director has said everything, even when datagrams are lost. */
const SAID_ALL_AFTER = seconds(3);

/** Undefined: not known yet, or not any longer. */
export function differences(
  session: DirectorSession,
  instances: readonly InstanceSettings[],
  services: number,
  now: Instant,
): readonly string[] | undefined {
  if (!session.isUp || elapsed(session.since ?? now, now) < SAID_ALL_AFTER) return undefined;
  const byName = new Map([...session.statements(now)].map((one) => [one.name, one]));
  const all = [...byName.values()];
  const unmatched = new Map(byName);
  const differs: string[] = [];
  for (const settings of instances) {
    const statement = byName.get(settings.name) ?? matching(settings, all);
    const path = `instances.${settings.name}`;
    if (statement === undefined) {
      differs.push(path);
      continue;
    }
    unmatched.delete(statement.name);
    // Its key in the witness goes by the name.
    if (settings.witness === true && statement.name !== settings.name) differs.push(`${path}.name`);
    for (const key of differingKeys(settings, statement)) differs.push(`${path}.${key}`);
  }
  differs.push(...[...unmatched.keys()].map((name) => `instances.${name}`));
  if (session.services !== null && session.services !== services) differs.push('ipvs.services');
  return differs;
}
