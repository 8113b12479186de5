/** `vrrp-agent import`: converts a keepalived.conf to YAML, and lists what it cannot convert. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { importKeepalived } from '../../import/keepalived/convert.ts';
import { includedFiles } from '../../import/keepalived/files.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliContext } from '../terminal/context.ts';

interface ImportOptions {
  readonly configId?: string;
  readonly strict?: true;
  readonly report?: string;
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
    .option('--strict', 'exit with 1 if something that keepalived does was not converted')
    .option('--report <file>', 'write the list of differences to a file, as JSON')
    .action((file: string, options: ImportOptions) => importFile(file, options, context));
}

function importFile(file: string, options: ImportOptions, context: CliContext): void {
  try {
    convertFile(file, options, context);
  } catch (error) {
    context.stderr(`vrrp-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    context.setExitCode(EXIT.usage);
  }
}

function convertFile(file: string, options: ImportOptions, context: CliContext): void {
  const text = readFileSync(file, 'utf8');
  const { configId } = options;
  const lexer = { configId, include: includedFiles, environment: process.env };
  const { yaml, notes, statements } = importKeepalived(file, text, lexer);
  for (const note of notes) {
    const message = `${note.file}:${note.line}: ${note.message}`.replaceAll(/\p{Cc}/gu, '?');
    context.stderr(`${message}\n`);
  }
  if (options.report !== undefined) {
    const report = { file, converted: yaml !== undefined, statements, notes };
    writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (yaml === undefined) {
    context.stderr(`vrrp-agent: ${file} has no vrrp_instance that can be converted\n`);
    context.setExitCode(EXIT.failed);
    return;
  }
  context.stdout(yaml);
  const lost = notes.filter(({ level }) => level === 'lost').length;
  if (options.strict === undefined || lost === 0) return;
  context.stderr(`vrrp-agent: ${lost} lines were not converted\n`);
  context.setExitCode(EXIT.failed);
}
