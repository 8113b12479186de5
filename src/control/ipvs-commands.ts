/** The shape of what operators ask of one real server: `POST /v1/ipvs/drain` and `/v1/ipvs/undrain`. */
import { parseDuration } from '../config/duration.ts';
import { type Duration, seconds } from '../net/time.ts';
import type { DrainDocument } from './ipvs-document.ts';

export interface DrainTerms {
  readonly service: string;
  readonly server: string;
  /** How long to wait until its connections are gone; null: not at all. */
  readonly wait: Duration | null;
  /** Even if it is the last one. */
  readonly force: boolean;
}

/** Each throws `CommandRefusal`. */
export interface DrainCommands {
  drain(terms: DrainTerms, by: string): Promise<DrainDocument>;
  undrain(terms: Pick<DrainTerms, 'service' | 'server'>, by: string): Promise<DrainDocument>;
}

export const DRAIN_WAIT_MAX = seconds(86_400);

/** Answers the terms, or what is wrong with them. */
export function drainTerms(body: Readonly<Record<string, unknown>>): DrainTerms | string {
  const {
    service,
    server,
    wait = null,
    force = false,
  } = body as { readonly [key: string]: unknown } & {
    readonly service?: unknown;
    readonly server?: unknown;
    readonly wait?: unknown;
    readonly force?: unknown;
  };
  if (typeof service !== 'string') return 'service is the name of a service';
  if (typeof server !== 'string') return 'server is an address with its port';
  if (typeof force !== 'boolean') return 'force is true or false';
  if (wait === null) return { service, server, wait, force };
  const duration = typeof wait === 'string' ? parseDuration(wait) : undefined;
  if (duration === undefined || duration > DRAIN_WAIT_MAX) {
    return 'wait is a duration like "60s", at most 24h';
  }
  return { service, server, wait: duration, force };
}
