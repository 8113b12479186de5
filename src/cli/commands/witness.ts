/** `vrrp-agent witness`: etcd as the agent sees it, and the keys in it. */
import type { Command } from 'commander';
import { RefusedRequest } from '../../library/client.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { requester } from '../operation.ts';
import { renderWitness } from '../render/witness.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor, printable } from '../terminal/text.ts';

interface ReleaseOptions extends ClientOptions {
  readonly force?: true;
}

/** The agent asks etcd, whose members may be slow. */
const RELEASE_MS = 40_000;

const SCREEN_WIDTH = 80;

const RELEASE = `Delete the key of an instance in etcd, so that another director can have it without waiting. \
Refused while a director has it (exit 4), unless with --force: if that director still serves, there are then two \
owners of the VIPs for up to the ttl. The key of a director that has failed goes by itself after the ttl.`;

export function register(program: Command, context: CliContext): void {
  const witness = program
    .command('witness')
    .description('Show the witness (etcd) and what each instance has from it, or delete a key.');
  withAgentOptions(
    witness
      .command('status')
      .summary('show etcd, its members, and which director has which key')
      .description('Show etcd, its members, problems, and what each instance has from it.'),
  ).action((_options: unknown, command: Command) =>
    show(context, command.optsWithGlobals<ClientOptions>()),
  );
  withAgentOptions(
    witness
      .command('release')
      .summary('delete the key of an instance')
      .description(RELEASE)
      .argument('<name>', 'name of the instance')
      .option('--force', 'even if a director has it; if it still serves, there are two owners'),
  ).action((name: string, _options: unknown, command: Command) =>
    release(context, name, command.optsWithGlobals<ReleaseOptions>()),
  );
}

function show(context: CliContext, options: ClientOptions): Promise<void> {
  return askAgent(context, options, async (client) => {
    const document = await client.witness();
    if (options.json === true) {
      context.stdout(`${JSON.stringify(document, null, 2)}\n`);
      return;
    }
    const { isTty } = context;
    context.stdout(
      renderWitness(document, {
        palette: paletteFor(isTty, process.env),
        width: (isTty ? process.stdout.columns : undefined) ?? SCREEN_WIDTH,
        now: new Date(),
      }),
    );
  });
}

function release(
  context: CliContext,
  instance: string,
  { force, ...options }: ReleaseOptions,
): Promise<void> {
  return askAgent(context, { ...options, timeoutMs: RELEASE_MS }, async (client) => {
    try {
      const request = { instance, force: force === true, ...requester() };
      const document = await client.releaseWitness(request);
      const { outcome, holder } = document;
      const text =
        outcome === 'free'
          ? `${instance}: no director has the key`
          : `${instance}: the key of ${holder ?? 'another program'} is deleted`;
      context.stdout(
        options.json === true ? `${JSON.stringify(document, null, 2)}\n` : `${printable(text)}\n`,
      );
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error;
      context.stderr(`vrrp-agent: ${printable(error.message)}\n`);
      context.setExitCode(exitCodeOf(error));
    }
  });
}

function exitCodeOf({ status }: RefusedRequest): ExitCode {
  if (status === 409) return EXIT.refused;
  return status === 400 || status === 404 ? EXIT.usage : EXIT.failed;
}
