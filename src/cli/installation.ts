/** How the agent is installed on this host, so that messages name the commands that work here. */
import { existsSync, statSync } from 'node:fs';
import { PASSWD_BYTES_MAX, readStart } from '../files/regular-file.ts';

/** Made by systemd as the init system of the host, see sd_booted(3). */
const SYSTEMD_RUNS = '/run/systemd/system';

export const UNIT = 'vrrp-agent.service';

const UNIT_FOLDERS = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** Made by Docker and by Podman in every container. */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/** `unit`: systemd runs the agent. `systemd`: it could, but has no unit of the agent. */
export type Installation = 'unit' | 'systemd' | 'container' | 'plain';

/** `exists` looks for a path. */
export function installationHere(exists: (path: string) => boolean = existsSync): Installation {
  if (exists(SYSTEMD_RUNS)) {
    return UNIT_FOLDERS.some((folder) => exists(`${folder}/${UNIT}`)) ? 'unit' : 'systemd';
  }
  return CONTAINER_MARKS.some(exists) ? 'container' : 'plain';
}

/** What to do if no agent answers. */
export function startAdvice(installation: Installation): string {
  if (installation === 'unit') {
    return `Start it with \`systemctl start ${UNIT}\`; \`vrrp-agent logs\` shows why it ended.`;
  }
  return 'Is it running? Start it with `vrrp-agent run --config FILE`, or name its socket with --socket.';
}

/** What to do if this user may not use the socket. */
export function accessAdvice(socket: string): string {
  const group = groupOf(socket);
  if (group === undefined || group === 'root') {
    return 'Run this as root, or name a group of operators in `control.group` of the configuration.';
  }
  return `Run this as root, or as a member of the group ${group} (\`adduser USER ${group}\`, then log in again).`;
}

/** Name of the group of the socket; undefined if it cannot be found. */
function groupOf(socket: string): string | undefined {
  try {
    const { gid } = statSync(socket);
    const lines = readStart('/etc/group', PASSWD_BYTES_MAX).toString('utf8').split('\n');
    return lines.map((line) => line.split(':')).find((fields) => fields[2] === String(gid))?.[0];
  } catch {
    return undefined;
  }
}
