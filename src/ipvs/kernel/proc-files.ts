/**
 * Files below /proc of IPVS in the network namespace of the process: parameters and connections; and the
 * modules of the kernel.
 */
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { KernelError } from '../../kernel/ffi/kernel-error.ts';
import { EIO } from '../../net/errno.ts';

const SYSCTL_DIRECTORY = '/proc/sys/net/ipv4/vs';
const CONNECTIONS = '/proc/net/ip_vs_conn_sync';
const CHUNK = 256 * 1024;

/** Numbers separated by single spaces; undefined: this kernel has no such parameter. */
export function readIpvsSysctl(name: string): string | undefined {
  try {
    return readFileSync(`${SYSCTL_DIRECTORY}/${name}`, 'ascii').trim().replaceAll(/\s+/g, ' ');
  } catch {
    return undefined;
  }
}

/** Throws `KernelError`. */
export function writeIpvsSysctl(name: string, value: string): void {
  try {
    writeFileSync(`${SYSCTL_DIRECTORY}/${name}`, `${value}\n`);
  } catch (cause) {
    const { errno } = cause as NodeJS.ErrnoException;
    throw new KernelError(
      `set net.ipv4.vs.${name} to ${value}`,
      errno === undefined ? EIO : Math.abs(errno),
    );
  }
}

/**
 * Lines of the connection table, a chunk at a time; the thread can do other work between two chunks.
 * Throws ENOENT if the kernel has no IPVS.
 */
export async function* connectionLines(file = CONNECTIONS): AsyncGenerator<readonly string[]> {
  let rest = '';
  const stream = createReadStream(file, { encoding: 'latin1', highWaterMark: CHUNK });
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}

/** True if the running kernel certainly has no such module; false where its modules cannot be seen. */
export function lacksModule(name: string, directory = `/lib/modules/${release()}`): boolean {
  try {
    const lists = ['modules.dep', 'modules.builtin'].map((file) =>
      readFileSync(`${directory}/${file}`, 'latin1'),
    );
    return !existsSync(`/sys/module/${name}`) && !lists.join('\n').includes(`/${name}.ko`);
  } catch {
    return false;
  }
}
