/** What one tracked thing does to who tracks it, from its state alone. */
import type { TrackSettings } from '../settings.ts';

export interface TrackState {
  /** `unknown`: nothing is known of it yet. */
  readonly status: 'unknown' | 'up' | 'down';
  /** The number in a tracked file. */
  readonly value: number | undefined;
}

/** What counts before the first result. */
export const UNTOLD: { readonly [Init in 'up' | 'down' | 'wait']: TrackState } = {
  up: { status: 'up', value: undefined },
  down: { status: 'down', value: undefined },
  wait: { status: 'unknown', value: undefined },
};

/** A sum that no priority is left of: 1..254 lie between the lowest and the highest. */
const EXCLUDED = -254;

/** Whether it is a reason for FAULT. What is unknown is one too, with a weight or without. */
export function trackFails(settings: TrackSettings, { status, value }: TrackState): boolean {
  if (status === 'unknown') return true;
  if (value !== undefined) return weighted(settings, value) <= EXCLUDED;
  return settings.weight === undefined && status === 'down';
}

/** What it adds to the priority, or takes away from it. */
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
