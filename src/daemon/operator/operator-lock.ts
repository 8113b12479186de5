/** A decision of an operator about an instance, which outlives the agent; and its file format. */
import * as z from 'zod';
import type { HeldBackDocument, MaintenanceDocument } from '../../control/protocol.ts';

export interface OperatorLock {
  readonly maintenance: MaintenanceDocument | null;
  readonly heldBack: HeldBackDocument | null;
}

export const NO_LOCK: OperatorLock = { maintenance: null, heldBack: null };

export function isEmpty({ maintenance, heldBack }: OperatorLock): boolean {
  return maintenance === null && heldBack === null;
}

/** True if a maintenance with a time limit is over. */
export function hasExpired({ maintenance }: OperatorLock, now: number): boolean {
  const until = maintenance?.until ?? null;
  return until !== null && Date.parse(until) <= now;
}

const VERSION = 1;

const TIME = z.string().refine((text) => !Number.isNaN(Date.parse(text)));

const LOCK_FILE = z.object({
  version: z.literal(VERSION),
  maintenance: z
    .object({
      since: TIME,
      until: TIME.nullable(),
      by: z.string(),
      reason: z.string().nullable(),
    })
    .nullable(),
  held_back: z.object({ since: TIME, by: z.string() }).nullable(),
});

export function encodeOperatorLock(
  instance: string,
  { maintenance, heldBack }: OperatorLock,
): string {
  const document = { version: VERSION, instance, maintenance, held_back: heldBack };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Undefined: the file is damaged or has another version of the format. */
export function decodeOperatorLock(text: string): OperatorLock | undefined {
  const result = LOCK_FILE.safeParse(parsed(text));
  if (!result.success) return undefined;
  const { maintenance, held_back: heldBack } = result.data;
  return { maintenance, heldBack };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
