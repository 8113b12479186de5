/** `vrrp-agent run`: the agent itself, in the foreground. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ProtocolWorker } from '../../runtime/protocol-worker.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

interface RunOptions {
  readonly config: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('the daemon, in the foreground; SIGTERM stops it, SIGHUP reloads the file')
    .requiredOption('--config <file>', 'configuration file')
    .action((options: RunOptions) => run(context, options));
}

async function run(context: CliContext, { config: file }: RunOptions): Promise<void> {
  const { ProtocolWorker } = await import('../../runtime/protocol-worker.ts');
  const protocol = new ProtocolWorker(new URL('../../runtime/protocol-thread.js', import.meta.url));
  const outcome = await runWith(protocol, context, file);
  await protocol.terminate();
  context.setExitCode(outcome);
}

async function runWith(
  protocol: ProtocolWorker,
  context: CliContext,
  file: string,
): Promise<number> {
  const [{ loadConfigFile }, { formatFinding }, { runDaemon }] = await Promise.all([
    import('../../config/read-file.ts'),
    import('../../config/finding.ts'),
    import('../../runtime/daemon.ts'),
  ]);
  const loaded = loadConfigFile(file);
  if (!loaded.ok) {
    for (const finding of loaded.error) context.stderr(`${formatFinding(file, finding)}\n`);
    return EXIT.usage;
  }
  for (const warning of loaded.value.warnings) {
    context.stderr(`${formatFinding(file, warning, 'warning: ')}\n`);
  }
  return runDaemon({ file: resolve(file), config: loaded.value, protocol });
}
