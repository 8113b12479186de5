/** keepalived on a director, configured as its users do (keepalived.conf(5)). */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  /** `virtual_ipaddress_excluded`: moved, but not advertised. */
  readonly excluded?: readonly IpAddress[];
  /** Further lines of the instance. */
  readonly lines?: readonly string[];
  /** Further lines of `global_defs`. */
  readonly globals?: readonly string[];
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
    ...(options.globals ?? []).map((line) => `  ${line}`),
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
    ...excludedLines(options.excluded ?? [], place),
    ...(options.lines ?? []).map((line) => `  ${line}`),
    `}`,
  ];
}

/** Its configuration file, which it reads again on SIGHUP. */
export function keepalivedFile(lab: Lab, host: LabHost): string {
  return lab.path(`${host.name}-keepalived.conf`);
}

/** /proc/net/raw: the port of a raw socket is its protocol, 112. */
const VRRP_SOCKET = /:0070 /;

export class KeepalivedPeer extends Peer {
  readonly #lab: Lab;

  constructor(lab: Lab, host: LabHost, process: LabProcess) {
    super(host, [process]);
    this.#lab = lab;
  }

  /** The errors that it has counted, by the words of its statistics; without those that are 0. */
  async errors(): Promise<Record<string, number>> {
    const file = `${temporaryDirectory(this.#lab, this.host)}/keepalived.stats`;
    rmSync(file, { force: true });
    this.signal('SIGUSR2');
    const text = await waitFor(file, () => {
      const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
      return /Priority Zero:\s+Received: \d+\s+Sent: \d+\n/.test(written) && written;
    });
    return errorsIn(text);
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
): Promise<KeepalivedPeer> {
  const label = `${host.name}-keepalived`;
  const config = keepalivedFile(lab, host);
  const running = lab.path(`${label}.pid`);
  const ready = lab.path(`${label}-vrrp.pid`);
  // A killed keepalived leaves its pid files, and a new one does not start if the pid is in use.
  for (const file of [running, ready]) rmSync(file, { force: true });
  writeFileSync(config, keepalivedConfig(host, options));
  const logging = options.log === true ? ['-l', '-D'] : [];
  const files = ['-f', config, '-p', running, '-r', ready];
  const directory = temporaryDirectory(lab, host);
  mkdirSync(directory, { recursive: true });
  const command = [`TMPDIR=${directory}`, 'keepalived', '-n', '-G', '-P', ...logging, ...files];
  const process = await lab.spawn(host, 'env', command, { label, log: options.log === true });
  await waitFor(label, () => existsSync(ready), { unless: process.ended });
  return new KeepalivedPeer(lab, host, process);
}

/** Where it writes its statistics; by default, all keepalived processes of a host share one file. */
function temporaryDirectory(lab: Lab, host: LabHost): string {
  return lab.path(`${host.name}-keepalived`);
}

/** Lines with a number below `Packet Errors:` and `Authentication Errors:`. */
function errorsIn(statistics: string): Record<string, number> {
  const errors: Record<string, number> = {};
  let section = '';
  for (const line of statistics.split('\n')) {
    const [, name = '', count = ''] = /^\s+([^:]+):\s*(\d*)$/.exec(line) ?? [];
    if (count === '') section = name;
    else if (section.endsWith('Errors') && count !== '0') {
      errors[`${section}: ${name}`] = (errors[`${section}: ${name}`] ?? 0) + Number(count);
    }
  }
  return errors;
}

function excludedLines(addresses: readonly IpAddress[], place: string): string[] {
  if (addresses.length === 0) return [];
  const list = addresses.map((address) => `    ${prefixed(address)}${place}`);
  return ['  virtual_ipaddress_excluded {', ...list, '  }'];
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
