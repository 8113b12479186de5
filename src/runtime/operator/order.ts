/** What an operator has decided about an instance and what outlives the agent. */
import type { HeldBackDocument, MaintenanceDocument } from '../../control/operator-protocol.ts';

export interface Order {
  readonly maintenance: MaintenanceDocument | null;
  readonly heldBack: HeldBackDocument | null;
}

export const NO_ORDER: Order = { maintenance: null, heldBack: null };

export function isEmpty({ maintenance, heldBack }: Order): boolean {
  return maintenance === null && heldBack === null;
}

/** Whether the time it was given for is over. */
export function hasExpired({ maintenance }: Order, now: number): boolean {
  const until = maintenance?.until ?? null;
  return until !== null && Date.parse(until) <= now;
}

const VERSION = 1;

export function encodeOrder(instance: string, { maintenance, heldBack }: Order): string {
  const document = { version: VERSION, instance, maintenance, held_back: heldBack };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** Undefined: this is no order, or one of another program version. */
export function decodeOrder(text: string): Order | undefined {
  const document = parsed(text);
  if (document === undefined || document['version'] !== VERSION) return undefined;
  const maintenance = maintenanceOf(document['maintenance']);
  const heldBack = heldBackOf(document['held_back']);
  return maintenance === undefined || heldBack === undefined
    ? undefined
    : { maintenance, heldBack };
}

function maintenanceOf(value: unknown): MaintenanceDocument | null | undefined {
  if (value === null) return null;
  const { since, until, by, reason } = fieldsOf(value);
  if (!isTime(since) || typeof by !== 'string') return undefined;
  if (until !== null && !isTime(until)) return undefined;
  if (reason !== null && typeof reason !== 'string') return undefined;
  return { since, until, by, reason };
}

function heldBackOf(value: unknown): HeldBackDocument | null | undefined {
  if (value === null) return null;
  const { since, by } = fieldsOf(value);
  return isTime(since) && typeof by === 'string' ? { since, by } : undefined;
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}

function parsed(text: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

type Fields = { readonly [key: string]: unknown } & {
  readonly since?: unknown;
  readonly until?: unknown;
  readonly by?: unknown;
  readonly reason?: unknown;
};

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
