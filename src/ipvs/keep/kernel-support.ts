/** Checks whether this host's kernel supports what `ipvs` of a configuration asks for. */
import type { IpvsSettings } from '../../config/ipvs-settings.ts';
import { IpvsClient } from '../kernel/ipvs-client.ts';
import { readIpvsSysctl } from '../kernel/proc-files.ts';
import { messageOf } from './ipvs-log.ts';

/** One sentence for each missing feature. Asking may make the kernel load its module. */
export function kernelShortcomings(
  settings: IpvsSettings | undefined,
  open: () => Pick<IpvsClient, 'close'> = () => IpvsClient.open(),
  readSysctl: (name: string) => string | undefined = readIpvsSysctl,
): string[] {
  if (settings === undefined) return [];
  try {
    open().close();
  } catch (error) {
    const consequence = settings.required
      ? 'no instance will become MASTER on it ("ipvs.required" is true)'
      : 'VRRP will run without it ("ipvs.required" is false)';
    return [
      `the kernel of this host has no IPVS (${messageOf(error)}), and ${consequence}: ` +
        'try `modprobe ip_vs`; it needs CONFIG_IP_VS',
    ];
  }
  return Object.keys(settings.sysctls)
    .filter((name) => readSysctl(name) === undefined)
    .map((name) => `the kernel of this host has no parameter net.ipv4.vs.${name}`);
}
