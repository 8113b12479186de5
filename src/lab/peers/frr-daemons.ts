/** Starts daemons of FRRouting on a host of the lab, each with its configuration, and asks them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { run } from '../command.ts';
import type { Lab } from '../topology/lab.ts';
import type { LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';

/** Debian's frr package installs its daemons outside the search path. */
const DAEMONS = '/usr/lib/frr';

/** In the order of `configurations`: each waits until the one before answers. */
export async function startDaemons(
  lab: Lab,
  host: LabHost,
  configurations: Readonly<Record<string, string>>,
): Promise<LabProcess[]> {
  const directory = await ownDirectory(lab, host);
  const processes: LabProcess[] = [];
  for (const [daemon, text] of Object.entries(configurations)) {
    writeFileSync(`${directory}/${daemon}.conf`, text);
    const process = await lab.spawn(
      host,
      `${DAEMONS}/${daemon}`,
      daemonArguments(directory, daemon),
      { label: `${host.name}-${daemon}`, log: true },
    );
    await waitFor(daemon, () => answers(lab, host, daemon), { unless: process.ended });
    processes.push(process);
  }
  return processes;
}

export function vtysh(lab: Lab, host: LabHost, daemon: string, command: string): Promise<string> {
  const directory = lab.path(`${host.name}-frr`);
  return lab.run(host, 'vtysh', ['--vty_socket', directory, '-d', daemon, '-c', command]);
}

function daemonArguments(directory: string, daemon: string): string[] {
  const control = daemon === 'bfdd' ? ['--bfdctl', `${directory}/bfdd.sock`] : [];
  return [
    ...['-u', 'frr', '-g', 'frr', '-A', '127.0.0.1', '-P', '0', '--vty_socket', directory],
    ...['-f', `${directory}/${daemon}.conf`, '-i', `${directory}/${daemon}.pid`],
    ...['-z', `${directory}/zserv.api`, ...control],
  ];
}

/** The daemons drop root privileges, then create sockets and pid files here. */
async function ownDirectory(lab: Lab, host: LabHost): Promise<string> {
  const directory = lab.path(`${host.name}-frr`);
  mkdirSync(directory, { recursive: true });
  await run('chown', ['frr:frr', directory]);
  return directory;
}

async function answers(lab: Lab, host: LabHost, daemon: string): Promise<boolean> {
  try {
    await vtysh(lab, host, daemon, 'show version');
    return true;
  } catch {
    return false;
  }
}
