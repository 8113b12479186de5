/** The kernel as the keepers of IPVS see it; a test puts another one in its place. */
import { runCommand } from '../../kernel/command/command.ts';
import { interfaceIndex } from '../../kernel/ipvs/interface-index.ts';
import { IpvsClient } from '../../kernel/ipvs/ipvs-client.ts';
import { readIpvsSysctl, writeIpvsSysctl } from '../../kernel/ipvs/ipvs-sysctls.ts';
import type { Instant } from '../../net/time.ts';
import { messageOf } from './ipvs-log.ts';
import { openTableWatch } from './open-table-watch.ts';
import { type RunNft, runNft } from './rst-guard.ts';
import { monotonicNow } from './sync-keeper.ts';
import type { SysctlPort } from './sysctl-keeper.ts';

const MODPROBE = '/sbin/modprobe';
const MODPROBE_TIMEOUT_MS = 10_000;

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
  /** Rejects where the kernel has no IPVS. */
  readonly open: () => Promise<IpvsPort>;
  readonly sysctls: SysctlPort;
  readonly interfaceIndex: (name: string) => number | undefined;
  readonly now: () => Instant;
  readonly watch: typeof openTableWatch;
  readonly nft: RunNft;
}

export const IPVS_KERNEL: IpvsKernel = {
  open: openClient,
  sysctls: { read: readIpvsSysctl, write: writeIpvsSysctl },
  interfaceIndex,
  now: monotonicNow,
  watch: openTableWatch,
  nft: runNft,
};

/** The kernel loads the module for whoever asks for the family; `modprobe` is for those that do not. */
async function openClient(): Promise<IpvsClient> {
  try {
    return IpvsClient.open();
  } catch {
    await runCommand({
      argv: [MODPROBE, 'ip_vs'],
      user: undefined,
      timeoutMs: MODPROBE_TIMEOUT_MS,
    });
  }
  try {
    return IpvsClient.open();
  } catch (error) {
    throw new Error(
      `this kernel has no IPVS (${messageOf(error)}): try \`modprobe ip_vs\`; it needs CONFIG_IP_VS`,
    );
  }
}
