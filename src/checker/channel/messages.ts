/**
 * What the agent and its checker process say to each other: one JSON document in a line. The agent
 * trusts nothing in a line of the checker: the decoder is total, and bounds every text and number.
 */
import type { WebhookSettings } from '../../config/notification-settings.ts';
import type { ProbeSettings } from '../../net/probe.ts';
import { failure, type Result, success } from '../../net/result.ts';
import { count, type Fields, fieldsOf, text } from './fields.ts';
import { decodeFromWitness, type FromWitness, type ToWitness } from './witness-messages.ts';

export { DETAIL_MAX } from './fields.ts';

/** The judged state of a probe, as the engine receives it. */
export interface ProbeChange {
  readonly up: boolean;
  /** The number read from a file or a server. */
  readonly value: number | undefined;
  /** For people. */
  readonly detail: string;
}

export type ToChecker =
  | {
      readonly kind: 'watch';
      readonly id: number;
      readonly settings: ProbeSettings;
      /** The first run comes within this time. */
      readonly spreadMs: number;
      /** The state that a former checker found; undefined: unknown. */
      readonly known: Pick<ProbeChange, 'up' | 'value'> | undefined;
    }
  | { readonly kind: 'unwatch'; readonly id: number }
  | {
      readonly kind: 'post';
      readonly id: number;
      readonly webhook: WebhookSettings;
      readonly body: string;
    }
  | ToWitness;

export type FromChecker =
  /** The process runs, with what is left of its privileges. */
  | {
      readonly kind: 'ready';
      /** The effective set of capabilities(7), in hexadecimal. */
      readonly capabilities: string;
      readonly uid: number;
    }
  /** Every second. `wait`: how long the next command has been waiting for a slot, in milliseconds. */
  | { readonly kind: 'alive'; readonly wait: number }
  /** The first state of a probe, and each change. */
  | ({ readonly kind: 'changed'; readonly id: number } & ProbeChange)
  /** Probes that ran since the last message about them. */
  | { readonly kind: 'ran'; readonly runs: readonly ProbeRuns[] }
  | { readonly kind: 'posted'; readonly id: number; readonly status: number }
  | { readonly kind: 'post-failed'; readonly id: number; readonly detail: string }
  /** A fault of the program in a probe; the process continues. */
  | { readonly kind: 'error'; readonly detail: string }
  | FromWitness;

/** The runs of one probe since the last message about it. */
export interface ProbeRuns {
  readonly id: number;
  readonly runs: number;
  readonly failures: number;
  readonly overruns: number;
  /** Of the latest run. */
  readonly detail: string;
  /** Unix time in milliseconds of the latest run that had a result; 0: none had. */
  readonly at: number;
}

/** Longer lines are an error. */
export const LINE_MAX = 256 * 1_024;

/** The latest time that a Date has (ECMA-262, section 21.4.1.1). */
const DATE_MAX = 8.64e15;

const CAPABILITIES = /^[0-9a-f]{1,16}$/;

export function decodeFromChecker(line: string): Result<FromChecker, string> {
  const document = parse(line);
  const decoded = document === undefined ? undefined : decode(document);
  return decoded === undefined
    ? failure(`not a message: ${JSON.stringify(line.slice(0, 60))}`)
    : success(decoded);
}

function parse(line: string): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function decode(fields: Fields): FromChecker | undefined {
  const { kind } = fields;
  const id = count(fields['id']);
  const detail = text(fields['detail']);
  switch (kind) {
    case 'ready':
      return decodeReady(fields);
    case 'alive': {
      const wait = count(fields['wait']);
      return wait === undefined ? undefined : { kind, wait };
    }
    case 'changed':
      return decodeChange(fields);
    case 'ran':
      return decodeRan(fields);
    case 'posted': {
      const status = count(fields['status']);
      return id === undefined || status === undefined ? undefined : { kind, id, status };
    }
    case 'error':
      return detail === undefined ? undefined : { kind, detail };
    case 'post-failed':
      return id === undefined || detail === undefined ? undefined : { kind, id, detail };
    default:
      return decodeFromWitness(fields);
  }
}

function decodeReady({ capabilities, uid: user }: Fields): FromChecker | undefined {
  const uid = count(user);
  if (typeof capabilities !== 'string' || !CAPABILITIES.test(capabilities)) return undefined;
  return uid === undefined ? undefined : { kind: 'ready', capabilities, uid };
}

function decodeChange({ id: number, up, value, detail: words }: Fields): FromChecker | undefined {
  const id = count(number);
  const detail = text(words);
  if (id === undefined || typeof up !== 'boolean' || detail === undefined) return undefined;
  if (value === undefined) return { kind: 'changed', id, up, value, detail };
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return { kind: 'changed', id, up, value, detail };
}

function decodeRan({ runs }: Fields): FromChecker | undefined {
  if (!Array.isArray(runs)) return undefined;
  const decoded = runs.flatMap((one: unknown) => decodeRuns(fieldsOf(one)) ?? []);
  return decoded.length === runs.length ? { kind: 'ran', runs: decoded } : undefined;
}

function decodeRuns(fields: Fields | undefined): ProbeRuns | undefined {
  if (fields === undefined) return undefined;
  const numbers = ['id', 'runs', 'failures', 'overruns', 'at'].map((name) => count(fields[name]));
  const [id, runs, failures, overruns, at] = numbers;
  const detail = text(fields['detail']);
  if (id === undefined || runs === undefined || failures === undefined) return undefined;
  if (overruns === undefined || detail === undefined) return undefined;
  if (at === undefined || at > DATE_MAX) return undefined;
  return { id, runs, failures, overruns, at, detail };
}
