/** The effect of a tracked object on a router, from the state of the object. */
import type { TrackSettings } from '../settings.ts';

export interface TrackState {
  /** `unknown`: no result yet. */
  readonly status: 'unknown' | 'up' | 'down';
  /** The number in a tracked file. */
  readonly value: number | undefined;
}

/** The state before the first result. */
export const INITIAL_TRACK_STATE: { readonly [Init in 'up' | 'down' | 'wait']: TrackState } = {
  up: { status: 'up', value: undefined },
  down: { status: 'down', value: undefined },
  wait: { status: 'unknown', value: undefined },
};

/** Reduces every priority of 1..254 to less than 1. */
const EXCLUDED = -254;

/** True if the object is a reason for FAULT. An unknown state always is, even with a weight. */
export function trackFails(settings: TrackSettings, { status, value }: TrackState): boolean {
  if (status === 'unknown') return true;
  if (value !== undefined) return weighted(settings, value) <= EXCLUDED;
  return settings.weight === undefined && status === 'down';
}

/** The adjustment of the priority. */
export function trackAdjustment(settings: TrackSettings, { status, value }: TrackState): number {
  const { weight } = settings;
  if (status === 'unknown') return 0;
  if (value !== undefined) return clamped(weighted(settings, value));
  if (weight === undefined) return 0;
  if (weight < 0) return status === 'down' ? weight : 0;
  return status === 'up' ? weight : 0;
}

function weighted({ weight }: TrackSettings, value: number): number {
  return (weight ?? 1) * value;
}

function clamped(sum: number): number {
  return Math.max(-254, Math.min(254, sum));
}
