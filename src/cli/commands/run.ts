/** `vrrp-agent run`: runs the agent in the foreground. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { programUrl } from '../../files/package-files.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';
import { withConfigOption } from '../configuration-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliContext } from '../terminal/context.ts';

interface RunOptions {
  readonly config: string;
  readonly takeover?: boolean;
  readonly successorOf?: number;
  readonly record?: string;
}

export function register(program: Command, context: CliContext): void {
  withConfigOption(
    program
      .command('run')
      .description(
        'Run the agent in the foreground. SIGTERM stops it; SIGHUP reloads the configuration file.',
      ),
  )
    .option('--takeover', 'replace the running agent without interruption')
    .addOption(
      new Option('--successor-of <pid>', 'take over from this process only (used by SIGUSR2)')
        .argParser(Number)
        .hideHelp(),
    )
    .option('--record <file>', 'record the inputs of the protocol for a replay (32 MiB at most)')
    .action((options: RunOptions) => run(context, options));
}

async function run(context: CliContext, options: RunOptions): Promise<void> {
  nameProcess();
  const { ProtocolWorker } = await import('../../protocol/thread/protocol-worker.ts');
  const protocol = new ProtocolWorker(programUrl('src/protocol/thread/protocol-thread.js'));
  const outcome = await runWith(protocol, context, options);
  await protocol.terminate();
  context.setExitCode(outcome);
}

/**
 * For `pgrep`, `pidof` and `top`, which would show `node`. Setting `process.title` instead would overwrite the
 * command line, which says which file this agent has.
 */
function nameProcess(): void {
  try {
    writeFileSync('/proc/self/comm', 'vrrp-agent');
  } catch {
    // A container may have no /proc that can be written to.
  }
}

async function runWith(
  protocol: ProtocolWorker,
  context: CliContext,
  { config: file, takeover = false, successorOf, record }: RunOptions,
): Promise<number> {
  const [{ loadConfigFile }, { formatFinding }, { runDaemon }, { configHost }] = await Promise.all([
    import('../../config/read-file.ts'),
    import('../../config/finding.ts'),
    import('../../daemon/daemon.ts'),
    import('../../daemon/host/config-host.ts'),
  ]);
  const loaded = loadConfigFile(file, configHost());
  if (!loaded.ok) {
    for (const finding of loaded.error) context.stderr(`${formatFinding(file, finding)}\n`);
    return EXIT.usage;
  }
  for (const warning of loaded.value.warnings) {
    context.stderr(`${formatFinding(file, warning, 'warning: ')}\n`);
  }
  return runDaemon({
    file: resolve(file),
    config: loaded.value,
    protocol,
    checker: programUrl('src/checker/process/checker-process.js'),
    takeover,
    successorOf,
    record: record === undefined ? undefined : resolve(record),
  });
}
