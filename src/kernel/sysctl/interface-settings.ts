/** Settings of an interface below /proc/sys/net (ip-sysctl.rst), in the caller's network namespace. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Family } from '../../net/address.ts';
import { EIO } from '../../net/errno.ts';
import { KernelError } from '../ffi/kernel-error.ts';
import type { InterfaceSettingsPort } from '../ports.ts';

export class InterfaceSettings implements InterfaceSettingsPort {
  /** `link` is the name of an interface, `all` or `default`. Undefined if there is no such setting. */
  read(family: Family, link: string, key: string): number | undefined {
    try {
      const value = Number.parseInt(readFileSync(pathOf(family, link, key), 'ascii'), 10);
      return Number.isNaN(value) ? undefined : value;
    } catch {
      return undefined;
    }
  }

  /** Writes only if the value differs: a read-only /proc/sys may be correct. Throws `KernelError`. */
  ensure(family: Family, link: string, key: string, value: number): void {
    if (this.read(family, link, key) === value) return;
    try {
      writeFileSync(pathOf(family, link, key), `${value}\n`);
    } catch (cause) {
      const errno = (cause as NodeJS.ErrnoException).errno;
      throw new KernelError(
        `set net.${family}.conf.${link}.${key} to ${value}`,
        errno === undefined ? EIO : Math.abs(errno),
      );
    }
  }
}

function pathOf(family: Family, link: string, key: string): string {
  return `/proc/sys/net/${family}/conf/${link}/${key}`;
}
