/** `vrrp-agent check`: every error in a configuration file, or what the file means. */
import { networkInterfaces } from 'node:os';
import type { Command } from 'commander';
import { type Finding, formatFinding, inOrder } from '../../config/finding.ts';
import type { LoadedConfig } from '../../config/load.ts';
import { loadConfigFile } from '../../config/read-file.ts';
import { commandWarnings } from '../../daemon/host/command-check.ts';
import { pathWarnings } from '../../daemon/host/path-check.ts';
import type { TakeoverAdvice } from '../../daemon/host/takeover-advice.ts';
import { groupWarnings } from '../../daemon/listeners/control-access.ts';
import { CONFIGURATION_FILE } from '../configuration-file.ts';
import { EXIT } from '../exit-codes.ts';
import { usageError } from '../operation.ts';
import { configSummary, renderSummary } from '../render/config-summary.ts';
import type { CliContext } from '../terminal/context.ts';

interface CheckOptions {
  readonly config?: string;
  readonly json?: true;
}

export function register(program: Command, context: CliContext): void {
  program
    .command('check')
    .description('Validate a configuration file: list every error, or show what it means.')
    .argument('[file]', `configuration file (YAML); default: ${CONFIGURATION_FILE}`)
    .option('-c, --config <file>', 'the same')
    .option('--json', 'print one JSON document')
    .action((file: string | undefined, { config, json }: CheckOptions, command: Command) => {
      if (file !== undefined && config !== undefined) {
        usageError(command, 'name the file once: as an argument or with --config');
      }
      return check(file ?? config ?? CONFIGURATION_FILE, json === true, context);
    });
}

async function check(file: string, json: boolean, context: CliContext): Promise<void> {
  const { configHostOutside } = await import('../../daemon/host/config-host.ts');
  const credentials = new Set<string>();
  const loaded = loadConfigFile(
    file,
    configHostOutside((name) => credentials.add(name)),
  );
  if (!loaded.ok) {
    context.setExitCode(EXIT.usage);
    if (json) context.stdout(asJson({ ok: false, file, errors: loaded.error }));
    else writeFindings(file, loaded.error, '', context);
    return;
  }
  const { settings, agent } = loaded.value;
  const warnings = inOrder([...loaded.value.warnings, ...commandWarnings(loaded.value.commands)]);
  const { errors, warnings: slow } = hasManyAddresses(settings.instances)
    ? await takeoverHere(settings.instances)
    : NO_ADVICE;
  if (errors.length > 0) {
    context.setExitCode(EXIT.usage);
    const findings = errors.map(
      (message): Finding => ({ line: 1, column: 1, code: 'capacity', message }),
    );
    if (json) context.stdout(asJson({ ok: false, file, errors: findings }));
    else writeFindings(file, findings, '', context);
    return;
  }
  const summary = configSummary(settings, agent);
  const lacking = [
    ...unreadWarnings(credentials),
    ...pathWarnings([file, ...loaded.value.included], agent.stateDirectory),
    ...groupWarnings(agent.control),
    ...(await hostWarnings(loaded.value)),
    ...slow,
  ];
  if (json) {
    context.stdout(asJson({ ok: true, file, ...summary, warnings, machine: lacking }));
    return;
  }
  writeFindings(file, warnings, 'warning: ', context);
  context.stderr(lacking.map((message) => `${file}: warning: ${message}\n`).join(''));
  context.stdout(renderSummary(summary));
}

function unreadWarnings(credentials: ReadonlySet<string>): string[] {
  if (credentials.size === 0) return [];
  return [
    `only the service has its credentials, so these are not checked: ${[...credentials].join(', ')}`,
  ];
}

/** True if the configuration needs what not every host has, or an address that this one has. */
function needsHostFeatures({ settings, agent }: LoadedConfig): boolean {
  const { instances } = settings;
  const here = new Set(
    Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)),
  );
  return (
    agent.ipvs !== undefined ||
    agent.checkerUser !== undefined ||
    instances.some((one) =>
      [...one.addresses, ...one.extraAddresses].some(({ address }) => here.has(address)),
    ) ||
    instances.some(({ accept, virtualMac, authentication: { type } }) => {
      return !accept || virtualMac !== undefined || type === 'hmac';
    })
  );
}

/** Warnings only, as the file may be for another host. Imported on demand: it loads native code. */
async function hostWarnings(loaded: LoadedConfig): Promise<string[]> {
  const { settings, agent } = loaded;
  const { linkWarnings } = await import('../../daemon/host/links-here.ts');
  const { otherProgramWarnings } = await import('../../daemon/host/other-programs.ts');
  const links = [...linkWarnings(settings), ...otherProgramWarnings()];
  if (!needsHostFeatures(loaded)) return links;
  const { hostSupport, missingOnHost } = await import('../../daemon/host/host-needs.ts');
  return [...missingOnHost(settings, agent, hostSupport()), ...links];
}

type Instances = LoadedConfig['settings']['instances'];

/** Fewer can be taken over within any Master_Down_Interval, and are not worth a measurement. */
const MANY_ADDRESSES = 256;

const NO_ADVICE: TakeoverAdvice = { errors: [], warnings: [] };

function hasManyAddresses(instances: Instances): boolean {
  const counts = instances.map(
    ({ addresses, extraAddresses }) => addresses.length + extraAddresses.length,
  );
  return counts.reduce((sum, count) => sum + count, 0) >= MANY_ADDRESSES;
}

/** Imported on demand, as above. */
async function takeoverHere(instances: Instances): Promise<TakeoverAdvice> {
  const { takeoverAdvice } = await import('../../daemon/host/takeover-advice.ts');
  return takeoverAdvice(instances);
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
