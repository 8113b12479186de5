/** `vrrp-agent run`: the agent itself, in the foreground. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';

interface RunOptions {
  readonly config: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('the daemon, in the foreground; SIGTERM stops it')
    .requiredOption('--config <file>', 'configuration file')
    .action((options: RunOptions) => run(context, options));
}

async function run(context: CliContext, { config: file }: RunOptions): Promise<void> {
  const [{ loadConfigFile }, { formatFinding }, { runDaemon }] = await Promise.all([
    import('../../config/read-file.ts'),
    import('../../config/finding.ts'),
    import('../../runtime/daemon.ts'),
  ]);
  const loaded = loadConfigFile(file);
  if (!loaded.ok) {
    for (const finding of loaded.error) context.stderr(`${formatFinding(file, finding)}\n`);
    context.setExitCode(EXIT.usage);
    return;
  }
  for (const warning of loaded.value.warnings) {
    context.stderr(`${formatFinding(file, warning, 'warning: ')}\n`);
  }
  const thread = new URL('../../runtime/protocol-thread.js', import.meta.url);
  context.setExitCode(await runDaemon({ config: loaded.value, thread }));
}
