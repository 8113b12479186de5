/**
 * The definition of one kind of event: fields, sentence and severity. Each kind has one entry in one
 * of the tables beside this file; log, history, API, terminal and reference page use that entry.
 */
import { getSystemErrorName } from 'node:util';
import type { Report } from '../../protocol/engine/reports.ts';

/** `error`: the service is or may be affected; `warn`: an operator should look. */
export type EventLevel = 'info' | 'warn' | 'error';

/** Colour on a terminal. */
export type EventColour = 'plain' | 'good' | 'notable' | 'bad';

/** Notifications of the module ietf-vrrp (RFC 8347 section 4). */
export type IetfNotification =
  | 'vrrp-new-master-event'
  | 'vrrp-protocol-error-event'
  | 'vrrp-virtual-router-error-event';

export interface EventEntry<Fields extends object> {
  /** When the event is recorded, for the reference page. */
  readonly when: string;
  readonly level: EventLevel | LevelRule<Fields>;
  /** Default: follows from the level. */
  readonly colour?: (fields: Fields) => EventColour;
  readonly sentence: (fields: Fields) => string;
  /** Absent: RFC 8347 defines no notification for it. */
  readonly notification?: (fields: Fields) => IetfNotification | undefined;
  /** The meaning of each field of the API, for the reference page. */
  readonly fields: { readonly [Name in keyof Fields]: string };
  readonly example: Fields;
}

export interface LevelRule<Fields extends object> {
  readonly of: (fields: Fields) => EventLevel;
  /** For the reference page. */
  readonly words: string;
}

/** An event that the engine reports. */
export interface ReportedEntry<Kind extends Report['kind'], Fields extends object>
  extends EventEntry<Fields> {
  readonly facts: (report: ReportOf<Kind>) => Fields;
}

export type ReportOf<Kind extends Report['kind']> = Extract<Report, { readonly kind: Kind }>;

export function reported<Kind extends Report['kind'], Fields extends object>(
  entry: ReportedEntry<Kind, Fields>,
): ReportedEntry<Kind, Fields> {
  return entry;
}

/** An event that the main thread records itself. */
export function recorded<Fields extends object>(entry: EventEntry<Fields>): EventEntry<Fields> {
  return entry;
}

/** The events of a table as the API shows them, each with its kind. */
export type FactsIn<Table extends { readonly [kind: string]: { readonly example: object } }> = {
  readonly [Kind in keyof Table]: { readonly kind: Kind } & Table[Kind]['example'];
}[keyof Table];

/** `EPERM` for 1, as in errno(3). */
export function systemErrorName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : `errno ${errno}`;
}

export const INSTANCE = 'name of the instance';
export const COUNT_SO_FAR = 'number so far; recorded at 1, 2, 4, 8 and so on';
/** While another program continues, each repair waits longer. */
export const REPAIRS = 'number in a row; recorded at 1, 2, 4, 8 and so on';

/** The end of a sentence about a repair. */
export function repeated(count: number): string {
  return count === 1 ? '' : ` (${count} times in a row: two programs disagree)`;
}
