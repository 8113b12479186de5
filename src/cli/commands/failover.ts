/** `vrrp-agent failover`: hands over to another router without a gap. */
import type { Command } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { parseIp } from '../../net/address.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { printConnectionsAtRisk } from '../connections-at-risk.ts';
import {
  durationOption,
  type Operation,
  operate,
  requester,
  selectedInstances,
  timeoutFor,
  usageError,
} from '../operation.ts';
import { renderHandOver } from '../render/hand-over.ts';
import type { CliContext } from '../terminal/context.ts';
import { ofTime, withProgress } from '../terminal/progress.ts';

interface FailoverOptions extends ClientOptions {
  readonly all?: true;
  readonly wait: string;
  readonly force?: true;
  readonly to?: string;
  readonly release?: true;
}

const DESCRIPTION = `Hand over to another router. This one serves the VIPs until it hears the \
successor's first advertisement. If no router takes over in time, it stays MASTER (exit 3).

Afterwards it does not preempt until \`failover --release\` or until the new MASTER fails. An \
instance that is not MASTER has nothing to hand over, but will not preempt either.

Exit status: 0 done, 1 failed, 2 usage, 3 no router took over, 4 refused, 5 no agent.`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('failover')
      .description(DESCRIPTION)
      .argument('[name...]', 'names of instances')
      .option('--all', 'every instance of the agent')
      .option('--wait <duration>', 'how long to wait for the successor', '10s')
      .option('--to <address>', 'refuse unless the router with this address would take over')
      .option('--force', 'release the VIPs even if no router takes over; they may be left unserved')
      .option('--release', 'allow preemption again; hand over nothing'),
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
  if (options.all === true && names.length > 0)
    usageError(command, 'give names or --all, not both');
  if (options.all !== true && names.length === 0)
    usageError(command, 'name the instances, or give --all');
  const wait = durationOption(command, '--wait', options.wait);
  if (options.to !== undefined && parseIp(options.to) === undefined) {
    usageError(command, '--to must be an IP address');
  }
  if (options.release === true && (options.to !== undefined || options.force === true)) {
    usageError(command, '--release cannot be combined with --to or --force');
  }
  const timed = { ...options, timeoutMs: timeoutFor(wait) };
  return askAgent(context, timed, async (client) => {
    const instances = await selectedInstances(context, client, names);
    if (options.release !== true) await printConnectionsAtRisk(context, client, instances);
    const whole = (parseDuration(wait) ?? 0) / 1_000;
    await withProgress(
      context,
      (elapsed) =>
        `waiting for the successor of ${instances.join(', ')}: ${ofTime(elapsed, whole)}`,
      () => operate(context, client, instances, operationOf(options, wait)),
    );
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
