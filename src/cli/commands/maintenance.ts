/** `vrrp-agent maintenance`: instances that must not become MASTER, even after a restart. */
import type { Command } from 'commander';
import type { MaintenanceAnswer, StatusDocument } from '../../library/client.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { printConnectionsAtRisk } from '../connections-at-risk.ts';
import {
  durationOption,
  type Operation,
  operate,
  requester,
  selectedInstances,
  timeoutFor,
} from '../operation.ts';
import { renderHandOver, renderMaintenance } from '../render/hand-over.ts';
import type { CliContext } from '../terminal/context.ts';
import { printable } from '../terminal/text.ts';

interface OnOptions extends ClientOptions {
  readonly reason?: string;
  readonly for?: string;
  readonly wait: string;
  readonly force?: true;
}

const DESCRIPTION = `Take instances out of service, for work on this host. Survives a restart of the agent \
and of the host. Without names: every instance.`;

const ON = `Take instances out of service. A MASTER first hands over, and serves until it hears its \
successor; the instance is then in FAULT with the reason "maintenance". If no router takes over in \
time, nothing changes (exit 3).`;

const OFF = 'Put instances back into service: first BACKUP, then preempting as configured.';

export function register(program: Command, context: CliContext): void {
  const maintenance = program.command('maintenance').description(DESCRIPTION);
  withAgentOptions(
    maintenance
      .command('on')
      .summary('take instances out of service')
      .description(ON)
      .argument('[name...]', 'names of instances; default: all')
      .option('--reason <text>', 'text that status shows')
      .option('--for <duration>', 'end maintenance after this time, whether or not the agent runs')
      .option('--wait <duration>', 'how long to wait for the successor', '10s')
      .option('--force', 'continue even if no router takes over; the VIPs may be left unserved'),
  ).action((names: string[], _options: unknown, command: Command) =>
    begin(context, names, command.optsWithGlobals<OnOptions>(), command),
  );
  withAgentOptions(
    maintenance
      .command('off')
      .summary('put instances back into service')
      .description(OFF)
      .argument('[name...]', 'names of instances; default: all'),
  ).action((names: string[], _options: unknown, command: Command) =>
    end(context, names, command.optsWithGlobals<ClientOptions>()),
  );
  withAgentOptions(
    maintenance
      .command('status')
      .summary('show which instances are in maintenance')
      .description(
        'Show which instances are in maintenance, since and until when, by whom and why.',
      )
      .argument('[name...]', 'names of instances; default: all'),
  ).action((names: string[], _options: unknown, command: Command) =>
    show(context, names, command.optsWithGlobals<ClientOptions>()),
  );
}

function begin(
  context: CliContext,
  names: readonly string[],
  options: OnOptions,
  command: Command,
): Promise<void> {
  const wait = durationOption(command, '--wait', options.wait);
  const { reason, force } = options;
  const limit =
    options.for === undefined ? {} : { for: durationOption(command, '--for', options.for) };
  const operation: Operation<'maintenance'> = {
    verb: 'maintenance',
    request: {
      mode: 'on',
      wait,
      ...(reason === undefined ? {} : { reason }),
      ...limit,
      force: force === true,
      ...requester(),
    },
    json: options.json === true,
    render: (document) => renderHandOver(document, inMaintenance(document)),
    isFailure: ({ outcome }) => outcome === 'broken-off',
  };
  return askAgent(context, { ...options, timeoutMs: timeoutFor(wait) }, async (client) => {
    const instances = await selectedInstances(context, client, names);
    await printConnectionsAtRisk(context, client, instances);
    await operate(context, client, instances, operation);
  });
}

function inMaintenance({ maintenance }: MaintenanceAnswer): string {
  const until = maintenance?.until ?? null;
  return until === null ? 'in maintenance' : `in maintenance until ${until}`;
}

function end(context: CliContext, names: readonly string[], options: ClientOptions): Promise<void> {
  const operation: Operation<'maintenance'> = {
    verb: 'maintenance',
    request: { mode: 'off', ...requester() },
    json: options.json === true,
    render: ({ instance, state }) => `${instance}: ${state}, not in maintenance`,
    isFailure: () => false,
  };
  return askAgent(context, options, async (client) => {
    await operate(context, client, await selectedInstances(context, client, names), operation);
  });
}

function show(
  context: CliContext,
  names: readonly string[],
  options: ClientOptions,
): Promise<void> {
  return askAgent(context, options, async (client) => {
    const wanted = await selectedInstances(context, client, names);
    const { instances } = await client.status();
    const rows = instances
      .filter(({ name }) => wanted.includes(name))
      .map(({ name, state, maintenance, held_back }) => ({ name, state, maintenance, held_back }));
    if (options.json === true) context.stdout(`${JSON.stringify({ instances: rows }, null, 2)}\n`);
    else context.stdout(rows.map((row) => `${printable(line(row))}\n`).join(''));
  });
}

type Row = Pick<
  StatusDocument['instances'][number],
  'name' | 'state' | 'maintenance' | 'held_back'
>;

function line({ name, state, maintenance, held_back: heldBack }: Row): string {
  if (maintenance !== null) {
    return `${name}: ${state}, in maintenance ${renderMaintenance(maintenance)}`;
  }
  if (heldBack === null) return `${name}: ${state}, in service`;
  return `${name}: ${state}, in service; held back since ${heldBack.since} by ${heldBack.by}`;
}
