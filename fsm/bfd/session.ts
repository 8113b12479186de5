/**
 * The states of a BFD session as a table (RFC 5880 sections 6.2, 6.8.4, 6.8.6 and 6.8.16): what a state
 * received from the neighbour, the end of the Detection Time, or an operator's decision leads to. What has
 * no row changes nothing.
 */
import type { BfdDiagnostic, BfdState } from '../../src/net/bfd.ts';

/** `hears-…`: the state in a valid packet of the neighbour. */
export type BfdEvent =
  | `hears-${BfdState}`
  /** A Detection Time has passed without a valid packet. */
  | 'detection-timeout'
  /** The session is taken out of service. */
  | 'disable';

interface Row {
  readonly state: BfdState;
  readonly event: BfdEvent;
  readonly target: BfdState;
  /** bfd.LocalDiag afterwards; undefined: it stays. */
  readonly diagnostic: BfdDiagnostic | undefined;
  /** The state stays, and the same packet again does nothing but restart the Detection Time. */
  readonly repeats?: true;
  readonly description: string;
}

export const BFD_TABLE: readonly Row[] = [
  {
    state: 'Down',
    event: 'hears-Down',
    target: 'Init',
    diagnostic: undefined,
    description: 'RFC 5880 6.8.6: the neighbour is heard, and does not hear this host yet',
  },
  {
    state: 'Down',
    event: 'hears-Init',
    target: 'Up',
    diagnostic: 'none',
    description: 'RFC 5880 6.8.6: the neighbour hears this host',
  },
  {
    state: 'Init',
    event: 'hears-Init',
    target: 'Up',
    diagnostic: 'none',
    description: 'RFC 5880 6.8.6: both hear each other',
  },
  {
    state: 'Init',
    event: 'hears-Up',
    target: 'Up',
    diagnostic: 'none',
    description: 'RFC 5880 6.8.6: both hear each other',
  },
  {
    state: 'Init',
    event: 'hears-AdminDown',
    target: 'Down',
    diagnostic: 'neighbour-signaled-down',
    description: 'RFC 5880 6.8.6: the neighbour has disabled the session',
  },
  {
    state: 'Init',
    event: 'detection-timeout',
    target: 'Down',
    diagnostic: 'detection-time-expired',
    description: 'RFC 5880 6.8.4: the neighbour is silent',
  },
  {
    state: 'Up',
    event: 'hears-Up',
    target: 'Up',
    diagnostic: undefined,
    repeats: true,
    description: 'RFC 5880 6.8.6: both hear each other, as before',
  },
  {
    state: 'Up',
    event: 'hears-Down',
    target: 'Down',
    diagnostic: 'neighbour-signaled-down',
    description: 'RFC 5880 6.8.6: the neighbour does not hear this host',
  },
  {
    state: 'Up',
    event: 'hears-AdminDown',
    target: 'Down',
    diagnostic: 'neighbour-signaled-down',
    description: 'RFC 5880 6.8.6: the neighbour has disabled the session',
  },
  {
    state: 'Up',
    event: 'detection-timeout',
    target: 'Down',
    diagnostic: 'detection-time-expired',
    description: 'RFC 5880 6.8.4: the neighbour is silent',
  },
  ...(['Down', 'Init', 'Up'] as const).map((state) => ({
    state,
    event: 'disable' as const,
    target: 'AdminDown' as const,
    diagnostic: 'administratively-down' as const,
    description: 'RFC 5880 6.8.16: the session is no longer configured, or the agent stops',
  })),
];

export interface BfdStep {
  readonly state: BfdState;
  readonly diagnostic: BfdDiagnostic;
}

/** Undefined: the state ignores the event. `repeats`: it stays, as `Row` says. */
export function bfdStep(
  { state, diagnostic }: BfdStep,
  event: BfdEvent,
): BfdStep | 'repeats' | undefined {
  const row = BFD_TABLE.find((one) => one.state === state && one.event === event);
  if (row === undefined) return undefined;
  if (row.repeats === true) return 'repeats';
  return { state: row.target, diagnostic: row.diagnostic ?? diagnostic };
}
