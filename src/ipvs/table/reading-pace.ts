/** How often the connection table is read, from what a reading costs, and what operators learn of it. */
import { type Duration, longest, microseconds, seconds, times } from '../../net/time.ts';

const PERIOD: Duration = seconds(1);
/** The kernel may spend this part of a processor on it. */
const SHARE = 20;
/** Counting lasts as long as the table is large: with decoding, it stays below 5 % of a processor. */
const COUNTING_SHARE = 40;
/** A table that takes longer is not listed, but counted. */
export const LONGEST_READING: Duration = seconds(5);
/** Such a table is listed again, if that is possible by then, after this time. */
const RETRY: Duration = seconds(600);
/**
 * Up to this number of lines a table costs next to nothing, whatever was measured: on a starved machine that
 * is the cost of everything else.
 */
export const SMALL = 2_000;
/** From this cost on, operators are warned. */
const COSTLY: Duration = seconds(1);

export interface ReadingPace {
  /** From the end of a reading to the start of the next. */
  readonly pause: Duration;
  /** The table is read less than once a second. */
  readonly isSlow: boolean;
}

/** What listing the table has cost, and how many lines that were. */
export interface ReadingCost {
  readonly took: Duration;
  readonly lines: number;
  /** False: it was given up. */
  readonly isWhole: boolean;
}

/** From listing a table in vain to the next attempt. */
export function retryAfter(took: Duration): Duration {
  return longest(times(took, SHARE - 1), RETRY);
}

/** To the next counting of a table that cannot be listed. */
export function paceOfCounting(took: Duration): ReadingPace {
  return {
    pause: longest(microseconds(PERIOD - took), times(took, COUNTING_SHARE - 1)),
    isSlow: false,
  };
}

export function paceAfter({ took, lines }: Omit<ReadingCost, 'isWhole'>): ReadingPace {
  const pause = times(took, SHARE - 1);
  if (lines <= SMALL) {
    return { pause: longest(microseconds(PERIOD - took), times(PERIOD, 0.5)), isSlow: false };
  }
  if (took + pause <= PERIOD) return { pause: microseconds(PERIOD - took), isSlow: false };
  return { pause, isSlow: true };
}

/** Undefined: the table costs little. The text changes only with the power of two. */
export function troubleOf({ took, lines, isWhole }: ReadingCost): string | undefined {
  if (lines <= SMALL) return undefined;
  if (!isWhole) {
    return (
      `the kernel needs more than ${LONGEST_READING / 1_000_000} s to list its connections, so the directors ` +
      'compare only how many each server has, and resend none (before Linux 6.14 twice the connections take ' +
      'four times as long)'
    );
  }
  if (took < COSTLY) return undefined;
  const cost = 2 ** Math.floor(Math.log2(took / 1_000_000));
  return (
    `the kernel needs more than ${cost} s to list its connections, so the directors compare their tables ` +
    `only every ${cost * SHARE} to ${2 * cost * SHARE} s (before Linux 6.14 twice the connections take ` +
    'four times as long)'
  );
}
