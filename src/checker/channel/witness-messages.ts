/** What the agent and its checker process say to each other about the witness. */
import type { WitnessAnswer, WitnessRequest } from '../../protocol/engine/witness-messages.ts';
import { count, type Fields, fieldsOf, list, text } from './fields.ts';

/** How the checker process reaches the witness, and who it is there. */
export interface WitnessOrders {
  readonly endpoints: readonly string[];
  readonly prefix: string;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly ttlSeconds: number;
  readonly director: string;
  readonly host: string;
  /** Name, and family with VRID. */
  readonly instances: readonly (readonly [string, string])[];
}

export type ToWitness =
  /** Absent: no witness. */
  | { readonly kind: 'witness'; readonly orders: WitnessOrders | undefined }
  | { readonly kind: 'witness-request'; readonly request: WitnessRequest }
  /** Who has the key; `removes`: and delete it, if it has this revision. Answered by `witness-inspected`. */
  | {
      readonly kind: 'witness-inspect';
      readonly id: number;
      readonly instance: string;
      readonly removes: string | null;
    };

export type FromWitness =
  | {
      readonly kind: 'witness-answer';
      readonly id: number;
      readonly instance: string;
      readonly answer: WitnessAnswer;
    }
  | { readonly kind: 'witness-freed'; readonly instance: string }
  | { readonly kind: 'witness-condition'; readonly condition: WitnessCondition }
  /**
   * `failure`: etcd could not be asked. Else `key`: what was found, with its revision; null: nothing has the
   * key. `removed`: it was deleted.
   */
  | {
      readonly kind: 'witness-inspected';
      readonly id: number;
      readonly failure: string | null;
      readonly key: WitnessKey | null;
      readonly revision: string | null;
      readonly removed: boolean;
    };

/** Whether the witness would work if it were needed. */
export interface WitnessCondition {
  readonly up: boolean;
  /** Why not, and what to do; null: it works. */
  readonly detail: string | null;
  /** Of etcd; null: not known. */
  readonly version: string | null;
  readonly endpoints: readonly WitnessEndpoint[];
  /** What does not stop it now, and an operator should change. */
  readonly problems: readonly string[];
  /** The keys of the instances that exist, when they were looked at. */
  readonly keys: readonly WitnessKey[];
}

export interface WitnessEndpoint {
  readonly url: string;
  readonly state: 'up' | 'down' | 'unknown';
  readonly detail: string | null;
}

export interface WitnessKey {
  readonly instance: string;
  /** Null: the value is none of this program. */
  readonly director: string | null;
  readonly since: string | null;
  /** Family and VRID. */
  readonly router: string | null;
  /** Of this host. */
  readonly isOwn: boolean;
}

/** What operators read may be longer than a result of a check: it says what to do. */
export const WORDS_MAX = 1_000;

const ENDPOINTS_MAX = 32;
const PROBLEMS_MAX = 300;
const KEYS_MAX = 300;

/** Undefined: none of these, or not of its shape. */
export function decodeFromWitness(fields: Fields): FromWitness | undefined {
  switch (fields['kind']) {
    case 'witness-answer':
      return decodeAnswer(fields);
    case 'witness-freed': {
      const instance = text(fields['instance']);
      return instance === undefined ? undefined : { kind: 'witness-freed', instance };
    }
    case 'witness-condition': {
      const condition = decodeCondition(fieldsOf(fields['condition']) ?? {});
      return condition === undefined ? undefined : { kind: 'witness-condition', condition };
    }
    case 'witness-inspected': {
      const id = count(fields['id']);
      const failure = textOrNull(fields['failure']);
      const key = fields['key'] === null ? null : decodeKey(fields['key']);
      const revision = textOrNull(fields['revision']);
      const { removed } = fields;
      if (id === undefined || failure === undefined || key === undefined) return undefined;
      if (revision === undefined || typeof removed !== 'boolean') return undefined;
      return { kind: 'witness-inspected', id, failure, key, revision, removed };
    }
    default:
      return undefined;
  }
}

function decodeAnswer(fields: Fields): FromWitness | undefined {
  const id = count(fields['id']);
  const instance = text(fields['instance']);
  const answer = answerIn(fieldsOf(fields['answer']) ?? {});
  if (id === undefined || instance === undefined || answer === undefined) return undefined;
  return { kind: 'witness-answer', id, instance, answer };
}

function answerIn(fields: Fields): WitnessAnswer | undefined {
  const outcome = fields['outcome'];
  switch (outcome) {
    case 'acquired':
    case 'renewed':
    case 'released':
    case 'handed-over':
      return { outcome };
    case 'refused':
    case 'lost': {
      const holder = textOrNull(fields['holder']);
      return holder === undefined ? undefined : { outcome, holder };
    }
    case 'failed': {
      const reason = fields['reason'];
      const message = text(fields['message'], WORDS_MAX);
      if (reason !== 'unreachable' && reason !== 'rejected' && reason !== 'malformed') {
        return undefined;
      }
      return message === undefined ? undefined : { outcome, reason, message };
    }
    default:
      return undefined;
  }
}

function decodeCondition(fields: Fields): WitnessCondition | undefined {
  const { up } = fields;
  const detail = textOrNull(fields['detail']);
  const version = textOrNull(fields['version']);
  const endpoints = list(fields['endpoints'], ENDPOINTS_MAX, decodeEndpoint);
  const problems = list(fields['problems'], PROBLEMS_MAX, (one) => text(one, WORDS_MAX));
  const keys = list(fields['keys'], KEYS_MAX, decodeKey);
  if (typeof up !== 'boolean' || detail === undefined || version === undefined) return undefined;
  if (endpoints === undefined || problems === undefined || keys === undefined) return undefined;
  return { up, detail, version, endpoints, problems, keys };
}

function decodeEndpoint(value: unknown): WitnessEndpoint | undefined {
  const fields = fieldsOf(value) ?? {};
  const { state } = fields;
  const url = text(fields['url']);
  const detail = textOrNull(fields['detail']);
  if (state !== 'up' && state !== 'down' && state !== 'unknown') return undefined;
  return url === undefined || detail === undefined ? undefined : { url, state, detail };
}

function decodeKey(value: unknown): WitnessKey | undefined {
  const fields = fieldsOf(value) ?? {};
  const { isOwn } = fields;
  const instance = text(fields['instance']);
  const [director, since, router] = ['director', 'since', 'router'].map((name) =>
    textOrNull(fields[name]),
  );
  if (instance === undefined || typeof isOwn !== 'boolean') return undefined;
  if (director === undefined || since === undefined || router === undefined) return undefined;
  return { instance, director, since, router, isOwn };
}

function textOrNull(value: unknown): string | null | undefined {
  return value === null ? null : text(value, WORDS_MAX);
}
