/** Converts sync groups of the file to settings, and checks them against their members. */
import { isOwner } from '../../net/vrrp.ts';
import type { InstanceSettings, SyncGroupSettings } from '../../protocol/engine/settings.ts';
import type { Findings, Path } from '../finding.ts';
import { SYNC_GROUP_DEFAULTS } from '../schema/defaults.ts';
import type { SyncGroupFile } from '../schema/schema.ts';
import { didYouMean } from '../text/nearest.ts';
import { lowerTrack, type Tracked } from './lower-track.ts';

export function lowerSyncGroups(
  groups: readonly SyncGroupFile[] | undefined,
  instances: readonly InstanceSettings[],
  tracked: Tracked,
  findings: Findings,
): SyncGroupSettings[] {
  const names = new Set<string>();
  const taken = new Map<string, string>();
  return (groups ?? []).map((group, index) => {
    const at = (...keys: (string | number)[]): Path => ['sync_groups', index, ...keys];
    if (names.has(group.name)) {
      findings.error(at('name'), 'conflict', `duplicate name "${group.name}"`);
    }
    names.add(group.name);
    checkMembers(group, instances, taken, at, findings);
    const members = instances.filter(({ name }) => group.instances.includes(name));
    checkOwners(members, at, findings);
    const track = lowerTrack(group.track, {
      at: (...keys) => at('track', ...keys),
      link: undefined,
      tracked,
      findings,
    });
    checkTracks(track, members, at, findings);
    const mode = group.mode ?? SYNC_GROUP_DEFAULTS.mode;
    return { name: group.name, instances: group.instances, mode, track };
  });
}

type At = (...keys: (string | number)[]) => Path;

function checkMembers(
  group: SyncGroupFile,
  instances: readonly InstanceSettings[],
  taken: Map<string, string>,
  at: At,
  findings: Findings,
): void {
  const known = instances.map(({ name }) => name);
  for (const [position, name] of group.instances.entries()) {
    const path = at('instances', position);
    const holder = taken.get(name);
    if (holder !== undefined) {
      findings.error(path, 'conflict', `"${name}" is already a member of "${holder}"`);
    } else if (!known.includes(name)) {
      findings.error(path, 'conflict', `unknown instance "${name}"${didYouMean(name, known)}`);
    }
    taken.set(name, group.name);
  }
}

/** An owner becomes MASTER immediately, when no other member can. */
function checkOwners(members: readonly InstanceSettings[], at: At, findings: Findings): void {
  const owners = members.filter(({ priority }) => isOwner(priority));
  if (owners.length === 0 || owners.length === members.length) return;
  const message = `"${owners[0]?.name}" has priority 255: either all members must have it, or none`;
  findings.error(at('instances'), 'conflict', message);
}

function checkTracks(
  track: SyncGroupSettings['track'],
  members: readonly InstanceSettings[],
  at: At,
  findings: Findings,
): void {
  for (const [index, { name }] of track.entries()) {
    const member = members.find((one) => one.track.some((each) => each.name === name));
    if (member === undefined) continue;
    const message = `"${member.name}" also tracks an object named "${name}": give one another "name"`;
    findings.error(at('track', index), 'conflict', message);
  }
}
