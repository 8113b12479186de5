/** Checks whether this host can do what `ipvs` of a configuration asks for. */
import { release } from 'node:os';
import { type IpvsSettings, loopAdvice } from '../../config/ipvs-settings.ts';
import { hostInterfaces } from '../../kernel/process/host-interfaces.ts';
import { type IpAddress, parseIp } from '../../net/address.ts';
import { mayLoop } from '../../net/ipvs.ts';
import { IpvsClient } from '../kernel/ipvs-client.ts';
import { lacksModule, readIpvsSysctl } from '../kernel/proc-files.ts';
import { messageOf } from './ipvs-log.ts';

interface Host {
  readonly open: () => Pick<IpvsClient, 'close'>;
  readonly readSysctl: (name: string) => string | undefined;
  readonly addresses: () => readonly IpAddress[];
  /** True if the running kernel certainly has no module of this name. */
  readonly lacksModule: (name: string) => boolean;
}

const THIS_HOST: Host = {
  open: () => IpvsClient.open(),
  readSysctl: readIpvsSysctl,
  addresses: ownAddresses,
  lacksModule,
};

/**
 * One sentence for each thing that is missing, or set so that it does harm. Asking may make the kernel
 * load its module.
 */
export function kernelShortcomings(
  settings: IpvsSettings | undefined,
  host: Partial<Host> = {},
): string[] {
  if (settings === undefined) return [];
  const { open, readSysctl, addresses, lacksModule: lacks } = { ...THIS_HOST, ...host };
  const loops = loopsOn(settings, addresses());
  try {
    open().close();
  } catch (error) {
    const consequence = settings.required
      ? 'no instance will become MASTER on it ("ipvs.required" is true)'
      : 'VRRP will run without it ("ipvs.required" is false)';
    return [
      `the kernel of this host has no IPVS (${messageOf(error)}), and ${consequence}: ` +
        'try `modprobe ip_vs`; it needs CONFIG_IP_VS',
      ...loops,
    ];
  }
  const unknown = Object.keys(settings.sysctls)
    .filter((name) => readSysctl(name) === undefined)
    .map((name) => `the kernel of this host has no parameter net.ipv4.vs.${name}`);
  return [
    ...unknown,
    ...schedulersWithout(settings, lacks),
    ...foreignBackupOnly(settings, readSysctl),
    ...loops,
  ];
}

function schedulersWithout({ services }: IpvsSettings, lacks: Host['lacksModule']): string[] {
  const used = new Set(services.map(({ service }) => service.scheduler));
  return [...used]
    .filter((scheduler) => lacks(`ip_vs_${scheduler}`))
    .map(
      (scheduler) =>
        `the kernel of this host (${release()}) has no module ip_vs_${scheduler}: it refuses services with ` +
        `"scheduler: ${scheduler}"`,
    );
}

/** The configuration has `backup_only` beside `mode: both` refused; another program may have set it. */
function foreignBackupOnly(
  { sync, sysctls }: IpvsSettings,
  readSysctl: Host['readSysctl'],
): string[] {
  if (sync?.mode !== 'both' || sysctls['backup_only'] !== undefined) return [];
  if (readSysctl('backup_only') !== '1') return [];
  return [
    'net.ipv4.vs.backup_only of this host is 1: with "mode: both" it balances nothing. Set it to 0 with ' +
      '"sysctl: { backup_only: 0 }"',
  ];
}

function loopsOn({ services, sysctls }: IpvsSettings, own: readonly IpAddress[]): string[] {
  if (sysctls['backup_only'] === '1') return [];
  const server = services
    .flatMap(({ servers }) => servers)
    .find((one) => mayLoop(one) && own.includes(one.address));
  return server === undefined ? [] : [loopAdvice(server, 'an address of this host')];
}

/** A loopback address is a server on each director, and no packet reaches it from another one. */
function ownAddresses(): IpAddress[] {
  return Object.values(hostInterfaces() ?? {})
    .flatMap((rows) => rows ?? [])
    .filter(({ internal }) => !internal)
    .flatMap(({ address }) => parseIp(address) ?? []);
}
