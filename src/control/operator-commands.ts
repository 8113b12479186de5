/**
 * The shape of what operators ask of one instance. Nothing is decided here: a body that is not
 * understood in full is refused before anything happens.
 */
import type { Socket } from 'node:net';
import { parseDuration } from '../config/duration.ts';
import { type IpAddress, parseIp } from '../net/address.ts';
import { type Duration, seconds } from '../net/time.ts';
import { assertKeys, badRequest } from './commands.ts';
import type { HandOverDocument, MaintenanceAnswer, PriorityAnswer } from './operator-protocol.ts';

/** Who asks, for the events and the log. */
export type Asker = string;

export interface FailoverTerms {
  readonly wait: Duration;
  readonly force: boolean;
  readonly to: IpAddress | null;
}

export interface MaintenanceTerms {
  readonly wait: Duration;
  readonly force: boolean;
  readonly reason: string | null;
  /** Null: until it is ended. */
  readonly for: Duration | null;
}

/** Each throws `CommandRefusal`. */
export interface OperatorCommands {
  failover(instance: string, terms: FailoverTerms, by: Asker): Promise<HandOverDocument>;
  release(instance: string, by: Asker): Promise<HandOverDocument>;
  beginMaintenance(
    instance: string,
    terms: MaintenanceTerms,
    by: Asker,
  ): Promise<MaintenanceAnswer>;
  endMaintenance(instance: string, by: Asker): Promise<MaintenanceAnswer>;
  /** Null: the configured priority counts again. */
  setPriority(instance: string, priority: number | null, by: Asker): Promise<PriorityAnswer>;
}

/** Operators, and how to tell who they are. */
export interface OperatorAccess {
  readonly commands: OperatorCommands;
  /** `claimed` is what the client says. */
  readonly askerOn: (socket: Socket, claimed: string | null) => Asker;
}

type Body = Readonly<Record<string, unknown>>;

type OperatorCommand = (
  commands: OperatorCommands,
  instance: string,
  body: Body,
  by: Asker,
) => Promise<unknown>;

const OPERATOR_COMMANDS: ReadonlyMap<string, OperatorCommand> = new Map<string, OperatorCommand>([
  ['failover', failover],
  ['maintenance', maintenance],
  ['priority', priority],
]);

const DEFAULT_WAIT = seconds(10);
export const WAIT_MAX = seconds(600);

/** A year: longer is for ever. */
const MAINTENANCE_MAX = seconds(366 * 86_400);
const REASON_MAX = 500;

const PATH = /^\/v1\/instances\/([^/]+)\/([a-z]+)$/;

export interface OperatorTarget {
  readonly instance: string;
  readonly run: (commands: OperatorCommands, body: Body, by: Asker) => Promise<unknown>;
}

/** `path` is a request target without a query. */
export function operatorTarget(path: string): OperatorTarget | undefined {
  const [, name = '', verb = ''] = PATH.exec(path) ?? [];
  const command = OPERATOR_COMMANDS.get(verb);
  const instance = decoded(name);
  if (command === undefined || instance === undefined) return undefined;
  return { instance, run: (commands, body, by) => command(commands, instance, body, by) };
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}

function failover(commands: OperatorCommands, instance: string, body: Body, by: Asker) {
  if (flag(body, 'release')) {
    assertKeys(body, ['release', 'requested_by']);
    return commands.release(instance, by);
  }
  assertKeys(body, ['release', 'wait', 'force', 'to', 'requested_by']);
  const to = text(body, 'to');
  const address = to === null ? null : parseIp(to);
  if (address === undefined) throw badRequest('to is an IP address');
  const terms = { wait: waitOf(body), force: flag(body, 'force'), to: address };
  return commands.failover(instance, terms, by);
}

function maintenance(commands: OperatorCommands, instance: string, body: Body, by: Asker) {
  const mode = body['mode'];
  if (mode === 'off') {
    assertKeys(body, ['mode', 'requested_by']);
    return commands.endMaintenance(instance, by);
  }
  if (mode !== 'on') throw badRequest('mode is "on" or "off"');
  assertKeys(body, ['mode', 'reason', 'for', 'wait', 'force', 'requested_by']);
  const reason = text(body, 'reason');
  if (reason !== null && reason.length > REASON_MAX) {
    throw badRequest(`reason has at most ${REASON_MAX} characters`);
  }
  const terms = {
    reason,
    for: durationOf(body, 'for', MAINTENANCE_MAX),
    wait: waitOf(body),
    force: flag(body, 'force'),
  };
  if (terms.for === 0) throw badRequest('for is a duration that is greater than 0');
  return commands.beginMaintenance(instance, terms, by);
}

function priority(commands: OperatorCommands, instance: string, body: Body, by: Asker) {
  assertKeys(body, ['priority', 'requested_by']);
  const wanted = body['priority'];
  const isPriority = Number.isInteger(wanted) && Number(wanted) >= 1 && Number(wanted) <= 254;
  if (wanted !== null && !isPriority) {
    throw badRequest('priority is a whole number from 1 to 254, or null for the configured one');
  }
  return commands.setPriority(instance, wanted === null ? null : Number(wanted), by);
}

/** What the client says of the person in front of it; counts only where it may be believed. */
export function requestedBy(body: Body): string | null {
  const name = text(body, 'requested_by');
  if (name !== null && name.length > 64) throw badRequest('requested_by has at most 64 characters');
  return name;
}

function flag(body: Body, key: string): boolean {
  const value = body[key] ?? false;
  if (typeof value !== 'boolean') throw badRequest(`${key} is true or false`);
  return value;
}

function text(body: Body, key: string): string | null {
  const value = body[key] ?? null;
  if (value !== null && typeof value !== 'string') throw badRequest(`${key} is a string`);
  return value;
}

function waitOf(body: Body): Duration {
  return durationOf(body, 'wait', WAIT_MAX) ?? DEFAULT_WAIT;
}

function durationOf(body: Body, key: string, most: Duration): Duration | null {
  const value = text(body, key);
  if (value === null) return null;
  const duration = parseDuration(value);
  if (duration === undefined || duration > most) {
    throw badRequest(`${key} is a duration like "10s", at most ${most / 1_000_000}s`);
  }
  return duration;
}
