/**
 * FRRouting's vrrpd on a director, with the zebra it needs. vrrpd does not add addresses: it sets a
 * macvlan link up and down that already has the virtual MAC and the virtual addresses.
 */
import { familyOf, type IpAddress } from '../../net/address.ts';
import { virtualMac } from '../../net/vrrp.ts';
import { ipBatch, run } from '../command.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';
import { startDaemons, vtysh } from './frr-daemons.ts';
import { Peer } from './peer.ts';

export interface FrrOptions {
  readonly addresses: readonly IpAddress[];
  readonly vrid?: number;
  readonly version?: 2 | 3;
  readonly priority?: number;
  /** Multiples of 10, of 1000 in version 2. */
  readonly intervalMilliseconds?: number;
  readonly preempt?: boolean;
}

/**
 * A director whose macvlan is down must not answer ARP for its address on the other link, as Linux
 * does by default (arp_ignore in the kernel's ip-sysctl.rst).
 */
const SYSCTLS = ['net.ipv4.conf.all.arp_ignore=1', 'net.ipv4.conf.all.arp_announce=2'];

export function vrrpdConfig(options: FrrOptions): string {
  const { vrid = 55, version = 3, priority = 100, intervalMilliseconds = 1_000 } = options;
  const lines = [
    `interface ${HOST_INTERFACE}`,
    ` vrrp ${vrid} version ${version}`,
    ` vrrp ${vrid} priority ${priority}`,
    ` vrrp ${vrid} advertisement-interval ${intervalMilliseconds}`,
    ...(options.preempt === false ? [` no vrrp ${vrid} preempt`] : []),
    ...options.addresses.map((address) => ` vrrp ${vrid} ${keywordOf(address)} ${address}`),
  ];
  return `${lines.join('\n')}\n`;
}

interface FrrRouter {
  readonly status?: string;
  readonly addresses?: readonly string[];
}

class FrrPeer extends Peer {
  readonly #lab: Lab;

  constructor(lab: Lab, host: LabHost, processes: readonly LabProcess[]) {
    super(host, processes);
    this.#lab = lab;
  }

  override async ready(): Promise<void> {
    await waitFor(`${this.host.name} Backup or Master`, async () => {
      const state = await frrState(this.#lab, this.host);
      return state === 'Backup' || state === 'Master';
    });
  }
}

export async function startFrr(lab: Lab, host: LabHost, options: FrrOptions): Promise<Peer> {
  const vrid = options.vrid ?? 55;
  await makeMacvlan(lab, host, vrid, options.addresses);
  const processes = await startDaemons(lab, host, {
    zebra: `hostname ${host.name}\n`,
    vrrpd: vrrpdConfig(options),
  });
  return new FrrPeer(lab, host, processes);
}

/** `Initialize`, `Backup` or `Master`: vrrpd's state for the family that has addresses. */
export async function frrState(lab: Lab, host: LabHost): Promise<string | undefined> {
  const text = await vtysh(lab, host, 'vrrpd', 'show vrrp json');
  const [router] = JSON.parse(text) as { v4?: FrrRouter; v6?: FrrRouter }[];
  const used = [router?.v4, router?.v6].find((one) => (one?.addresses?.length ?? 0) > 0);
  return used?.status;
}

function keywordOf(address: IpAddress): 'ip' | 'ipv6' {
  return familyOf(address) === 'ipv4' ? 'ip' : 'ipv6';
}

/** vrrpd finds the link by its MAC; the name does not matter. */
async function makeMacvlan(
  lab: Lab,
  host: LabHost,
  vrid: number,
  addresses: readonly IpAddress[],
): Promise<void> {
  const family = addresses[0] === undefined ? 'ipv4' : familyOf(addresses[0]);
  const name = `vrrp${family === 'ipv4' ? 4 : 6}-${vrid}`;
  await lab.run(host, 'sysctl', ['-q', '-w', ...SYSCTLS]);
  const links = await run('ip', [
    '-n',
    host.namespace,
    '-brief',
    'link',
    'show',
    'type',
    'macvlan',
  ]);
  if (links.includes(name)) return;
  const mac = virtualMac(family, vrid);
  await ipBatch(
    [`link add ${name} link ${HOST_INTERFACE} address ${mac} type macvlan mode bridge`],
    host.namespace,
  );
  await ipBatch(
    addresses.map((address) => `addr add ${prefixed(address)} dev ${name}`),
    host.namespace,
  );
  if (family === 'ipv6') await addOwnLinkLocal(lab, host, name);
  await ipBatch([`link set ${name} up`], host.namespace);
}

/**
 * vrrpd advertises from the first link-local address of the macvlan, which is the last one added. An
 * address derived from the virtual MAC would be the same on all routers.
 */
async function addOwnLinkLocal(lab: Lab, host: LabHost, name: string): Promise<void> {
  await lab.run(host, 'sysctl', ['-q', '-w', `net.ipv6.conf.${name}.addr_gen_mode=1`]);
  await ipBatch([`addr add ${host.linkLocal}/64 dev ${name} nodad`], host.namespace);
}

function prefixed(address: IpAddress): string {
  return familyOf(address) === 'ipv4' ? `${address}/32` : `${address}/128 nodad`;
}
