/** `vrrp-agent history`: outages and moves from the disk, and the numbers that an operator reports. */
import { writeFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { setFlagsFromString } from 'node:v8';
import type { Command } from 'commander';
import { readStart } from '../../files/regular-file.ts';
import { documentText, historiesIn } from '../../history/document.ts';
import { readHistory } from '../../history/files.ts';
import { type Group, type HistoryReport, reportOf } from '../../history/report.ts';
import { ControlClient, ControlError, RefusedRequest } from '../../library/client.ts';
import { type ClientOptions, withAgentOptions } from '../agent.ts';
import { EXIT } from '../exit-codes.ts';
import { moment } from '../moment.ts';
import { unknownInstances } from '../operation.ts';
import { renderHistory } from '../render/history.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor, printable } from '../terminal/text.ts';

interface HistoryOptions extends ClientOptions {
  readonly since?: number;
  readonly until?: number;
  readonly html?: string;
  readonly merge?: readonly string[];
  readonly stateDir?: string;
}

/** The default of `state_dir`. */
const STATE_DIRECTORY = '/var/lib/vrrp-agent';

/** A document of several years. */
const DOCUMENT_BYTES_MAX = 512 * 1024 * 1024;

const DESCRIPTION = `Show the outages and moves of the past, planned and unplanned apart, with their causes, MTBF, \
MTTR and availability. Reads the files of the agent: it need not run.

One director knows its own part. With the others the picture is complete:
  ssh lb2 vrrp-agent history --json | vrrp-agent history --merge -`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('history')
      .description(DESCRIPTION)
      .argument('[name...]', 'names of instances; default: all')
      .option(
        '--since <time>',
        'from this time: 2h, 30d, or 2026-03-01T10:00 (default: all)',
        moment,
      )
      .option('--until <time>', 'to this time, in the same forms', moment)
      .option('--html <file>', 'write one HTML file with the timeline of all directors')
      .option(
        '--merge <file...>',
        'what `history --json` of other directors has printed; -: standard input',
      )
      .option(
        '--state-dir <path>',
        'the `state_dir` of the configuration (default: the agent says)',
      ),
  ).action((names: string[], _options: unknown, command: Command) =>
    history(context, names, command.optsWithGlobals<HistoryOptions>()),
  );
}

async function history(
  context: CliContext,
  names: readonly string[],
  options: HistoryOptions,
): Promise<void> {
  keepMemorySmall();
  const groups = await allHistories(context, options);
  if (groups === undefined) return;
  const { since, until } = options;
  const report = reportOf(groups, { since, until, instances: names });
  const known = report.names;
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    fail(context, EXIT.usage, unknownInstances(unknown, known));
    return;
  }
  if (report.window.from >= report.window.to) {
    fail(context, EXIT.usage, 'there is no history of that time');
    return;
  }
  await show(context, report, options);
}

/** The first version of Node whose young generation may grow to some 100 MB. */
const ROOMY_NODE = 22;

/** Most of what is read is garbage at once, or stays: room between them saves no time. */
function keepMemorySmall(): void {
  const [major = '0'] = process.versions.node.split('.');
  if (Number(major) >= ROOMY_NODE) setFlagsFromString('--semi-space-growth-factor=1');
}

async function show(context: CliContext, report: HistoryReport, options: HistoryOptions) {
  if (options.html !== undefined) {
    const { renderPage } = await import('../../history/page/page.ts');
    writeFileSync(options.html, renderPage(report, new Date()));
  }
  if (options.json === true) {
    for (const part of documentText(report, new Date())) context.stdout(part);
    return;
  }
  if (options.html !== undefined) return;
  const { isTty } = context;
  const columns = isTty ? process.stdout.columns : undefined;
  const palette = paletteFor(isTty, process.env);
  context.stdout(renderHistory(report, { palette, width: columns ?? Number.POSITIVE_INFINITY }));
}

/** This director's history, then the others'. Undefined: one cannot be read, which has been printed. */
async function allHistories(
  context: CliContext,
  options: HistoryOptions,
): Promise<readonly Group[] | undefined> {
  const others: Group[] = [];
  for (const file of options.merge ?? []) {
    const read = await otherHistory(file, wantedBy(options));
    if (typeof read === 'string') {
      fail(context, EXIT.usage, `${file === '-' ? 'standard input' : file}: ${read}`);
      return undefined;
    }
    others.push(read);
  }
  const directory = await stateDirectory(options);
  const own = readHistory(directory, wantedBy(options));
  if (own.ok) return [[own.value], ...others];
  // Documents of two directors can be read anywhere.
  if (others.length > 0 && own.error.code !== 'EACCES') return others;
  fail(context, EXIT.failed, noHistoryText(own.error, directory));
  return undefined;
}

function noHistoryText({ code, message }: { code: string; message: string }, directory: string) {
  switch (code) {
    case 'ENOENT':
      return (
        `there is no history in ${directory}: the agent writes one from its first start on; ` +
        'if the configuration has another state_dir, name it with --state-dir'
      );
    case 'EACCES':
      return `${message}: run this as root, or as a member of control.group`;
    default:
      return message;
  }
}

/** The document has all that there is. */
function wantedBy({ json }: HistoryOptions): 'all' | 'needed' {
  return json === true ? 'all' : 'needed';
}

async function otherHistory(file: string, wanted: 'all' | 'needed'): Promise<Group | string> {
  try {
    const text =
      file === '-'
        ? await textOf(process.stdin)
        : readStart(file, DOCUMENT_BYTES_MAX).toString('utf8');
    const read = historiesIn(text, wanted);
    return read.ok ? read.value : read.error;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The agent knows where it writes; without it the usual place counts. */
async function stateDirectory({ stateDir, socket }: HistoryOptions): Promise<string> {
  if (stateDir !== undefined) return stateDir;
  try {
    const config = await new ControlClient({ socket, timeoutMs: 1_000 }).config();
    const given = config['state_dir'];
    return typeof given === 'string' ? given : STATE_DIRECTORY;
  } catch (error) {
    if (error instanceof ControlError || error instanceof RefusedRequest) return STATE_DIRECTORY;
    throw error;
  }
}

function fail(context: CliContext, code: number, message: string): void {
  context.stderr(`vrrp-agent: ${printable(message)}\n`);
  context.setExitCode(code);
}
