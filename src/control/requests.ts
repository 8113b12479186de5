/**
 * Every request that changes something: the shape of each `POST` of the control API and its answer.
 * The server decodes with these schemas; the client's types are derived from them. A request that
 * does not match is refused with 400, the place and the reason.
 */
import * as z from 'zod';
import { parseDuration } from '../config/duration.ts';
import { parseIp } from '../net/address.ts';
import { type Duration, seconds } from '../net/time.ts';
import type { DrainDocument } from './ipvs-document.ts';
import type { HandOverDocument, MaintenanceAnswer, PriorityAnswer } from './operator-protocol.ts';
import type { ReloadDocument } from './protocol.ts';
import type { WitnessReleaseDocument } from './witness-document.ts';

const DEFAULT_WAIT = seconds(10);
const WAIT_MAX = seconds(600);
const DRAIN_WAIT_MAX = seconds(86_400);
/** A year; longer maintenance needs no limit. */
const MAINTENANCE_MAX = seconds(366 * 86_400);
const REASON_MAX = 500;
const NAME_MAX = 64;

/** Null and a missing key mean the same. */
const flag = z
  .boolean('must be true or false')
  .nullish()
  .transform((value) => value ?? false);

const text = z.string('must be a string');

const address = text.transform((value, context) => {
  const parsed = parseIp(value);
  if (parsed !== undefined) return parsed;
  context.addIssue('must be an IP address');
  return z.NEVER;
});

function duration(most: Duration) {
  return text.transform((value, context) => {
    const parsed = parseDuration(value);
    if (parsed !== undefined && parsed <= most) return parsed;
    context.addIssue(`must be a duration like "10s", at most ${most / 1_000_000}s`);
    return z.NEVER;
  });
}

const wait = duration(WAIT_MAX)
  .nullish()
  .transform((value) => value ?? DEFAULT_WAIT);

const priorityValue = 'must be a whole number from 1 to 254, or null for the configured priority';

/** The user that root acts for (sudo(8)); accepted from root only. */
const REQUESTER = {
  requested_by: text
    .max(NAME_MAX, `must have at most ${NAME_MAX} characters`)
    .nullish()
    .transform((value) => value ?? null),
};

export const RELOAD_REQUEST = z.strictObject({ dry_run: flag });

export const TAKEOVER_REQUEST = z.discriminatedUnion(
  'step',
  [
    z.strictObject({ step: z.literal('prepare') }),
    z.strictObject({ step: z.literal('begin'), generation: z.number('must be a number') }),
    z.strictObject({
      step: z.literal('commit'),
      token: text,
      /** Routers that the next process does not have, as `identityOf` joins them. */
      resign: z.array(text).optional(),
    }),
  ],
  'must be prepare, begin or commit',
);

export const FAILOVER_REQUEST = z.discriminatedUnion(
  'release',
  [
    z.strictObject({ release: z.literal(true), ...REQUESTER }),
    z.strictObject({
      release: z.literal(false).nullish(),
      wait,
      force: flag,
      to: address.nullish().transform((value) => value ?? null),
      ...REQUESTER,
    }),
  ],
  'must be true or false',
);

export const MAINTENANCE_REQUEST = z.discriminatedUnion(
  'mode',
  [
    z.strictObject({ mode: z.literal('off'), ...REQUESTER }),
    z.strictObject({
      mode: z.literal('on'),
      reason: text
        .max(REASON_MAX, `must have at most ${REASON_MAX} characters`)
        .nullish()
        .transform((value) => value ?? null),
      for: duration(MAINTENANCE_MAX)
        .refine((value) => value > 0, 'must be greater than 0')
        .nullish()
        .transform((value) => value ?? null),
      wait,
      force: flag,
      ...REQUESTER,
    }),
  ],
  'must be "on" or "off"',
);

export const PRIORITY_REQUEST = z.strictObject({
  priority: z.int(priorityValue).min(1, priorityValue).max(254, priorityValue).nullable(),
  ...REQUESTER,
});

const SERVER = {
  service: z.string('must be the name of a service'),
  server: z.string('must be an address with its port'),
};

export const DRAIN_REQUEST = z.strictObject({
  ...SERVER,
  wait: duration(DRAIN_WAIT_MAX)
    .nullish()
    .transform((value) => value ?? null),
  force: flag,
  ...REQUESTER,
});

export const UNDRAIN_REQUEST = z.strictObject({ ...SERVER, ...REQUESTER });

export const WITNESS_RELEASE_REQUEST = z.strictObject({
  instance: z.string('must be the name of an instance'),
  force: flag,
  ...REQUESTER,
});

/** Requests as the client sends them, before defaults apply. */
export type ReloadRequest = z.input<typeof RELOAD_REQUEST>;
export type TakeoverRequest = z.input<typeof TAKEOVER_REQUEST>;
export type FailoverRequest = z.input<typeof FAILOVER_REQUEST>;
export type MaintenanceRequest = z.input<typeof MAINTENANCE_REQUEST>;
export type PriorityRequest = z.input<typeof PRIORITY_REQUEST>;
export type DrainRequest = z.input<typeof DRAIN_REQUEST>;
export type UndrainRequest = z.input<typeof UNDRAIN_REQUEST>;
export type WitnessReleaseRequest = z.input<typeof WITNESS_RELEASE_REQUEST>;

interface Operation<Request, Answer> {
  readonly request: Request;
  readonly answer: Answer;
}

/** Keyed by path. */
export interface AgentOperations {
  readonly '/v1/reload': Operation<ReloadRequest, ReloadDocument>;
  /** The answer depends on the step; the two processes agree on it. */
  readonly '/v1/takeover': Operation<TakeoverRequest, unknown>;
  readonly '/v1/ipvs/drain': Operation<DrainRequest, DrainDocument>;
  readonly '/v1/ipvs/undrain': Operation<UndrainRequest, DrainDocument>;
  readonly '/v1/witness/release': Operation<WitnessReleaseRequest, WitnessReleaseDocument>;
}

/** Keyed by the last part of `/v1/instances/NAME/...`. */
export interface InstanceOperations {
  readonly failover: Operation<FailoverRequest, HandOverDocument>;
  readonly maintenance: Operation<MaintenanceRequest, MaintenanceAnswer>;
  readonly priority: Operation<PriorityRequest, PriorityAnswer>;
}

export type AgentPath = keyof AgentOperations;
export type InstanceVerb = keyof InstanceOperations;
