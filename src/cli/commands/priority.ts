/** `vrrp-agent priority`: overrides the configured priority until the agent stops. */
import type { Command } from 'commander';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { operate, requester, selectedInstances, usageError } from '../operation.ts';
import type { CliContext } from '../terminal/context.ts';

const DESCRIPTION = `Override the configured priority of an instance, and of all members of its sync group, \
until \`reset\` or a restart of the agent. The weights of tracked objects still apply.`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('priority')
      .description(DESCRIPTION)
      .argument('<name>', 'name of the instance')
      .argument('<priority>', '1 to 254, or `reset` for the configured one'),
  ).action((name: string, priority: string, _options: unknown, command: Command) =>
    setPriority(context, name, priority, command),
  );
}

function setPriority(
  context: CliContext,
  name: string,
  text: string,
  command: Command,
): Promise<void> {
  const isNumber = /^[0-9]{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 254;
  if (text !== 'reset' && !isNumber) usageError(command, '<priority> must be 1 to 254, or reset');
  const options = command.optsWithGlobals<ClientOptions>();
  return askAgent(context, options, async (client) => {
    const instances = await selectedInstances(context, client, [name]);
    await operate(context, client, instances, {
      verb: 'priority',
      request: { priority: text === 'reset' ? null : Number(text), ...requester() },
      json: options.json === true,
      render: ({ instance, state, priority: { configured, effective }, also }) => {
        const others = also.length === 0 ? '' : `; also set for its sync group: ${also.join(', ')}`;
        return `${instance}: ${state}, priority ${effective} (configured: ${configured})${others}`;
      },
      isFailure: () => false,
    });
  });
}
