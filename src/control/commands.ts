/**
 * Requests that change something: `POST` with a JSON document, or with no body at all. A request of
 * unknown shape changes nothing.
 */
import type { IncomingMessage } from 'node:http';
import type { Refusal } from './bounded-server.ts';
import { type DrainCommands, drainTerms } from './ipvs-commands.ts';
import type { ReloadDocument } from './protocol.ts';

export interface ControlCommands {
  /** Throws `CommandRefusal`. */
  reload(options: { readonly dryRun: boolean }): Promise<ReloadDocument>;
  /** One step by which a new process takes the place of this one. Throws `CommandRefusal`. */
  takeover(step: TakeoverStep, body: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Undefined: the configuration leaves IPVS alone. */
  drains?(): DrainCommands | undefined;
}

export const TAKEOVER_STEPS = ['prepare', 'begin', 'commit', 'abort'] as const;
export type TakeoverStep = (typeof TAKEOVER_STEPS)[number];

/** The agent is asked for something that it does not do; nothing has changed. */
export class CommandRefusal extends Error {
  override readonly name = 'CommandRefusal';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Answers the document of a success. */
export type Command = (
  commands: ControlCommands,
  body: Readonly<Record<string, unknown>>,
  /** Name of who asks. */
  by: () => string,
) => Promise<unknown>;

const COMMANDS: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['/v1/reload', reload],
  ['/v1/takeover', takeover],
  ['/v1/ipvs/drain', drain],
  ['/v1/ipvs/undrain', undrain],
]);

/** `path` is a request target without a query. */
export function commandAt(path: string): Command | undefined {
  return COMMANDS.get(path);
}

function reload(commands: ControlCommands, body: Readonly<Record<string, unknown>>) {
  assertKeys(body, ['dry_run']);
  const dryRun = body['dry_run'] ?? false;
  if (typeof dryRun !== 'boolean') throw badRequest('dry_run is true or false');
  return commands.reload({ dryRun });
}

function takeover(commands: ControlCommands, body: Readonly<Record<string, unknown>>) {
  assertKeys(body, ['step', 'generation', 'token']);
  const step = TAKEOVER_STEPS.find((one) => one === body['step']);
  if (step === undefined) throw badRequest(`step is one of ${TAKEOVER_STEPS.join(', ')}`);
  return commands.takeover(step, body);
}

function drain(
  commands: ControlCommands,
  body: Readonly<Record<string, unknown>>,
  by: () => string,
) {
  assertKeys(body, ['service', 'server', 'wait', 'force', 'requested_by']);
  const terms = drainTerms(body);
  if (typeof terms === 'string') throw badRequest(terms);
  return drainsOf(commands).drain(terms, by());
}

function undrain(
  commands: ControlCommands,
  body: Readonly<Record<string, unknown>>,
  by: () => string,
) {
  assertKeys(body, ['service', 'server', 'requested_by']);
  const terms = drainTerms(body);
  if (typeof terms === 'string') throw badRequest(terms);
  return drainsOf(commands).undrain(terms, by());
}

function drainsOf(commands: ControlCommands): DrainCommands {
  const drains = commands.drains?.();
  if (drains !== undefined) return drains;
  const message = 'the configuration has no "ipvs": this agent leaves IPVS alone';
  throw new CommandRefusal({ status: 404, code: 'no-ipvs', message });
}

export function assertKeys(body: object, known: readonly string[]): void {
  const unknown = Object.keys(body).find((key) => !known.includes(key));
  if (unknown !== undefined) throw badRequest(`there is no key ${JSON.stringify(unknown)}`);
}

export function badRequest(message: string): CommandRefusal {
  return new CommandRefusal({ status: 400, code: 'bad-request', message });
}

const BODY_LIMIT = 64 * 1024;

/** The JSON object that a request carries; nothing is an empty one. */
export async function bodyOf(request: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT) {
      const message = `a request has at most ${BODY_LIMIT} bytes`;
      throw new CommandRefusal({ status: 413, code: 'body-too-large', message });
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text.trim() === '') return {};
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('the body is no JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('the body is no JSON');
  }
}
