/** The commands of the program. A module is loaded only when its command is called. */
import type { Command } from 'commander';
import type { CliContext } from './terminal/context.ts';

export interface CommandModule {
  register(program: Command, context: CliContext): void;
}

/** Headings of the list of commands, in its order. */
export type CommandGroup = 'The agent:' | 'Operation:' | 'Load balancer:' | 'Tools:';

export interface CommandEntry {
  readonly name: string;
  /** Where it is in the list of commands. */
  readonly group?: CommandGroup;
  /** For the list of commands; the module has the full description. */
  readonly summary: string;
  /** Keeps running after its output is closed. */
  readonly isDaemon?: true;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    group: 'The agent:',
    summary: 'run the agent in the foreground',
    isDaemon: true,
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'check',
    group: 'The agent:',
    summary: 'validate a configuration file and show what it means',
    load: () => import('./commands/check.ts'),
  },
  {
    name: 'status',
    group: 'Operation:',
    summary: 'show the instances of the running agent',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'peers',
    group: 'Operation:',
    summary: 'show the other directors, as the peer link shows them',
    load: () => import('./commands/peers.ts'),
  },
  {
    name: 'witness',
    group: 'Operation:',
    summary: 'show the witness (etcd) and what each instance has from it, or delete a key',
    load: () => import('./commands/witness.ts'),
  },
  {
    name: 'events',
    group: 'Operation:',
    summary: 'show the events of the running agent and their causes',
    load: () => import('./commands/events.ts'),
  },
  {
    name: 'history',
    group: 'Operation:',
    summary: 'show past outages and moves, and the availability, also across restarts',
    load: () => import('./commands/history.ts'),
  },
  {
    name: 'logs',
    group: 'Operation:',
    summary: 'show the log of the agent',
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'failover',
    group: 'Operation:',
    summary: 'hand over to another router, and serve until it has taken over',
    load: () => import('./commands/failover.ts'),
  },
  {
    name: 'maintenance',
    group: 'Operation:',
    summary: 'take instances out of service and put them back',
    load: () => import('./commands/maintenance.ts'),
  },
  {
    name: 'priority',
    group: 'Operation:',
    summary: 'set the priority of an instance until the agent stops',
    load: () => import('./commands/priority.ts'),
  },
  {
    name: 'reload',
    group: 'The agent:',
    summary: 'apply the configuration file of the running agent, or show what would change',
    load: () => import('./commands/reload.ts'),
  },
  {
    name: 'config',
    group: 'The agent:',
    summary: 'print the configuration in effect, secrets masked',
    load: () => import('./commands/config.ts'),
  },
  {
    name: 'compare',
    group: 'The agent:',
    summary: 'compare the configuration with that of another director',
    load: () => import('./commands/compare.ts'),
  },
  {
    name: 'ipvs',
    group: 'Load balancer:',
    summary: 'show the services, real servers and sync daemons of the running agent',
    load: () => import('./commands/ipvs/ipvs.ts'),
  },
  {
    name: 'decode',
    group: 'Tools:',
    summary: 'decode a VRRP packet, or explain why it is refused',
    load: () => import('./commands/decode.ts'),
  },
  {
    name: 'watch',
    group: 'Tools:',
    summary: 'show which routers advertise what on a segment, without taking part',
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'import',
    group: 'Tools:',
    summary: 'convert a keepalived.conf into a configuration file',
    load: () => import('./commands/import.ts'),
  },
  {
    name: 'lab',
    group: 'Tools:',
    summary: 'build and run network-namespace labs',
    load: () => import('./commands/lab/lab.ts'),
  },
];
