/** `vrrp-agent import`: converts a keepalived.conf to YAML, and lists what it cannot convert. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { importKeepalived } from '../../import/keepalived/convert.ts';
import { includedFiles } from '../../import/keepalived/files.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliContext } from '../terminal/context.ts';

interface ImportOptions {
  readonly configId?: string;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('import')
    .description(
      'Convert a keepalived.conf into a configuration file, on standard output. What cannot be ' +
        'converted is listed with its line, as comments in the output and on standard error.',
    )
    .argument('<file>', 'keepalived.conf')
    .option(
      '--config-id <id>',
      'include the lines that begin with @ID, as keepalived --config-id does',
    )
    .action((file: string, options: ImportOptions) => importFile(file, options, context));
}

function importFile(file: string, { configId }: ImportOptions, context: CliContext): void {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    context.stderr(`vrrp-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    context.setExitCode(EXIT.usage);
    return;
  }
  const { yaml, notes } = importKeepalived(file, text, { configId, include: includedFiles });
  for (const note of notes) {
    const message = `${note.file}:${note.line}: ${note.message}`.replaceAll(/\p{Cc}/gu, '?');
    context.stderr(`${message}\n`);
  }
  if (yaml === undefined) {
    context.stderr(`vrrp-agent: ${file} has no vrrp_instance that can be converted\n`);
    context.setExitCode(EXIT.failed);
    return;
  }
  context.stdout(yaml);
}
