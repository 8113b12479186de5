/** `check`: everything that is wrong with a configuration file, or what it means. */
import type { Command } from 'commander';
import { type Finding, formatFinding } from '../../config/finding.ts';
import { loadConfigFile } from '../../config/read-file.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { configSummary, renderSummary } from '../render/config-summary.ts';

interface CheckOptions {
  readonly config: string;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('Validate a configuration file: list every error, or show what the file means.')
    .requiredOption('--config <file>', 'configuration file (YAML)')
    .option('--json', 'print one JSON document')
    .action((options: CheckOptions) => check(options, context));
}

function check({ config: file, json }: CheckOptions, context: CliContext): void {
  const loaded = loadConfigFile(file);
  if (!loaded.ok) {
    context.setExitCode(EXIT.usage);
    if (json) context.stdout(asJson({ ok: false, file, errors: loaded.error }));
    else writeFindings(file, loaded.error, '', context);
    return;
  }
  const { settings, agent, warnings } = loaded.value;
  const summary = configSummary(settings, agent);
  if (json) {
    context.stdout(asJson({ ok: true, file, ...summary, warnings }));
    return;
  }
  writeFindings(file, warnings, 'warning: ', context);
  context.stdout(renderSummary(summary));
}

function writeFindings(
  file: string,
  findings: readonly Finding[],
  label: string,
  context: CliContext,
): void {
  context.stderr(findings.map((finding) => `${formatFinding(file, finding, label)}\n`).join(''));
}

function asJson(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
