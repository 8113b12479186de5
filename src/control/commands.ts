/** Requests that change something in the agent: `POST` with a JSON document, or with no body at all. */
import type { IncomingMessage } from 'node:http';
import type * as z from 'zod';
import type { Duration } from '../net/time.ts';
import type { Refusal } from './bounded-server.ts';
import type { DrainDocument } from './ipvs-document.ts';
import type { ReloadDocument } from './protocol.ts';
import {
  type AgentOperations,
  type AgentPath,
  DRAIN_REQUEST,
  RELOAD_REQUEST,
  TAKEOVER_REQUEST,
  type TakeoverRequest,
  UNDRAIN_REQUEST,
  WITNESS_RELEASE_REQUEST,
} from './requests.ts';
import type { WitnessReleaseDocument } from './witness-document.ts';

export interface ControlCommands {
  /** Throws `CommandRefusal`. */
  reload(options: { readonly dryRun: boolean }): Promise<ReloadDocument>;
  /** One step of a takeover by a new process. Throws `CommandRefusal`. */
  takeover(request: TakeoverRequest, peer: Peer | undefined): Promise<unknown>;
  /** Undefined: the configuration has no `ipvs`. */
  drains?(): DrainCommands | undefined;
  /** Deletes the key of an instance in the witness. Throws `CommandRefusal`. Absent: there is none. */
  releaseWitness?(terms: WitnessReleaseTerms, by: string): Promise<WitnessReleaseDocument>;
}

export interface WitnessReleaseTerms {
  readonly instance: string;
  /** Even if another director has it, which may be MASTER. */
  readonly force: boolean;
}

export interface DrainTerms {
  readonly service: string;
  readonly server: string;
  /** How long to wait for its connections to end; null: do not wait. */
  readonly wait: Duration | null;
  /** Drain it even if it is the last server. */
  readonly force: boolean;
}

/** Each throws `CommandRefusal`. */
export interface DrainCommands {
  drain(terms: DrainTerms, by: string): Promise<DrainDocument>;
  undrain(terms: Pick<DrainTerms, 'service' | 'server'>, by: string): Promise<DrainDocument>;
}

/** The agent refuses a request; nothing has changed. */
export class CommandRefusal extends Error {
  override readonly name = 'CommandRefusal';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** The process at the other end of the control socket, according to the kernel. */
export interface Peer {
  /** 0: a process of another PID namespace. */
  readonly pid: number;
  readonly uid: number;
}

/** Identifies the user who makes the request; `claimed` is the name given in it. */
export type RequesterOf = (claimed: string | null) => string;

/** The origin of a request. */
export interface RequestOrigin {
  readonly requesterOf: RequesterOf;
  /** Undefined: the kernel does not tell. */
  readonly peer: Peer | undefined;
}

/** Resolves to the document of the response. */
export type AgentCommand = (
  commands: ControlCommands,
  body: unknown,
  origin: RequestOrigin,
) => Promise<unknown>;

const COMMANDS: {
  readonly [Path in AgentPath]: (
    ...given: Parameters<AgentCommand>
  ) => Promise<AgentOperations[Path]['answer']>;
} = {
  '/v1/reload': async (commands, body) => {
    const { dry_run: dryRun } = decode(RELOAD_REQUEST, body);
    return commands.reload({ dryRun });
  },
  '/v1/takeover': async (commands, body, { peer }) =>
    commands.takeover(decode(TAKEOVER_REQUEST, body), peer),
  '/v1/ipvs/drain': async (commands, body, { requesterOf }) => {
    const { requested_by: claimed, ...terms } = decode(DRAIN_REQUEST, body);
    return drainsOf(commands).drain(terms, requesterOf(claimed));
  },
  '/v1/ipvs/undrain': async (commands, body, { requesterOf }) => {
    const { requested_by: claimed, ...terms } = decode(UNDRAIN_REQUEST, body);
    return drainsOf(commands).undrain(terms, requesterOf(claimed));
  },
  '/v1/witness/release': async (commands, body, { requesterOf }) => {
    const { requested_by: claimed, ...terms } = decode(WITNESS_RELEASE_REQUEST, body);
    const { releaseWitness } = commands;
    if (releaseWitness === undefined) throw noWitness();
    return releaseWitness(terms, requesterOf(claimed));
  },
};

const BY_PATH: ReadonlyMap<string, AgentCommand> = new Map(Object.entries(COMMANDS));

/** `path` is a request target without a query. */
export function commandAt(path: string): AgentCommand | undefined {
  return BY_PATH.get(path);
}

function drainsOf(commands: ControlCommands): DrainCommands {
  const drains = commands.drains?.();
  if (drains !== undefined) return drains;
  const message = 'the configuration has no "ipvs": this agent does not manage IPVS';
  throw new CommandRefusal({ status: 404, code: 'no-ipvs', message });
}

export function noWitness(): CommandRefusal {
  const message = 'the configuration has no "witness"';
  return new CommandRefusal({ status: 404, code: 'no-witness', message });
}

/** Throws a `CommandRefusal` that lists every mismatch in the body. */
export function decode<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  throw badRequest(result.error.issues.map(issueText).join('; '));
}

function issueText(issue: z.core.$ZodIssue): string {
  const place = issue.path.join('.');
  if (issue.code !== 'unrecognized_keys') return `${place || 'the request'}: ${issue.message}`;
  const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
  return `${place || 'the request'}: unknown key ${keys}`;
}

export function badRequest(message: string): CommandRefusal {
  return new CommandRefusal({ status: 400, code: 'bad-request', message });
}

const BODY_LIMIT = 64 * 1024;

/** The JSON object that a request carries; an empty body is an empty object. */
export async function bodyOf(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) {
      const message = `request body too large: at most ${BODY_LIMIT} bytes`;
      throw new CommandRefusal({ status: 413, code: 'body-too-large', message });
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return {};
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('request body is not a JSON object');
  }
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('request body is not valid JSON');
  }
}
