/**
 * The weight of a real server, from its configured weight, the result of its check, the load that it
 * reports, and drains.
 */
import type { WeightScale } from '../../net/probe.ts';

/** `unchecked`: no check is configured. `unknown`: the check has no result yet. */
export type ServerStatus = 'unchecked' | 'unknown' | 'up' | 'down';

export type OnFailure = 'quiesce' | 'remove';

export interface ServerFacts {
  /** As configured. */
  readonly weight: number;
  readonly status: ServerStatus;
  /** How a former run or a former check left it, if without clients; counts while the status is unknown. */
  readonly former: 0 | 'absent' | undefined;
  readonly isDrained: boolean;
  /** Weight that follows from the reported load; undefined: not asked for, or unknown. */
  readonly feedback: number | undefined;
}

/** `absent`: not in the kernel's table. */
export type EffectiveWeight = number | 'absent';

/** A configured weight of 0 is an administrator's decision, which no load overrides. */
export function effectiveWeight(facts: ServerFacts, onFailure: OnFailure): EffectiveWeight {
  const { weight, status, former, isDrained, feedback } = facts;
  if (status === 'down') return weightOfFailed(onFailure);
  if (status === 'unknown' && former === 'absent') return former;
  if (isDrained || weight === 0) return 0;
  if (status === 'unknown' && former === 0) return former;
  return feedback ?? weight;
}

export function weightOfFailed(onFailure: OnFailure): 0 | 'absent' {
  return onFailure === 'remove' ? 'absent' : 0;
}

/** From the results of its checks; undefined: no result yet. */
export function statusOf(checks: readonly (boolean | undefined)[]): ServerStatus {
  if (checks.length === 0) return 'unchecked';
  if (checks.includes(false)) return 'down';
  return checks.includes(undefined) ? 'unknown' : 'up';
}

export function serves(weight: EffectiveWeight): boolean {
  return weight !== 'absent' && weight > 0;
}

/** The weight that the servers of a service need together. */
export interface Quorum {
  readonly weight: number;
  /** How far beyond `weight` the answer changes, in either direction; less than `weight`. */
  readonly hysteresis: number;
}

/** Of a service without a `quorum`: one server that takes new connections. */
export const ANY_SERVER: Quorum = { weight: 1, hysteresis: 0 };

/** The sum of the weights of the servers that take new connections. */
export function liveWeight(weights: readonly EffectiveWeight[]): number {
  return weights.reduce<number>((sum, weight) => sum + (weight === 'absent' ? 0 : weight), 0);
}

/** `before`: the last answer; undefined: there was none. */
export function hasQuorum(
  { weight, hysteresis }: Quorum,
  live: number,
  before: boolean | undefined,
): boolean {
  return live > 0 && live >= (before === true ? weight - hysteresis : weight + hysteresis);
}

export interface HealthCount {
  /** Servers that are up or unchecked. Drained ones count: draining is not a failure. */
  readonly healthy: number;
  readonly unknown: number;
  readonly total: number;
}

export function countHealthy(statuses: readonly ServerStatus[]): HealthCount {
  const healthy = statuses.filter((status) => status === 'up' || status === 'unchecked').length;
  const unknown = statuses.filter((status) => status === 'unknown').length;
  return { healthy, unknown, total: statuses.length };
}

/** Undefined: the answer depends on servers whose status is unknown. */
export function hasEnough({ healthy, unknown }: HealthCount, needed: number): boolean | undefined {
  if (healthy >= needed) return true;
  return healthy + unknown < needed ? false : undefined;
}

/** State of a weight that follows the load. */
export interface Feedback {
  /** Between the bounds, not rounded. */
  readonly smoothed: number;
  /** For the kernel. */
  readonly weight: number;
}

/**
 * The weight after another reading (dynamic feedback scheduling). Smoothing keeps most new connections
 * from going to the server that was idle a moment ago; the first reading is taken as it is.
 */
export function nextFeedback(
  scale: WeightScale,
  before: Feedback | undefined,
  reading: number,
): Feedback {
  const target = targetOf(scale, reading);
  const { smoothing } = scale;
  const smoothed =
    before === undefined ? target : smoothing * before.smoothed + (1 - smoothing) * target;
  return { smoothed, weight: Math.round(smoothed) };
}

function targetOf({ reads, minimum, maximum }: WeightScale, reading: number): number {
  const wanted = reads === 'weight' ? reading : minimum + (maximum - minimum) * (1 - reading);
  return Math.max(minimum, Math.min(maximum, wanted));
}
