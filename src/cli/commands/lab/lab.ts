/** `vrrp-agent lab`: directors and a client in network namespaces, for experiments. */
import type { Command } from 'commander';
import { LabError } from '../../../lab/command.ts';
import { type AgentInstance, startAgent } from '../../../lab/peers/vrrp-agent.ts';
import { Lab } from '../../../lab/topology/lab.ts';
import {
  HOST_INTERFACE,
  type LabHost,
  labLayout,
  virtualAddress,
} from '../../../lab/topology/layout.ts';
import { isRunning } from '../../../lab/topology/processes.ts';
import { knownPrefixes, readState } from '../../../lab/topology/state.ts';
import { tearDown, tearDownAll } from '../../../lab/topology/tear-down.ts';
import type { CliContext } from '../../terminal/context.ts';
import { reporting } from './lab-ending.ts';
import { registerRun } from './lab-run.ts';
import { registerSoak } from './lab-soak.ts';

const DEFAULT_PREFIX = 'vrrp';

interface UpOptions {
  readonly prefix: string;
  readonly directors: string;
  readonly interval: string;
  readonly start?: boolean;
}

export function register(program: Command, context: CliContext): void {
  const lab = program
    .command('lab')
    .description('Build and run labs: directors and a client in network namespaces. Needs root.');
  lab
    .command('up')
    .summary('create a lab')
    .description('Create a lab and print its parts and commands to try.')
    .option('--prefix <prefix>', 'prefix of the names of its namespaces', DEFAULT_PREFIX)
    .option('--directors <count>', 'number of directors', '2')
    .option('--start', 'run an agent on every director')
    .option('--interval <duration>', 'advertisement interval of the agents', '1s')
    .action((options: UpOptions) => reporting(context, () => up(context, options)));
  lab
    .command('down')
    .summary('remove a lab')
    .description('Remove a lab and everything that runs in it.')
    .argument('[prefix]', 'prefix of the lab', DEFAULT_PREFIX)
    .option('--all', 'remove every lab on this host')
    .action((prefix: string, options: { all?: boolean }) =>
      reporting(context, () => down(context, prefix, options.all === true)),
    );
  lab
    .command('list')
    .summary('list the labs on this host')
    .description('List the labs on this host.')
    .action(() => reporting(context, () => list(context)));
  registerRun(lab, context);
  registerSoak(lab, context);
}

async function up(context: CliContext, options: UpOptions): Promise<void> {
  const { prefix } = options;
  const lab = await Lab.up({ prefix, directors: Number(options.directors) });
  try {
    if (options.start === true) await startAgents(lab, options.interval);
  } catch (error) {
    await lab.down();
    throw error;
  }
  lab.release();
  context.stdout(`${describe(lab, options.start === true)}\n`);
}

async function startAgents(lab: Lab, interval: string): Promise<void> {
  await Promise.all(
    lab.layout.directors.map(async (director, at) => {
      const instance: AgentInstance = {
        priority: 150 - at * 10,
        advertisement_interval: interval,
        addresses: [`${virtualAddress(0)}/32`],
      };
      await startAgent(lab, director, { instances: [instance] });
    }),
  );
}

async function down(context: CliContext, prefix: string, all: boolean): Promise<void> {
  if (!all) {
    if (!(await tearDown(prefix))) throw new LabError('lab-unknown', `no lab '${prefix}'`);
    context.stdout(`removed: ${prefix}\n`);
    return;
  }
  const removed = await tearDownAll();
  context.stdout(removed.length === 0 ? 'no labs\n' : `removed: ${removed.join(', ')}\n`);
}

async function list(context: CliContext): Promise<void> {
  for (const prefix of knownPrefixes()) {
    const state = readState(prefix);
    if (state === undefined) continue;
    const { directors } = labLayout(prefix, state.directorCount);
    const running = state.processes.filter(isRunning).map(({ label }) => label);
    const hosts = directors.map(({ name }) => name).join(' ');
    context.stdout(`${prefix}  ${hosts}  ${running.join(' ') || 'nothing runs'}\n`);
  }
}

function describe(lab: Lab, started: boolean): string {
  const { prefix, directors, client, switchNamespace } = lab.layout;
  const row = ({ namespace, address }: LabHost) => `  ${namespace.padEnd(28)} ${address}`;
  const first = lab.director(1);
  const commands = started
    ? agentCommands(lab, first)
    : [`ip netns exec ${first.namespace} vrrp-agent run --config FILE`];
  return [
    `lab '${prefix}': every host has ${HOST_INTERFACE} on one segment`,
    ...[...directors, client].map(row),
    `  ${switchNamespace.padEnd(28)} ports ${directors.map(({ name }) => name).join(', ')}, client`,
    '',
    'try:',
    ...[
      ...commands,
      `ip -n ${switchNamespace} link set ${first.name} down    # cut off ${first.name}; 'up' again`,
      `ip netns exec ${switchNamespace} tcpdump -n -i bridge proto 112 or arp`,
      `vrrp-agent lab down ${prefix}`,
    ].map((line) => `  ${line}`),
  ].join('\n');
}

function agentCommands(lab: Lab, first: LabHost): string[] {
  const sockets = lab.layout.directors.map(({ name }) => lab.path(`${name}.sock`));
  return [
    `ip netns exec ${lab.client.namespace} ping -i 0.1 ${virtualAddress(0)}`,
    ...sockets.map((socket) => `vrrp-agent status --socket ${socket}`),
    `vrrp-agent failover --all --socket ${lab.path(`${first.name}.sock`)}`,
  ];
}
