/** `vrrp-agent logs`: the log of the agent in the journal, or where it is without systemd. */
import { spawn } from 'node:child_process';
import type { Command } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { EXIT } from '../exit-codes.ts';
import { type Installation, installationHere, UNIT } from '../installation.ts';
import { usageError } from '../operation.ts';
import type { CliContext } from '../terminal/context.ts';

interface LogsOptions {
  readonly follow?: true;
  readonly lines?: string;
  readonly since?: string;
  readonly unit: string;
}

const DESCRIPTION = `Show the log of the agent: what \`journalctl --unit ${UNIT}\` prints. Without systemd \
the agent logs to its standard output, and this command says where that is.

The events of the running agent, without its other messages: \`vrrp-agent events\`.`;

export function register(program: Command, context: CliContext): void {
  program
    .command('logs')
    .description(DESCRIPTION)
    .option('-f, --follow', 'also print new lines')
    .option('-n, --lines <count>', 'only this many of the latest lines')
    .option('--since <time>', 'not the lines before it: 10m, 2h, or as journalctl(1) accepts it')
    .option('--unit <name>', 'systemd unit of the agent', UNIT)
    .action((options: LogsOptions, command: Command) => logs(context, options, command));
}

async function logs(context: CliContext, options: LogsOptions, command: Command): Promise<void> {
  if (options.lines !== undefined && !/^[0-9]{1,9}$/.test(options.lines)) {
    usageError(command, '--lines must be a whole number');
  }
  const elsewhere = logAdvice(installationHere());
  if (elsewhere === undefined) {
    context.setExitCode(await journal(journalArguments(options)));
    return;
  }
  context.stderr(`vrrp-agent: ${elsewhere}\n`);
  context.setExitCode(EXIT.failed);
}

/** Undefined: the log is in the journal. */
export function logAdvice(installation: Installation): string | undefined {
  switch (installation) {
    case 'unit':
    case 'systemd':
      return undefined;
    case 'container':
      return (
        'this is a container: the log is its standard output; ' +
        'read it on the host with `docker logs NAME` or `podman logs NAME`'
      );
    case 'plain':
      return (
        'no systemd runs here: the log is the standard output of `vrrp-agent run`; ' +
        'the program that started it knows where that goes'
      );
  }
}

export function journalArguments({ follow, lines, since, unit }: LogsOptions): string[] {
  const ago = since === undefined ? undefined : parseDuration(since);
  // systemd.time(7): a span before now begins with a minus sign.
  const start = ago === undefined ? since : `-${ago / 1_000}ms`;
  return [
    `--unit=${unit}`,
    ...(follow === true ? ['--follow'] : []),
    ...(lines === undefined ? [] : [`--lines=${lines}`]),
    ...(start === undefined ? [] : [`--since=${start}`]),
  ];
}

/** Its exit status. The terminal sends Ctrl-C to both processes: this one waits for the other. */
function journal(args: readonly string[]): Promise<number> {
  const ignore = () => {};
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn('journalctl', args, { stdio: 'inherit' });
    child.once('error', (error) => reject(new Error(`journalctl: ${error.message}`)));
    child.once('close', (code, signal) => resolve(signal === 'SIGINT' ? 0 : (code ?? 1)));
  }).finally(() => process.off('SIGINT', ignore));
}
