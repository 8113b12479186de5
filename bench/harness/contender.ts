/** Configures and starts both programs with the same routers, as their users would. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { Peer } from '../../src/lab/peers/peer.ts';
import { agentConfig, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../../src/lab/topology/layout.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { addressBits, familyOf, type IpAddress } from '../../src/net/address.ts';
import type { ContenderName } from './row.ts';

export interface RouterSpec {
  readonly vrid: number;
  readonly addresses: readonly IpAddress[];
  /** Overrides the interval of the node. */
  readonly intervalMilliseconds?: number;
  /** Only the BACKUP of the other routers has this one, as its MASTER. */
  readonly aside?: boolean;
}

export interface NodeSpec {
  readonly routers: readonly RouterSpec[];
  readonly priority: number;
  readonly intervalMilliseconds: number;
  readonly version?: 2 | 3;
  readonly password?: string;
  /** Top-level keys for vrrp-agent only. */
  readonly agentKeys?: Readonly<Record<string, unknown>>;
  /** `virtual_mac` of vrrp-agent, `use_vmac` of keepalived. */
  readonly virtualMac?: boolean;
}

/** Resolves once the program has started, before a MASTER is elected. */
export function startContender(
  contender: ContenderName,
  lab: Lab,
  host: LabHost,
  spec: NodeSpec,
): Promise<Peer> {
  return contender === 'vrrp-agent'
    ? startAgent(lab, host, { instances: agentInstances(spec), more: spec.agentKeys ?? {} })
    : startKeepalived(lab, host, spec);
}

/** The text of the configuration file. */
export function configOf(
  contender: ContenderName,
  lab: Lab,
  host: LabHost,
  spec: NodeSpec,
): string {
  return contender === 'vrrp-agent'
    ? agentConfig(lab, host, { instances: agentInstances(spec) })
    : keepalivedConfig(host, spec);
}

function agentInstances(spec: NodeSpec) {
  const { priority, version = 3, password } = spec;
  return spec.routers.map(
    ({ vrid, addresses, intervalMilliseconds = spec.intervalMilliseconds }) => ({
      name: `router-${vrid}`,
      vrid,
      version,
      priority,
      advertisement_interval: `${intervalMilliseconds}ms`,
      addresses: addresses.map((address) => prefixed(address)),
      ...(password === undefined ? {} : { authentication: { type: 'pass' as const, password } }),
      ...(spec.virtualMac === true ? { virtual_mac: true } : {}),
    }),
  );
}

function keepalivedConfig(host: LabHost, spec: NodeSpec): string {
  const { priority, version = 3, password } = spec;
  const secret =
    password === undefined
      ? []
      : ['  authentication {', '    auth_type PASS', `    auth_pass ${password}`, '  }'];
  const place = spec.virtualMac === true ? '' : ` dev ${HOST_INTERFACE}`;
  const instance = (router: RouterSpec) => [
    `vrrp_instance router-${router.vrid} {`,
    '  state BACKUP',
    `  interface ${HOST_INTERFACE}`,
    `  virtual_router_id ${router.vrid}`,
    `  priority ${priority}`,
    `  advert_int ${(router.intervalMilliseconds ?? spec.intervalMilliseconds) / 1_000}`,
    ...secret,
    ...(spec.virtualMac === true ? ['  use_vmac'] : []),
    '  virtual_ipaddress {',
    ...router.addresses.map((address) => `    ${prefixed(address)}${place}`),
    '  }',
    '}',
  ];
  const head = ['global_defs {', `  router_id ${host.name}`, `  vrrp_version ${version}`, '}'];
  return `${[...head, ...spec.routers.flatMap(instance)].join('\n')}\n`;
}

function prefixed(address: IpAddress): string {
  return `${address}/${addressBits(familyOf(address))}`;
}

async function startKeepalived(lab: Lab, host: LabHost, spec: NodeSpec): Promise<Peer> {
  const label = `${host.name}-keepalived`;
  const config = lab.path(`${label}.conf`);
  const pidFile = lab.path(`${label}.pid`);
  const childPidFile = lab.path(`${label}-vrrp.pid`);
  // keepalived does not start if a killed one left its pid files.
  for (const file of [pidFile, childPidFile]) rmSync(file, { force: true });
  writeFileSync(config, keepalivedConfig(host, spec));
  const args = ['-n', '-G', '-P', '-f', config, '-p', pidFile, '-r', childPidFile];
  const process = await lab.spawn(host, 'keepalived', args, { label });
  await waitFor(label, () => existsSync(childPidFile), { unless: process.ended });
  return new Peer(host, [process]);
}
