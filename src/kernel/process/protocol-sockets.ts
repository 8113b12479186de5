/**
 * Which processes have raw sockets of VRRP (protocol 112) in this network namespace: /proc/net/raw and
 * raw6 list the sockets with their inodes (proc_net(5)), /proc/PID/fd has the same inodes.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

export interface SocketOwner {
  /** Undefined: another user's process, or one of another PID namespace. */
  readonly pid: number | undefined;
  /** Name of its program; undefined as the pid is. */
  readonly program: string | undefined;
}

/** The port column of a raw socket is its protocol: 112 in hexadecimal. */
const VRRP = /:0070$/;
const LOCAL_ADDRESS = 1;
const INODE = 9;

/** Inodes of the raw sockets of protocol 112 in the text of /proc/net/raw or raw6. */
export function vrrpInodes(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const inode = fields[INODE];
    return inode !== undefined && VRRP.test(fields[LOCAL_ADDRESS] ?? '') ? [inode] : [];
  });
}

/**
 * Processes with such a socket, other than this one and other agents; one entry without a pid if there
 * are sockets whose process cannot be found.
 */
export function vrrpPrograms(): SocketOwner[] {
  const own = inodesOf('self');
  const inodes = ['/proc/net/raw', '/proc/net/raw6'].flatMap((file) => vrrpInodes(textOf(file)));
  const missing = new Set(inodes.filter((inode) => !own.has(inode)));
  if (missing.size === 0) return [];
  const found: SocketOwner[] = [];
  for (const entry of readdirSync('/proc')) {
    if (missing.size === 0) break;
    if (!/^[1-9][0-9]*$/.test(entry) || entry === String(process.pid)) continue;
    const held = [...inodesOf(entry)].filter((inode) => missing.delete(inode));
    if (held.length === 0 || isAgent(entry)) continue;
    found.push({ pid: Number(entry), program: programOf(entry) });
  }
  return missing.size === 0 ? found : [...found, ...likelyPrograms()];
}

/** Processes of these names, where the sockets of other processes cannot be seen (CAP_SYS_PTRACE). */
const SPEAKERS: ReadonlySet<string> = new Set(['keepalived', 'vrrpd', 'uvrrpd', 'ucarp']);

function likelyPrograms(): SocketOwner[] {
  const likely = readdirSync('/proc').flatMap((entry) => {
    if (!/^[1-9][0-9]*$/.test(entry)) return [];
    const program = textOf(`/proc/${entry}/comm`).trim();
    return SPEAKERS.has(program) ? [{ pid: Number(entry), program }] : [];
  });
  const [first = { pid: undefined, program: undefined }] = likely;
  return [first];
}

function inodesOf(pid: string): Set<string> {
  const folder = `/proc/${pid}/fd`;
  try {
    return new Set(
      readdirSync(folder).flatMap(
        (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1] ?? [],
      ),
    );
  } catch {
    return new Set();
  }
}

/** The predecessor of a takeover, or the agent beside which `check` runs. */
function isAgent(pid: string): boolean {
  const words = textOf(`/proc/${pid}/cmdline`).split('\0');
  return (
    words.includes('run') && words.some((word) => /(^|\/)(vrrp-agent|cli\/main\.js)$/.test(word))
  );
}

function programOf(pid: string): string | undefined {
  const name = textOf(`/proc/${pid}/comm`).trim();
  return name === '' ? basename(textOf(`/proc/${pid}/cmdline`).split('\0', 1)[0] ?? '') : name;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
