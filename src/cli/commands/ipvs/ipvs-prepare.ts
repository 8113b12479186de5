/** `vrrp-agent ipvs prepare`: shows, checks or applies the settings that IPVS needs on a host. */
import { existsSync } from 'node:fs';
import { Argument, type Command, Option } from 'commander';
import { formatFinding } from '../../../config/finding.ts';
import type { LoadedConfig } from '../../../config/load.ts';
import { loadConfigFile } from '../../../config/read-file.ts';
import { carryOut, readHostFacts } from '../../../ipvs/keep/host-facts.ts';
import { requirementsOf } from '../../../ipvs/plan/preparation.ts';
import type {
  PreparationInput,
  PreparedMode,
  PreparedRole,
  PreparedTunnel,
  Requirement,
} from '../../../ipvs/plan/requirement.ts';
import { type IpAddress, parseIp } from '../../../net/address.ts';
import type { Server } from '../../../net/ipvs.ts';
import { CONFIGURATION_FILE } from '../../configuration-file.ts';
import { EXIT } from '../../exit-codes.ts';
import { usageError } from '../../operation.ts';
import { commandLine, renderPreparation } from '../../render/preparation.ts';
import type { CliContext } from '../../terminal/context.ts';
import { paletteFor } from '../../terminal/text.ts';

interface PrepareOptions {
  readonly mode?: PreparedMode;
  readonly config?: string;
  readonly vip?: readonly string[];
  readonly gateway?: readonly string[];
  readonly apply?: true;
  readonly check?: true;
  readonly json?: true;
}

const DESCRIPTION = `Show the kernel settings that a director or a real server needs for a forwarding \
method of IPVS, and the commands for those that are missing. Changes nothing without --apply.

  vrrp-agent ipvs prepare director
  vrrp-agent ipvs prepare realserver --mode dr --vip 203.0.113.100 --apply

VIPs, gateway and real servers come from the director's configuration (default: \
${CONFIGURATION_FILE}, if it exists) or from the options.
Exit status: 0 done, 1 something is missing (--check, --apply), 2 usage or configuration.`;

export function registerPrepare(ipvs: Command, context: CliContext): void {
  const collect = (text: string, former: readonly string[] = []) => [...former, text];
  ipvs
    .command('prepare')
    .summary('show or apply the kernel settings that IPVS needs on a host')
    .description(DESCRIPTION)
    .addArgument(new Argument('<role>', 'role of this host').choices(['director', 'realserver']))
    .addOption(
      new Option('--mode <mode>', 'forwarding method; default: from the configuration').choices([
        'nat',
        'dr',
        'tun',
      ]),
    )
    .option(
      '-c, --config <file>',
      `the director's configuration file; default for a director without --mode: ${CONFIGURATION_FILE}`,
    )
    .option('--vip <address>', 'virtual address; may be repeated', collect)
    .option(
      '--gateway <address>',
      'inside address that moves with the VIPs (nat); may be repeated',
      collect,
    )
    .option('--apply', 'run the commands')
    .option('--check', 'exit with 1 if a setting is missing')
    .option('--json', 'print one JSON document')
    .action((role: PreparedRole, _options: unknown, command: Command) =>
      prepare(context, role, command.optsWithGlobals<PrepareOptions>(), command),
    );
}

async function prepare(
  context: CliContext,
  role: PreparedRole,
  options: PrepareOptions,
  command: Command,
): Promise<void> {
  const file = options.config ?? ownFile(role, options);
  const config = file === undefined ? undefined : configIn(file, context);
  if (config === null) return;
  const input = inputOf(role, options, config, command);
  const look = async () => requirementsOf(input, await readHostFacts());
  try {
    let requirements = await look();
    let failures: readonly string[] = [];
    if (options.apply === true) {
      failures = await apply(requirements);
      requirements = await look();
    }
    report(context, input, requirements, failures, options);
  } catch (error) {
    context.stderr(`vrrp-agent: ${error instanceof Error ? error.message : String(error)}\n`);
    context.setExitCode(EXIT.failed);
  }
}

