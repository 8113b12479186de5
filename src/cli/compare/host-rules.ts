/** What of two hosts should be the same. All of it may differ for a while, in a rolling upgrade. Pure. */
import type { ConfigurationDocument } from './configuration-document.ts';
import type { ConfigurationFinding } from './finding.ts';

/** A document on its way is older by less. */
const CLOCK_UNMEASURED_MS = 5_000;

/** From here on the peer link warns too. */
const CLOCK_MS = 1_000;

export function hostFindings(
  here: ConfigurationDocument,
  there: ConfigurationDocument,
  now: number | undefined,
): ConfigurationFinding[] {
  return [
    ...unequal('version', here.version, there.version),
    ...unequal('host.kernel', here.host.kernel, there.host.kernel),
    ...unequal('host.architecture', here.host.architecture, there.host.architecture),
    ...maps('host.ip_vs', here.host.ip_vs, there.host.ip_vs),
    ...maps('host.sysctl', here.host.sysctl, there.host.sysctl),
    ...interfaceFindings(here, there),
    ...clockFindings(here, there, now),
  ];
}

/** Once for each interface, under the name of its first instance. */
function interfaceFindings(
  here: ConfigurationDocument,
  there: ConfigurationDocument,
): ConfigurationFinding[] {
  const compared = new Set<string>();
  return Object.entries(here.host.interfaces).flatMap(([instance, settings]) => {
    const others = there.host.interfaces[instance];
    if (others === undefined) return [];
    const links = [here, there].map((one) => linkOf(one, instance)).join(' ');
    if (compared.has(links)) return [];
    compared.add(links);
    return maps(`host.interfaces.${instance}`, settings, others);
  });
}

/** An interface that is not known counts as one of its own. */
function linkOf({ configuration }: ConfigurationDocument, instance: string): string {
  const found = configuration.instances.find(({ name }) => name === instance);
  return found?.interface ?? `of ${instance}`;
}

/** What only one kernel has is not compared: that is the difference of the kernels. */
function maps(
  path: string,
  here: Readonly<Record<string, string>>,
  there: Readonly<Record<string, string>>,
): ConfigurationFinding[] {
  return Object.entries(here).flatMap(([name, value]) =>
    there[name] === undefined ? [] : unequal(`${path}.${name}`, value, there[name]),
  );
}

function clockFindings(
  here: ConfigurationDocument,
  there: ConfigurationDocument,
  now: number | undefined,
): ConfigurationFinding[] {
  const theirs = there.clock_offsets[here.router];
  const measured = here.clock_offsets[there.router] ?? (theirs === undefined ? undefined : -theirs);
  const ahead = measured ?? (now === undefined ? 0 : Date.parse(there.at) - now);
  const limit = measured === undefined ? CLOCK_UNMEASURED_MS : CLOCK_MS;
  if (Math.abs(ahead) < limit) return [];
  const text = `${(ahead / 1_000).toFixed(1)} s ${measured === undefined ? '(about)' : '(measured)'}`;
  return unequal('host.clock', '0.0 s', text);
}

function unequal(path: string, here: string, there: string): ConfigurationFinding[] {
  return here === there ? [] : [{ level: 'warning', path, rule: 'equal', here, there }];
}
