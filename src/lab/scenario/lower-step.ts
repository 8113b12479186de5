/** A step of the file as an action, its names and bounds checked. */
import type { Findings, Path } from '../../config/finding.ts';
import { type Cast, durationAt, SECOND, vipAt } from './cast.ts';
import { type Action, type Between, NODE_ACTIONS, type ScenarioStep } from './scenario.ts';
import { ACTIONS, type StepFile } from './step-schema.ts';

const STRESS_MAX = 60 * SECOND;
const DELAY_MAX = 10 * SECOND;

const LATER: ReadonlySet<string> = new Set(['failover', 'release', 'maintenance']);

/** Undefined for what has been reported. */
export function lowerStep(
  file: StepFile,
  path: Path,
  cast: Cast,
  findings: Findings,
): ScenarioStep | undefined {
  const at = durationAt(file.at, [...path, 'at'], findings, [0, cast.duration]);
  const named = ACTIONS.filter((key) => file[key] !== undefined);
  const [kind] = named;
  if (kind === undefined) {
    findings.error(path, 'missing', 'this step does nothing: say what happens, like "kill: lb1"');
    return undefined;
  }
  if (named.length > 1) {
    const message = `one step does one thing, this one has ${named.join(' and ')}`;
    findings.error(path, 'conflict', message);
    return undefined;
  }
  const action = lowerAction(file, kind, [...path, kind], cast, findings);
  if (action === undefined) return undefined;
  checkMachines(action, [...path, kind], cast, findings);
  return { at, action };
}

function lowerAction(
  file: StepFile,
  kind: (typeof ACTIONS)[number],
  path: Path,
  cast: Cast,
  findings: Findings,
): Action | undefined {
  for (const name of NODE_ACTIONS) {
    const node = file[name];
    if (name === kind && node !== undefined) return { kind: name, node };
  }
  if (file.link_down !== undefined) return { kind: 'link_down', node: file.link_down };
  if (file.link_up !== undefined) return { kind: 'link_up', node: file.link_up };
  if (file.heal !== undefined) return { kind: 'heal' };
  if (file.partition !== undefined) {
    return { kind: 'partition', ...between(file.partition, path, findings) };
  }
  if (file.loss !== undefined) {
    const { percent } = file.loss;
    return { kind: 'loss', percent, ...between(file.loss, path, findings) };
  }
  if (file.reload !== undefined) return { kind: 'reload', ...file.reload };
  if (file.maintenance !== undefined) return { kind: 'maintenance', ...file.maintenance };
  return timed(file, path, findings) ?? addressAction(file, path, cast, findings);
}

/** What takes some time, which has a bound. */
function timed(file: StepFile, path: Path, findings: Findings): Action | undefined {
  const lasting = (text: string) => durationAt(text, [...path, 'for'], findings, [1, STRESS_MAX]);
  if (file.delay !== undefined) {
    const { node, by, jitter = '0s' } = file.delay;
    return {
      kind: 'delay',
      node,
      by: durationAt(by, [...path, 'by'], findings, [0, DELAY_MAX]),
      jitter: durationAt(jitter, [...path, 'jitter'], findings, [0, DELAY_MAX]),
    };
  }
  if (file.cpu_stress !== undefined) {
    const { loops } = file.cpu_stress;
    return { kind: 'cpu_stress', lasts: lasting(file.cpu_stress.for), loops };
  }
  if (file.flood === undefined) return undefined;
  const { packet, per_second } = file.flood;
  return { kind: 'flood', packet, perSecond: per_second, lasts: lasting(file.flood.for) };
}

function addressAction(
  file: StepFile,
  path: Path,
  cast: Cast,
  findings: Findings,
): Action | undefined {
  for (const kind of ['delete_address', 'add_address'] as const) {
    const value = file[kind];
    if (value === undefined) continue;
    const { node, address = undefined } = typeof value === 'string' ? { node: value } : value;
    return { kind, node, address: vipAt(address, [...path, 'address'], cast, findings) };
  }
  return undefined;
}

interface BetweenFile {
  readonly from: string | string[];
  readonly to: string | string[];
  readonly traffic?: 'vrrp' | 'all' | undefined;
  readonly one_way?: boolean | undefined;
}

function between(file: BetweenFile, path: Path, findings: Findings): Between {
  const [from, to] = [[file.from].flat(), [file.to].flat()];
  const both = from.filter((name) => to.includes(name));
  if (both.length > 0) {
    findings.error([...path, 'to'], 'conflict', `${both.join(', ')} is on both sides`);
  }
  return { from, to, traffic: file.traffic ?? 'all', isOneWay: file.one_way ?? false };
}

function checkMachines(action: Action, path: Path, cast: Cast, findings: Findings): void {
  const named = 'from' in action ? [...action.from, ...action.to] : nodeOf(action);
  for (const name of named) {
    if (cast.machines.has(name)) continue;
    findings.error(path, 'conflict', `there is no ${name} in this scenario`);
  }
  if (!LATER.has(action.kind)) return;
  for (const { name, agent } of cast.nodes) {
    if (!named.includes(name) || agent === 'vrrp-agent') continue;
    findings.error(path, 'conflict', `${agent}, which runs on ${name}, has no such command`);
  }
}

function nodeOf(action: Action): string[] {
  return 'node' in action ? [action.node] : [];
}