/** The file of a director that is named by no option, if it is here. */
function ownFile(role: PreparedRole, { mode, vip, gateway }: PrepareOptions): string | undefined {
  const isDescribed = [mode, vip, gateway].some((option) => option !== undefined);
  return role === 'director' && !isDescribed && existsSync(CONFIGURATION_FILE)
    ? CONFIGURATION_FILE
    : undefined;
}

/** Null: the file has errors, which have been printed. */
function configIn(file: string, context: CliContext): LoadedConfig | null {
  const loaded = loadConfigFile(file);
  if (loaded.ok) return loaded.value;
  context.stderr(loaded.error.map((one) => `${formatFinding(file, one, '')}\n`).join(''));
  context.setExitCode(EXIT.usage);
  return null;
}

function inputOf(
  role: PreparedRole,
  { mode, vip = [], gateway = [] }: PrepareOptions,
  config: LoadedConfig | undefined,
  command: Command,
): PreparationInput {
  const read = (option: string, texts: readonly string[]) =>
    texts.map(
      (text) => parseIp(text) ?? usageError(command, `${option} must be an IP address: ${text}`),
    );
  const instances = config?.settings.instances ?? [];
  const services = config?.agent.ipvs?.services ?? [];
  const servers = services.flatMap(({ servers: all }) => all);
  const modes = new Set(servers.map(({ forwarding }) => forwarding as PreparedMode));
  const [only, ...others] = modes;
  if (mode === undefined && (only === undefined || others.length > 0)) {
    usageError(command, 'name the forwarding method: --mode nat, dr or tun');
  }
  const vips = instances.flatMap(({ addresses }) => addresses.map(({ address }) => address));
  const inside = instances.flatMap(({ extraAddresses }) =>
    extraAddresses.map(({ address }) => address),
  );
  return {
    role,
    mode: mode ?? only ?? 'nat',
    vips: unique([...vips.filter(isBalanced), ...read('--vip', vip)]),
    gateways: unique([...inside, ...read('--gateway', gateway)]),
    servers: unique(servers.map(({ address }) => address)),
    tunnels: tunnelsOf(servers),
  };
}

/** Without duplicates. */
function tunnelsOf(servers: readonly Server[]): PreparedTunnel[] {
  const tunnels = servers.flatMap(({ tunnel }) => tunnel ?? []);
  return [
    ...new Map(tunnels.map(({ type, port }) => [`${type} ${port}`, { type, port }])).values(),
  ];
}

/** IPv6 link-local addresses belong to the virtual router and to no service. */
function isBalanced(address: IpAddress): boolean {
  return !address.startsWith('fe80:');
}

function unique(addresses: readonly IpAddress[]): IpAddress[] {
  return [...new Set(addresses)];
}

/** Runs all commands, even after a failure, and returns the failures. */
async function apply(requirements: readonly Requirement[]): Promise<string[]> {
  const failures: string[] = [];
  for (const { state, commands } of requirements) {
    if (state !== 'unmet') continue;
    for (const command of commands) {
      const failure = await carryOut(command);
      if (failure !== undefined) failures.push(failure);
    }
  }
  return failures;
}

function report(
  context: CliContext,
  input: PreparationInput,
  requirements: readonly Requirement[],
  failures: readonly string[],
  { apply: applied, check, json }: PrepareOptions,
): void {
  const missing = requirements.filter(({ state }) => state === 'unmet');
  if (json === true) {
    const rows = requirements.map((one) => ({
      ...one,
      persistent: one.persistent ?? null,
      commands: one.commands.map(commandLine),
    }));
    const ok = missing.length === 0;
    context.stdout(`${JSON.stringify({ ok, ...input, requirements: rows, failures }, null, 2)}\n`);
  } else {
    const palette = paletteFor(context.isTty, process.env);
    context.stdout(renderPreparation(requirements, palette));
    context.stderr(failures.map((failure) => `failed: ${failure}\n`).join(''));
  }
  if ((applied === true || check === true) && missing.length > 0) context.setExitCode(EXIT.failed);
}
