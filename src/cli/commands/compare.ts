/** `vrrp-agent compare`: where the configuration of another director differs in what has to be equal. */
import { text as textOf } from 'node:stream/consumers';
import type { Command } from 'commander';
import { readStart } from '../../files/regular-file.ts';
import { askAgent, type ClientOptions, withAgentOptions } from '../agent.ts';
import { type ConfigurationDocument, documentIn } from '../compare/configuration-document.ts';
import { ownDocument } from '../compare/own-document.ts';
import { compareDirectors } from '../compare/rules.ts';
import { EXIT } from '../exit-codes.ts';
import { renderComparison } from '../render/comparison.ts';
import type { CliContext } from '../terminal/context.ts';
import { paletteFor, printable } from '../terminal/text.ts';

interface CompareOptions extends ClientOptions {
  readonly strict?: true;
}

const DOCUMENT_BYTES_MAX = 64 * 1024 * 1024;

const DESCRIPTION = `Compare the configuration of the running agent with that of another director: what has to be \
equal (VRIDs, addresses, intervals, services, sync daemons), what must not be (names, priorities, sources), and \
what of the hosts should be (kernel, ip_vs, sysctls, clock).
  ssh lb2 vrrp-agent config --json | vrrp-agent compare -

Exit status: 0 the pair fits, 1 it does not, 2 the file cannot be used, 5 no agent. Differences of the hosts are \
warnings; with --strict they count as well.`;

export function register(program: Command, context: CliContext): void {
  withAgentOptions(
    program
      .command('compare')
      .description(DESCRIPTION)
      .argument('<file>', 'what `vrrp-agent config --json` printed there; -: standard input')
      .option('--strict', 'exit with 1 for warnings too'),
  ).action((file: string, _options: unknown, command: Command) =>
    compare(context, file, command.optsWithGlobals<CompareOptions>()),
  );
}

async function compare(context: CliContext, file: string, options: CompareOptions): Promise<void> {
  const there = await otherDocument(file);
  if (typeof there === 'string') {
    const name = file === '-' ? 'standard input' : file;
    context.stderr(`vrrp-agent: ${printable(`${name}: ${there}`)}\n`);
    context.setExitCode(EXIT.usage);
    return;
  }
  const arrived = file === '-' ? Date.now() : undefined;
  await askAgent(context, options, async (client) => {
    const here = await ownDocument(client);
    const findings = compareDirectors(here, there, arrived);
    const isBad = findings.some(({ level }) => level === 'error' || options.strict === true);
    context.setExitCode(isBad ? EXIT.failed : EXIT.done);
    const names = { here: here.router, there: there.router };
    context.stdout(
      options.json === true
        ? `${JSON.stringify({ ...names, fits: !isBad, findings }, null, 2)}\n`
        : renderComparison(findings, names, paletteFor(context.isTty, process.env)),
    );
  });
}

async function otherDocument(file: string): Promise<ConfigurationDocument | string> {
  try {
    const text =
      file === '-'
        ? await textOf(process.stdin)
        : readStart(file, DOCUMENT_BYTES_MAX).toString('utf8');
    const read = documentIn(text);
    return read.ok ? read.value : read.error;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
