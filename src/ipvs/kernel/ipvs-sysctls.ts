/** Parameters of IPVS below /proc/sys/net/ipv4/vs, of the network namespace of the process. */
import { readFileSync, writeFileSync } from 'node:fs';
import { KernelError } from '../../kernel/ffi/kernel-error.ts';
import { EIO } from '../../net/errno.ts';

const DIRECTORY = '/proc/sys/net/ipv4/vs';

/** Numbers apart by single spaces; undefined: this kernel has no such parameter. */
export function readIpvsSysctl(name: string): string | undefined {
  try {
    return readFileSync(`${DIRECTORY}/${name}`, 'ascii').trim().replaceAll(/\s+/g, ' ');
  } catch {
    return undefined;
  }
}

/** Throws `KernelError`. */
export function writeIpvsSysctl(name: string, value: string): void {
  try {
    writeFileSync(`${DIRECTORY}/${name}`, `${value}\n`);
  } catch (cause) {
    const { errno } = cause as NodeJS.ErrnoException;
    throw new KernelError(
      `set net.ipv4.vs.${name} to ${value}`,
      errno === undefined ? EIO : Math.abs(errno),
    );
  }
}
