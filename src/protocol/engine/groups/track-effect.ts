/** The effect of a tracked object on a router, from the state of the object. */
import type { TrackSettings } from '../settings.ts';

export interface TrackState {
  /** `unknown`: no result yet, or none for so long that it says nothing any longer. */
  readonly status: 'unknown' | 'up' | 'down';
  /** The number in a tracked file. */
  readonly value: number | undefined;
  /** Of an unknown state: the last result before. Its effect stays until there is another result. */
  readonly former?: TrackState | undefined;
}

/** The state before the first result. */
export const INITIAL_TRACK_STATE: { readonly [Init in 'up' | 'down' | 'wait']: TrackState } = {
  up: { status: 'up', value: undefined },
  down: { status: 'down', value: undefined },
  wait: { status: 'unknown', value: undefined },
};

/** Reduces every priority of 1..254 to less than 1. */
const EXCLUDED = -254;

/** Unknown after a result: an outage of the checks takes no director out of service, and none back. */
export function lostState(before: TrackState): TrackState {
  return before.status === 'unknown'
    ? before
    : { status: 'unknown', value: undefined, former: before };
}

/**
 * True if the object is a reason for FAULT. A state that was never known is, with a weight or without.
 */
export function trackFails(settings: TrackSettings, state: TrackState): boolean {
  const { status, value, former } = state;
  if (former !== undefined) return trackFails(settings, former);
  if (status === 'unknown') return true;
  if (value !== undefined) return weighted(settings, value) <= EXCLUDED;
  return settings.weight === undefined && status === (settings.reverse ? 'up' : 'down');
}

/** The adjustment of the priority. */
export function trackAdjustment(settings: TrackSettings, state: TrackState): number {
  const { weight, reverse } = settings;
  const { status, value, former } = state;
  if (former !== undefined) return trackAdjustment(settings, former);
  if (status === 'unknown') return 0;
  if (value !== undefined) return clamped(weighted(settings, value));
  if (weight === undefined) return 0;
  if (status !== (weight < 0 ? 'down' : 'up')) return 0;
  return reverse ? -weight : weight;
}

function weighted({ weight }: TrackSettings, value: number): number {
  return (weight ?? 1) * value;
}

function clamped(sum: number): number {
  return Math.max(-254, Math.min(254, sum));
}
