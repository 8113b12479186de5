/** keepalived on a director, configured as its users do (keepalived.conf(5)). */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { addressBits, familyOf, type IpAddress } from '../../net/address.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';
import { Peer } from './peer.ts';

export interface KeepalivedOptions {
  /** Name of the instance; default: `web`. */
  readonly name?: string;
  readonly addresses: readonly IpAddress[];
  readonly vrid?: number;
  readonly version?: 2 | 3;
  readonly priority?: number;
  /** Whole seconds in version 2, multiples of 0.01 in version 3. */
  readonly intervalSeconds?: number;
  /** Initial state; `nopreempt` needs BACKUP. */
  readonly state?: 'MASTER' | 'BACKUP';
  readonly nopreempt?: boolean;
  /** PASS, in version 2 only. */
  readonly password?: string;
  readonly unicastPeers?: readonly IpAddress[];
  /** Default: the IPv4 address of the host. */
  readonly unicastSource?: IpAddress;
  /** `use_vmac`: a macvlan link with the virtual MAC carries the addresses. */
  readonly virtualMac?: boolean;
  /** Logs to a file; keepalived logs synchronously, which slows it down. */
  readonly log?: boolean;
  /** Further instances, of the same version. */
  readonly more?: readonly KeepalivedOptions[];
}

export function keepalivedConfig(host: LabHost, options: KeepalivedOptions): string {
  const lines = [
    `global_defs {`,
    `  router_id ${host.name}`,
    `  vrrp_version ${options.version ?? 3}`,
    `}`,
    ...[options, ...(options.more ?? [])].flatMap((one) => instanceLines(host, one)),
  ];
  return `${lines.join('\n')}\n`;
}

function instanceLines(host: LabHost, options: KeepalivedOptions): string[] {
  const { name = 'web', vrid = 55, priority = 100, intervalSeconds = 1 } = options;
  const password = options.password;
  const peers = options.unicastPeers ?? [];
  const place = options.virtualMac === true ? '' : ` dev ${HOST_INTERFACE}`;
  return [
    `vrrp_instance ${name} {`,
    `  state ${options.state ?? 'BACKUP'}`,
    `  interface ${HOST_INTERFACE}`,
    `  virtual_router_id ${vrid}`,
    `  priority ${priority}`,
    `  advert_int ${intervalSeconds}`,
    ...(options.virtualMac === true ? ['  use_vmac'] : []),
    ...(options.nopreempt === true ? ['  nopreempt'] : []),
    ...(password === undefined ? [] : authentication(password)),
    ...(peers.length === 0 ? [] : unicast(options.unicastSource ?? host.address, peers)),
    `  virtual_ipaddress {`,
    ...options.addresses.map((address) => `    ${prefixed(address)}${place}`),
    `  }`,
    `}`,
  ];
}

/** Its configuration file, which it reads again on SIGHUP. */
export function keepalivedFile(lab: Lab, host: LabHost): string {
  return lab.path(`${host.name}-keepalived.conf`);
}

/** /proc/net/raw: the port of a raw socket is its protocol, 112. */
const VRRP_SOCKET = /:0070 /;

class KeepalivedPeer extends Peer {
  readonly #lab: Lab;

  constructor(lab: Lab, host: LabHost, process: LabProcess) {
    super(host, [process]);
    this.#lab = lab;
  }

  override async ready(): Promise<void> {
    await waitFor(`${this.host.name} listens`, async () =>
      VRRP_SOCKET.test(await this.#lab.run(this.host, 'cat', ['/proc/net/raw', '/proc/net/raw6'])),
    );
  }
}

/** Resolves once the VRRP child has started. */
export async function startKeepalived(
  lab: Lab,
  host: LabHost,
  options: KeepalivedOptions,
): Promise<Peer> {
  const label = `${host.name}-keepalived`;
  const config = keepalivedFile(lab, host);
  const running = lab.path(`${label}.pid`);
  const ready = lab.path(`${label}-vrrp.pid`);
  // A killed keepalived leaves its pid files, and a new one does not start if the pid is in use.
  for (const file of [running, ready]) rmSync(file, { force: true });
  writeFileSync(config, keepalivedConfig(host, options));
  const logging = options.log === true ? ['-l', '-D'] : [];
  const files = ['-f', config, '-p', running, '-r', ready];
  const process = await lab.spawn(host, 'keepalived', ['-n', '-G', '-P', ...logging, ...files], {
    label,
    log: options.log === true,
  });
  await waitFor(label, () => existsSync(ready), { unless: process.ended });
  return new KeepalivedPeer(lab, host, process);
}

function prefixed(address: IpAddress): string {
  return `${address}/${addressBits(familyOf(address))}`;
}

function authentication(password: string): string[] {
  return ['  authentication {', '    auth_type PASS', `    auth_pass ${password}`, '  }'];
}

function unicast(source: IpAddress, peers: readonly IpAddress[]): string[] {
  const list = peers.map((peer) => `    ${peer}`);
  return [`  unicast_src_ip ${source}`, '  unicast_peer {', ...list, '  }'];
}
