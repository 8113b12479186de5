/** What tells a state file whether the kernel still has what it names. */
import { readFileSync, readlinkSync } from 'node:fs';

/** Differs after each boot of the host; empty if it is unknown. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'ascii').trim();
  } catch {
    return '';
  }
}

/** The inode number of the network namespace; `0` if it is unknown. */
export function namespaceNumber(): string {
  try {
    return readlinkSync('/proc/self/ns/net').replaceAll(/[^0-9]/g, '');
  } catch {
    return '0';
  }
}
