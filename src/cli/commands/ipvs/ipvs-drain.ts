/** `vrrp-agent ipvs drain` and `undrain`: take a real server out of service without losing connections. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { parseDuration } from '../../../config/duration.ts';
import { type ControlClient, type DrainDocument, RefusedRequest } from '../../../library/client.ts';
import { formatEndpoint } from '../../../net/endpoint.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../../agent.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { durationOption, requester, timeoutFor } from '../../operation.ts';
import type { CliContext } from '../../terminal/context.ts';
import { ofTime, withProgress } from '../../terminal/progress.ts';
import { printable } from '../../terminal/text.ts';

interface DrainOptions extends ClientOptions {
  readonly wait?: string | true;
  readonly force?: true;
}

const DEFAULT_WAIT = '60s';

/** Between two looks at what is left. */
const LOOK_MS = 1_000;

/** After the end of the process that was asked, until the next one is. */
const PAUSE_MS = 1_000;
/** How long the next one may take until it answers. */
const REPLACED_MS = 15_000;

type DrainRequest = Parameters<ControlClient['drain']>[0];

const DRAIN = `Send no new connections to a real server; existing ones continue. Survives a restart \
of the agent. Applies to this director only: drain the server on its peer too.`;

export function registerDrain(ipvs: Command, context: CliContext): void {
  withAgentOptions(
    ipvs
      .command('drain')
      .summary('send no new connections to a real server')
      .description(DRAIN)
      .argument('<service>', 'name of the service')
      .argument('<server>', 'address and port, as in `ipvs show`')
      .option(
        '--wait [duration]',
        `wait until its connections have ended, at most this long (default: ${DEFAULT_WAIT})`,
      )
      .option(
        '--force',
        'drain even the last server of the service, so that new clients are refused',
      ),
  ).action((service: string, server: string, _options: unknown, command: Command) => {
    const { wait, force, ...options } = command.optsWithGlobals<DrainOptions>();
    const time = wait === undefined ? undefined : wait === true ? DEFAULT_WAIT : wait;
    const limit = time === undefined ? {} : { wait: durationOption(command, '--wait', time) };
    const request = { service, server, ...limit, force: force === true, ...requester() };
    return ask(context, { ...options, timeoutMs: timeoutFor(time ?? '0s') }, async (client) => {
      const work = () => drained(client, request);
      const document = await (time === undefined
        ? work()
        : withDrainProgress(context, client, { service, server, time }, work));
      const isLate = time !== undefined && document.outcome !== 'drained';
      return { document, exitCode: isLate ? EXIT.notReached : EXIT.done };
    });
  });
  withAgentOptions(
    ipvs
      .command('undrain')
      .summary('send new connections to a real server again')
      .description('Send new connections to a real server again.')
      .argument('<service>', 'name of the service')
      .argument('<server>', 'address and port, as in `ipvs show`'),
  ).action((service: string, server: string, _options: unknown, command: Command) =>
    ask(context, command.optsWithGlobals<ClientOptions>(), async (client) => ({
      document: await client.undrain({ service, server, ...requester() }),
      exitCode: EXIT.done,
    })),
  );
}

/** A process that takes over from the agent does not know who waits: it is asked for the rest of the time. */
async function drained(client: ControlClient, request: DrainRequest): Promise<DrainDocument> {
  const until = performance.now() + (parseDuration(request.wait ?? '0s') ?? 0) / 1_000;
  let ended: { readonly at: number; readonly error: RefusedRequest } | undefined;
  for (let left = request; ; ) {
    try {
      return await client.drain(left);
    } catch (error) {
      const at = performance.now();
      if (error instanceof RefusedRequest && error.code === 'agent-ends') ended = { at, error };
      const isReplaced = ended !== undefined && at - ended.at < REPLACED_MS;
      const remaining = Math.floor(until - at - PAUSE_MS);
      if (!isReplaced || remaining <= 0) {
        throw error instanceof RefusedRequest ? error : (ended?.error ?? error);
      }
      left = { ...request, wait: `${remaining}ms` };
    }
    await sleep(PAUSE_MS);
  }
}

interface Draining {
  readonly service: string;
  readonly server: string;
  readonly time: string;
}

/** How many connections are left, which only a terminal shows. */
async function withDrainProgress<Result>(
  context: CliContext,
  client: ControlClient,
  { service, server, time }: Draining,
  work: () => Promise<Result>,
): Promise<Result> {
  if (context.isErrorTty !== true) return work();
  let left = '';
  const look = async () => {
    const { services } = await client.ipvs();
    const found = services
      .find(({ name }) => name === service)
      ?.servers.find((one) => formatEndpoint(one) === server);
    if (found !== undefined)
      left = `, ${found.active} active and ${found.inactive} inactive connections`;
  };
  const looking = setInterval(() => void look().catch(() => {}), LOOK_MS);
  const whole = (parseDuration(time) ?? 0) / 1_000;
  try {
    return await withProgress(
      context,
      (elapsed) => `draining ${server}: ${ofTime(elapsed, whole)}${left}`,
      work,
    );
  } finally {
    clearInterval(looking);
  }
}

interface Answer {
  readonly document: DrainDocument;
  readonly exitCode: ExitCode;
}

function ask(
  context: CliContext,
  options: ClientOptions,
  request: (client: ControlClient) => Promise<Answer>,
): Promise<void> {
  return askAgent(context, options, async (client) => {
    try {
      const { document, exitCode } = await request(client);
      const json = options.json === true;
      context.stdout(json ? `${JSON.stringify(document, null, 2)}\n` : `${sentence(document)}\n`);
      for (const warning of document.warnings) context.stderr(`vrrp-agent: ${warning}\n`);
      if (exitCode !== EXIT.done) context.setExitCode(exitCode);
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error;
      context.stderr(`vrrp-agent: ${printable(error.message)}\n`);
      context.setExitCode(exitCodeOf(error));
    }
  });
}

function sentence(document: DrainDocument): string {
  const { service, server, outcome, weight, active, inactive, waited_ms: waited } = document;
  const name = `${printable(service)}: ${printable(server)}`;
  const connections = `${active} active and ${inactive} inactive connections`;
  switch (outcome) {
    case 'in-service':
      return `${name} is in service, weight ${weight ?? 'none: not in the table'}`;
    case 'draining':
      return `${name} receives no new connections and still has ${connections}`;
    case 'drained':
      return `${name} is drained after ${(waited / 1_000).toFixed(1)} s: ${connections}`;
  }
}

function exitCodeOf({ status, code }: RefusedRequest): ExitCode {
  if (code === 'last-server') return EXIT.refused;
  return status === 400 || status === 404 ? EXIT.usage : EXIT.failed;
}
