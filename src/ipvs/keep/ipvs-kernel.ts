/** The kernel's side of the IPVS keepers; tests replace it. */
import { runCommand } from '../../kernel/command/command.ts';
import { libc } from '../../kernel/ffi/libc.ts';
import { NftTable } from '../../kernel/nftables/nft-table.ts';
import type { Instant } from '../../net/time.ts';
import { IpvsClient } from '../kernel/ipvs-client.ts';
import { readIpvsSysctl, writeIpvsSysctl } from '../kernel/proc-files.ts';
import { openTableWatch } from '../table/open-table-watch.ts';
import { messageOf, monotonicNow } from './ipvs-log.ts';
import type { OpenGuardTable } from './rst-guard.ts';
import type { SysctlPort } from './sysctl-keeper.ts';

const MODPROBE = '/sbin/modprobe';
const MODPROBE_TIMEOUT_MS = 10_000;
/** Shortest time between two attempts to load the module, doubled each time. */
const FIRST_PAUSE_MS = 4_000;
const LONGEST_PAUSE_MS = 60_000;

export type IpvsPort = Pick<
  IpvsClient,
  | 'info'
  | 'timeouts'
  | 'setTimeouts'
  | 'services'
  | 'servers'
  | 'daemons'
  | 'change'
  | 'startDaemon'
  | 'stopDaemon'
  | 'close'
>;

export interface IpvsKernel {
  /** Rejects if the kernel has no IPVS. */
  readonly open: () => Promise<IpvsPort>;
  readonly sysctls: SysctlPort;
  /** Undefined: there is no such interface. */
  readonly interfaceIndex: (name: string) => number | undefined;
  readonly now: () => Instant;
  readonly watch: typeof openTableWatch;
  readonly guardTable: OpenGuardTable;
}

export const IPVS_KERNEL: IpvsKernel = {
  open: openerOf(
    () => IpvsClient.open(),
    loadModule,
    () => performance.now(),
  ),
  sysctls: { read: readIpvsSysctl, write: writeIpvsSysctl },
  interfaceIndex: (name) => libc().if_nametoindex(name) || undefined,
  now: monotonicNow,
  watch: openTableWatch,
  guardTable: (name, events) => new NftTable(name, events),
};

/**
 * Most kernels load the module when its netlink family is requested; `modprobe` is for the others. Every
 * call asks the kernel, but `load` starts a process and is called less and less often.
 */
export function openerOf<Client>(
  open: () => Client,
  load: () => Promise<unknown>,
  now: () => number,
): () => Promise<Client> {
  let loadAt = Number.NEGATIVE_INFINITY;
  let pause = FIRST_PAUSE_MS;
  return async () => {
    try {
      return open();
    } catch (error) {
      if (now() < loadAt) throw unavailable(error);
    }
    await load();
    loadAt = now() + pause;
    pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    try {
      return open();
    } catch (error) {
      throw unavailable(error);
    }
  };
}

function loadModule(): Promise<unknown> {
  const argv = [MODPROBE, 'ip_vs'];
  return runCommand({ argv, user: undefined, timeoutMs: MODPROBE_TIMEOUT_MS });
}

function unavailable(error: unknown): Error {
  return new Error(
    `this kernel has no IPVS (${messageOf(error)}): try \`modprobe ip_vs\`; it needs CONFIG_IP_VS`,
  );
}
