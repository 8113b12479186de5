/** What the converters of one file share. */
import type { Branch, Draft, Sourced } from '../draft.ts';
import type { Ledger } from '../ledger.ts';
import { type Statement, textOf } from '../statement.ts';

/** A `vrrp_script`, `track_file`, `vrrp_track_process` or `bfd_instance`, as an entry of `track`. */
export interface Tracker {
  /** Undefined: it cannot be converted, which is listed. */
  readonly entry: Branch | undefined;
  /** Number of the statement in the file: keepalived knows only what comes before its use. */
  readonly position: number;
}

/** Settings of `global_defs` that apply to the instances. */
export interface Globals {
  version: 2 | 3 | undefined;
  strict: boolean;
  user: string | undefined;
  defaultInterface: string | undefined;
  readonly garp: Branch;
  /** `vrrp_mcast_group4` and `vrrp_mcast_group6`. */
  readonly groups: { ipv4?: Sourced; ipv6?: Sourced };
  /** `vrrp_garp_interval` and `vrrp_gna_interval`. */
  readonly spacing: { ipv4?: Sourced; ipv6?: Sourced };
  /** `v3_checksum_as_v2`. */
  checksum: Sourced | undefined;
  /** Rules that the file gives no priority, by family: each comes before the last one. */
  readonly rules: { ipv4: number; ipv6: number };
}

export interface Context {
  readonly draft: Draft;
  readonly ledger: Ledger;
  readonly globals: Globals;
  readonly trackers: ReadonlyMap<string, Tracker>;
  /** New names by names in keepalived.conf; undefined: it could not be converted. */
  readonly instances: Map<string, string | undefined>;
  readonly positions: ReadonlyMap<Statement, number>;
}

/** A time of keepalived, in seconds with fractions; undefined: not a time. */
export function durationOf(seconds: string): string | undefined {
  if (!/^[0-9]+(\.[0-9]*)?$|^\.[0-9]+$/.test(seconds)) return undefined;
  const microseconds = Math.round(Number(seconds) * 1e6);
  if (microseconds % 1e6 === 0) return `${microseconds / 1e6}s`;
  return microseconds % 1e3 === 0 ? `${microseconds / 1e3}ms` : `${microseconds}us`;
}

/** True if words after the first are neither one of the options nor the value of one, which is listed. */
export function hasMoreWords(one: Statement, options: readonly string[], ledger: Ledger): boolean {
  const rest = one.words.filter((word, at) => {
    const isValue = at === 0 || options.includes(one.words[at - 1] ?? '');
    return !isValue && !options.includes(word);
  });
  if (rest.length === 0) return false;
  const message = `${textOf(one)}: "${rest.join(' ')}" cannot be read: a line has one entry`;
  ledger.note(one, 'ignored', message);
  return true;
}
