/** An expectation of the file, its names and its window checked. */
import type { Findings, Path } from '../../config/finding.ts';
import { type Cast, durationAt } from './cast.ts';
import { type ExpectationFile, type ExpectationKind, KINDS } from './expectation-schema.ts';
import { CLIENT_NAME } from './names.ts';
import type { Demand, Expectation, Limits, ProbeType } from './scenario.ts';

/** Undefined for what has been reported. */
export function lowerExpectation(
  file: ExpectationFile,
  path: Path,
  cast: Cast,
  findings: Findings,
): Expectation | undefined {
  const named = KINDS.filter((kind) => file[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined) {
    const message = `nothing is expected here: say one of ${KINDS.join(', ')}`;
    findings.error(path, 'missing', message);
    return undefined;
  }
  if (named.length > 1) {
    const message = `one entry expects one thing, this one has ${named.join(' and ')}`;
    findings.error(path, 'conflict', message);
    return undefined;
  }
  const window = lowerWindow(file, path, cast, findings);
  const demand = lowerDemand(file, kind, [...path, kind], cast, findings);
  return demand === undefined ? undefined : { ...demand, ...window, why: file.why ?? '' };
}

function lowerWindow(file: ExpectationFile, path: Path, cast: Cast, findings: Findings) {
  const time = (key: 'at' | 'from' | 'to', otherwise: number) => {
    const text = file[key];
    if (text === undefined) return otherwise;
    return durationAt(text, [...path, key], findings, [0, cast.duration]);
  };
  if (file.at !== undefined && (file.from !== undefined || file.to !== undefined)) {
    findings.error([...path, 'at'], 'conflict', '"at" is a moment; it excludes "from" and "to"');
  }
  const [from, to] =
    file.at === undefined
      ? [time('from', 0), time('to', cast.duration)]
      : [time('at', 0), time('at', 0)];
  if (from > to) findings.error([...path, 'to'], 'conflict', '"to" lies before "from"');
  return { from, to };
}

function lowerDemand(
  file: ExpectationFile,
  kind: ExpectationKind,
  path: Path,
  cast: Cast,
  findings: Findings,
): Demand | undefined {
  const client = clientIn(file, kind, path, cast, findings);
  switch (kind) {
    case 'owner':
      return { kind, owner: holderIn(file[kind], path, cast, findings) };
    case 'arp_owner':
      return { kind, client, owner: holderIn(file[kind], path, cast, findings) };
    case 'masters':
    case 'transitions':
    case 'discarded':
      return { kind, ...counted(file[kind] ?? 0, path, cast, findings) };
    case 'outage': {
      const probe = probed(file.outage?.probe, client, path, cast, findings);
      return { kind, client, probe, ...timed(file, kind) };
    }
    case 'dual':
      return { kind, ...timed(file, kind) };
    case 'invariants': {
      const bound = durationAt(file.invariants ?? '', path, findings, [1, cast.duration]);
      return { kind, bound };
    }
    case 'stream':
      probed('stream', client, path, cast, findings);
      return { kind, client, fate: file.stream ?? 'survives' };
  }
  function timed(from: ExpectationFile, which: 'outage' | 'dual'): Limits {
    const { at_most, at_least } = from[which] ?? {};
    if (at_most === undefined && at_least === undefined) {
      findings.error(path, 'missing', 'expected at_most, at_least, or both');
    }
    const limit = (text: string | undefined, key: string) =>
      text === undefined
        ? undefined
        : durationAt(text, [...path, key], findings, [0, cast.duration]);
    return { atMost: limit(at_most, 'at_most'), atLeast: limit(at_least, 'at_least') };
  }
}

type CountFile = NonNullable<ExpectationFile['masters']>;

function counted(
  file: CountFile,
  path: Path,
  cast: Cast,
  findings: Findings,
): Limits & { readonly node?: string } {
  if (typeof file === 'number') return { atMost: file, atLeast: file };
  const { at_most, at_least, node } = file;
  if (at_most === undefined && at_least === undefined) {
    findings.error(path, 'missing', 'expected at_most, at_least, or both');
  }
  if (node !== undefined) checkNode(node, [...path, 'node'], cast, findings);
  return { atMost: at_most, atLeast: at_least, ...(node === undefined ? {} : { node }) };
}

function holderIn(owner: string | undefined, path: Path, cast: Cast, findings: Findings): string {
  if (owner === undefined || owner === 'none') return 'none';
  if (owner !== 'one') checkNode(owner, path, cast, findings);
  return owner;
}

const OF_A_CLIENT: ReadonlySet<ExpectationKind> = new Set(['arp_owner', 'outage', 'stream']);

function clientIn(
  { client = CLIENT_NAME }: ExpectationFile,
  kind: ExpectationKind,
  path: Path,
  { clients }: Cast,
  findings: Findings,
): string {
  const where = [...path.slice(0, -1), 'client'];
  if (client !== CLIENT_NAME && !OF_A_CLIENT.has(kind)) {
    findings.error(where, 'conflict', `${kind} is the same for all clients`, 'key');
  }
  if (!clients.includes(client)) {
    findings.error(where, 'conflict', `there is no ${client} in this scenario`);
  }
  return client;
}

/** By default the first of the client's probes that is no stream. */
function probed(
  probe: ProbeType | undefined,
  client: string,
  path: Path,
  cast: Cast,
  findings: Findings,
): ProbeType {
  const own = cast.probes.filter((one) => one.client === client).map(({ type }) => type);
  const wanted = probe ?? own.find((type) => type !== 'stream');
  if (wanted === undefined || !own.includes(wanted)) {
    const which = wanted === undefined ? '' : ` of type ${wanted}`;
    const whose = client === CLIENT_NAME ? '' : ` from ${client}`;
    findings.error(path, 'conflict', `there is no probe${which}${whose}`);
  }
  return wanted ?? 'icmp';
}

function checkNode(name: string, path: Path, cast: Cast, findings: Findings): void {
  if (cast.nodes.some((node) => node.name === name)) return;
  findings.error(path, 'conflict', `there is no ${name} in this scenario`);
}
