/**
 * The weight that holds for a real server, from what its check has found, what operators have
 * decided, what it says of its own load, and the file. No state, no time.
 */

/** `unchecked`: nobody looks. `unknown`: the first result is still to come. */
export type ServerStatus = 'unchecked' | 'unknown' | 'up' | 'down';

export type OnFailure = 'quiesce' | 'remove';

export interface ServerFacts {
  /** That of the file. */
  readonly weight: number;
  readonly status: ServerStatus;
  /** As long as the status is unknown: a former run has left it without new connections. */
  readonly wasQuiet: boolean;
  readonly isDrained: boolean;
  /** What the server's load makes of the weight; undefined: nobody asks, or nobody knows. */
  readonly feedback: number | undefined;
}

/** `absent`: not in the kernel's table at all. */
export type EffectiveWeight = number | 'absent';

/** A weight of 0 in the file is somebody's decision, which no load figure overrules. */
export function effectiveWeight(facts: ServerFacts, onFailure: OnFailure): EffectiveWeight {
  const { weight, status, wasQuiet, isDrained, feedback } = facts;
  if (status === 'down') return onFailure === 'remove' ? 'absent' : 0;
  if (isDrained || weight === 0) return 0;
  if (status === 'unknown' && wasQuiet) return 0;
  return feedback ?? weight;
}

export function serves(weight: EffectiveWeight): boolean {
  return weight !== 'absent' && weight > 0;
}

/** Nobody of the service takes new connections. */
export function needsFallback(weights: readonly EffectiveWeight[]): boolean {
  return !weights.some(serves);
}

export interface HealthCount {
  /** That are up, or that nobody checks. Drained ones count: to drain one is no failure. */
  readonly healthy: number;
  readonly unknown: number;
  readonly total: number;
}

export function countHealthy(statuses: readonly ServerStatus[]): HealthCount {
  const healthy = statuses.filter((status) => status === 'up' || status === 'unchecked').length;
  const unknown = statuses.filter((status) => status === 'unknown').length;
  return { healthy, unknown, total: statuses.length };
}

/** Undefined: that depends on servers of which nothing is known yet. */
export function hasEnough({ healthy, unknown }: HealthCount, needed: number): boolean | undefined {
  if (healthy >= needed) return true;
  return healthy + unknown < needed ? false : undefined;
}
