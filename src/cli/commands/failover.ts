/** `vrrp-agent failover`: another router becomes MASTER without a gap. */
import type { Command } from 'commander';
import { parseIp } from '../../net/address.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { printConnectionsAtRisk } from '../connections-at-risk.ts';
import {
  durationOption,
  instancesMeant,
  type Operation,
  operate,
  patienceFor,
  requester,
  usageError,
} from '../operation.ts';
import { renderHandOver } from '../render/hand-over.ts';
import type { CliContext } from '../terminal/context.ts';

interface FailoverOptions extends ClientOptions {
  readonly all?: true;
  readonly wait: string;
  readonly force?: true;
  readonly to?: string;
  readonly release?: true;
}

const DESCRIPTION = `Hand over to another router: the VIPs are served here until its first
advertisement is heard. If no router takes over in time, this one stays MASTER (exit 3).

Afterwards it does not preempt the new MASTER, until \`failover --release\`, or until that fails.
An instance that is not MASTER has nothing to hand over; it will not preempt either.

Exit: 0 done, 1 failed, 2 usage, 3 no router took over, 4 refused, 5 no agent.`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('failover')
      .description(DESCRIPTION)
      .argument('[name...]', 'instances')
      .option('--all', 'every instance of the agent')
      .option('--wait <duration>', 'how long to wait for the successor', '10s')
      .option('--to <address>', 'refuse if another router than this one would take over')
      .option('--force', 'release the VIPs even if no router takes over; they may go unserved')
      .option('--release', 'let it preempt again, and do nothing else'),
  ).action((names: string[], _options: unknown, command: Command) =>
    failover(context, names, command.optsWithGlobals<FailoverOptions>(), command),
  );
}

function failover(
  context: CliContext,
  names: readonly string[],
  options: FailoverOptions,
  command: Command,
): Promise<void> {
  if (options.all === true && names.length > 0) usageError(command, 'names or --all, not both');
  if (options.all !== true && names.length === 0) usageError(command, 'which instances? or --all');
  const wait = durationOption(command, '--wait', options.wait);
  if (options.to !== undefined && parseIp(options.to) === undefined) {
    usageError(command, '--to is an IP address');
  }
  if (options.release === true && (options.to !== undefined || options.force === true)) {
    usageError(command, '--release goes with neither --to nor --force');
  }
  const asking = { ...options, timeoutMs: patienceFor(wait) };
  return askAgent(context, asking, async (client) => {
    const instances = await instancesMeant(context, client, names);
    if (options.release !== true) await printConnectionsAtRisk(context, client, instances);
    await operate(context, client, instances, operationOf(options, wait));
  });
}

function operationOf(options: FailoverOptions, wait: string): Operation<'failover'> {
  const json = options.json === true;
  if (options.release === true) {
    return {
      verb: 'failover',
      request: { release: true, ...requester() },
      json,
      render: ({ instance, state }) => `${instance}: ${state}, preempts again as configured`,
      isFailure: () => false,
    };
  }
  const { to, force } = options;
  return {
    verb: 'failover',
    request: { wait, ...(to === undefined ? {} : { to }), force: force === true, ...requester() },
    json,
    render: (document) => renderHandOver(document, 'it does not preempt until failover --release'),
    isFailure: ({ outcome, master }) =>
      outcome === 'broken-off' ||
      (outcome === 'handed-over' && to !== undefined && parseIp(to) !== master?.address),
  };
}
