/** Who and what a scenario has, and the values its steps and expectations give for it. */
import { parseDuration } from '../../config/duration.ts';
import type { Findings, Path } from '../../config/finding.ts';
import type { IpAddress } from '../../net/address.ts';
import { addressOfVip } from './instances.ts';
import type { ProbeType, Scenario, ScenarioNode } from './scenario.ts';

export const SECOND = 1_000_000;

/** What steps and expectations may refer to. */
export interface Cast {
  readonly nodes: readonly ScenarioNode[];
  /** Directors and clients. */
  readonly machines: ReadonlySet<string>;
  readonly addresses: ReadonlySet<IpAddress>;
  readonly watched: Scenario['watched'];
  readonly clients: readonly string[];
  readonly probes: readonly { readonly type: ProbeType; readonly client: string }[];
  readonly duration: number;
}

/** One of the scenario's virtual addresses; the first when nothing is said. */
export function vipAt(
  text: string | undefined,
  path: Path,
  { addresses, watched }: Cast,
  findings: Findings,
): IpAddress {
  if (text === undefined) return watched.address;
  const address = addressOfVip(text);
  if (!addresses.has(address)) {
    findings.error(path, 'conflict', `${text} is no virtual address of this scenario`);
  }
  return address;
}

/** Zero for what cannot be used and has been reported. */
export function durationAt(
  text: string,
  path: Path,
  findings: Findings,
  [minimum, maximum]: readonly [number, number],
): number {
  const value = parseDuration(text);
  if (value === undefined) {
    findings.error(path, 'range', 'expected a duration in whole milliseconds');
    return 0;
  }
  if (value < minimum || value > maximum) {
    const words = `between ${minimum / 1_000} ms and ${maximum / SECOND} s`;
    findings.error(path, 'range', `expected a duration ${words}, found "${text}"`);
  }
  return value;
}
