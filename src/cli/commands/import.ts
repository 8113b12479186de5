/** `vrrp-agent import`: converts a keepalived.conf to YAML, and lists what it cannot convert. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { importFiles, KINDS, type Kind, kindOf } from '../../import/import.ts';
import { includedFiles } from '../../import/keepalived/reader/files.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliContext } from '../terminal/context.ts';

interface ImportOptions {
  readonly configId?: string;
  readonly strict?: true;
  readonly report?: string;
  readonly from?: Kind;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('import')
    .description(
      'Convert files of keepalived, ldirectord, ipvsadm-save, heartbeat or Piranha into a configuration file, on standard ' +
        'output. What cannot be converted is listed with its line, as comments in the output and on ' +
        'standard error.',
    )
    .argument(
      '<files...>',
      'keepalived.conf, ldirectord.cf, haresources, ha.cf, lvs.cf, or the output of ipvsadm-save -n',
    )
    .addOption(
      new Option('--from <kind>', 'the kind of the files; default: by their content').choices(
        KINDS,
      ),
    )
    .option(
      '--config-id <id>',
      'include the lines that begin with @ID, as keepalived --config-id does; for heartbeat the name of this node, for Piranha primary or backup',
    )
    .option('--strict', 'exit with 1 if something that keepalived does was not converted')
    .option('--report <file>', 'write the list of differences to a file, as JSON')
    .action((files: string[], options: ImportOptions) => importNamed(files, options, context));
}

function importNamed(files: readonly string[], options: ImportOptions, context: CliContext): void {
  try {
    convertFiles(files, options, context);
  } catch (error) {
    context.stderr(`vrrp-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    context.setExitCode(EXIT.usage);
  }
}

function convertFiles(files: readonly string[], options: ImportOptions, context: CliContext): void {
  const { configId } = options;
  const sources = files.map((file) => {
    const text = readFileSync(file, 'utf8');
    return { file, text, kind: options.from ?? kindOf(text) };
  });
  const lexer = { configId, include: includedFiles, environment: process.env };
  const { yaml, notes, statements } = importFiles(sources, lexer);
  for (const note of notes) {
    const message = `${note.file}:${note.line}: ${note.message}`.replaceAll(/\p{Cc}/gu, '?');
    context.stderr(`${message}\n`);
  }
  if (options.report !== undefined) {
    const report = { files, converted: yaml !== undefined, statements, notes };
    writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
  }
  if (yaml === undefined) {
    const what = 'no vrrp_instance and no virtual service that can be converted';
    context.stderr(`vrrp-agent: ${files.join(', ')}: ${what}\n`);
    context.setExitCode(EXIT.failed);
    return;
  }
  context.stdout(yaml);
  const lost = notes.filter(({ level }) => level === 'lost').length;
  if (options.strict === undefined || lost === 0) return;
  context.stderr(`vrrp-agent: ${lost} statements were not converted\n`);
  context.setExitCode(EXIT.failed);
}
