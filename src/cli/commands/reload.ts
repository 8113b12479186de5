/** `vrrp-agent reload`: the running agent applies its changed configuration file. */
import type { Command } from 'commander';
import { formatFinding } from '../../config/finding.ts';
import { RefusedRequest } from '../../library/client.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { EXIT } from '../exit-codes.ts';
import { renderReload } from '../render/reload.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor } from '../terminal/text.ts';

interface ReloadOptions extends ClientOptions {
  readonly dryRun?: true;
}

const DESCRIPTION = `Apply the configuration file of the running agent, or show what would change.

All or nothing: if the file has errors, all are listed and nothing changes. Unchanged instances are \
not interrupted. The plan shows which steps make a MASTER resign.`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('reload')
      .description(DESCRIPTION)
      .option('--dry-run', 'print the plan and change nothing'),
  ).action((_options: unknown, command: Command) =>
    reload(context, command.optsWithGlobals<ReloadOptions>()),
  );
}

function reload(context: CliContext, options: ReloadOptions): Promise<void> {
  return askAgent(context, options, async (client) => {
    try {
      const document = await client.reload({ dryRun: options.dryRun === true });
      context.stdout(
        options.json === true
          ? asJson(document)
          : renderReload(document, paletteFor(context.isTty, process.env)),
      );
    } catch (error) {
      if (!(error instanceof RefusedRequest) || error.code !== 'invalid-configuration') throw error;
      refused(context, options, error);
    }
  });
}

function refused(context: CliContext, { json }: ReloadOptions, error: RefusedRequest): void {
  context.setExitCode(EXIT.usage);
  const { code, message, findings } = error;
  if (json === true) {
    context.stdout(asJson({ error: { code, message }, findings }));
    return;
  }
  for (const finding of findings) context.stderr(`${formatFinding(finding.file, finding)}\n`);
  context.stderr(`vrrp-agent: ${message}\n`);
}

function asJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
