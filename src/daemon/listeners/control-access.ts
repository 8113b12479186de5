/** Who may use the control socket: the names of the configuration as the numbers of this host. */
import type { ControlSettings } from '../../config/agent-settings.ts';
import type { SocketAccess } from '../../control/socket-file.ts';
import { findGroup } from '../../kernel/permissions/users.ts';

/** `control.group` names a group that this host does not have. */
export class GroupMissing extends Error {
  override readonly name = 'GroupMissing';
  readonly code = 'control-group-missing';

  constructor(group: string) {
    super(
      `this host has no group "${group}", which control.group names: ` +
        `make it with "groupadd --system ${group}", or remove the key`,
    );
  }
}

type Named = Pick<ControlSettings, 'mode' | 'group'>;
type GroupId = (name: string) => number | undefined;

/** Throws `GroupMissing`. */
export function accessOf({ mode, group }: Named, groupId: GroupId = findGroup): SocketAccess {
  if (group === undefined) return { mode };
  const gid = groupId(group);
  if (gid === undefined) throw new GroupMissing(group);
  return { mode, gid };
}

/** For `check`: a sentence if the group is missing here. */
export function groupWarnings(control: Named, groupId: GroupId = findGroup): string[] {
  try {
    accessOf(control, groupId);
    return [];
  } catch (error) {
    return error instanceof GroupMissing ? [error.message] : [];
  }
}
