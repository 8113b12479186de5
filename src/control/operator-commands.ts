/** Requests of operators to one instance: `POST /v1/instances/NAME/failover|maintenance|priority`. */
import type { Socket } from 'node:net';
import type { IpAddress } from '../net/address.ts';
import type { Duration } from '../net/time.ts';
import { decode, type Peer, type RequesterOf } from './commands.ts';
import type { HandOverDocument, MaintenanceAnswer, PriorityAnswer } from './operator-protocol.ts';
import type { InstanceOperations, InstanceVerb } from './requests.ts';
import { FAILOVER_REQUEST, MAINTENANCE_REQUEST, PRIORITY_REQUEST } from './requests.ts';

/** The user who makes the request, for events and the log. */
export type Requester = string;

export interface FailoverTerms {
  readonly wait: Duration;
  readonly force: boolean;
  readonly to: IpAddress | null;
}

export interface MaintenanceTerms {
  readonly wait: Duration;
  readonly force: boolean;
  readonly reason: string | null;
  /** Null: until an operator ends it. */
  readonly for: Duration | null;
}

/** Each throws `CommandRefusal`. */
export interface OperatorCommands {
  failover(instance: string, terms: FailoverTerms, by: Requester): Promise<HandOverDocument>;
  release(instance: string, by: Requester): Promise<HandOverDocument>;
  beginMaintenance(
    instance: string,
    terms: MaintenanceTerms,
    by: Requester,
  ): Promise<MaintenanceAnswer>;
  endMaintenance(instance: string, by: Requester): Promise<MaintenanceAnswer>;
  /** Null: the configured priority applies again. */
  setPriority(instance: string, priority: number | null, by: Requester): Promise<PriorityAnswer>;
}

/** The commands of operators, and how to identify who sends them. */
export interface OperatorAccess {
  readonly commands: OperatorCommands;
  /** `claimed` is the name given in the request. */
  readonly requesterOn: (socket: Socket, claimed: string | null) => Requester;
  /** Undefined: the kernel does not tell. */
  readonly peerOn: (socket: Socket) => Peer | undefined;
}

type InstanceCommand<Answer> = (
  commands: OperatorCommands,
  instance: string,
  body: unknown,
  requesterOf: RequesterOf,
) => Promise<Answer>;

const INSTANCE_COMMANDS: {
  readonly [Verb in InstanceVerb]: InstanceCommand<InstanceOperations[Verb]['answer']>;
} = {
  failover: async (commands, instance, body, requesterOf) => {
    const request = decode(FAILOVER_REQUEST, body);
    const by = requesterOf(request.requested_by);
    if (request.release === true) return commands.release(instance, by);
    const { wait, force, to } = request;
    return commands.failover(instance, { wait, force, to }, by);
  },
  maintenance: async (commands, instance, body, requesterOf) => {
    const request = decode(MAINTENANCE_REQUEST, body);
    const by = requesterOf(request.requested_by);
    if (request.mode === 'off') return commands.endMaintenance(instance, by);
    const { wait, force, reason, for: limit } = request;
    return commands.beginMaintenance(instance, { wait, force, reason, for: limit }, by);
  },
  priority: async (commands, instance, body, requesterOf) => {
    const { priority, requested_by: claimed } = decode(PRIORITY_REQUEST, body);
    return commands.setPriority(instance, priority, requesterOf(claimed));
  },
};

const BY_VERB: ReadonlyMap<string, InstanceCommand<unknown>> = new Map(
  Object.entries(INSTANCE_COMMANDS),
);

const PATH = /^\/v1\/instances\/([^/]+)\/([a-z]+)$/;

export interface OperatorTarget {
  readonly instance: string;
  readonly run: (
    commands: OperatorCommands,
    body: unknown,
    requesterOf: RequesterOf,
  ) => Promise<unknown>;
}

/** `path` is a request target without a query. */
export function operatorTarget(path: string): OperatorTarget | undefined {
  const [, name = '', verb = ''] = PATH.exec(path) ?? [];
  const command = BY_VERB.get(verb);
  const instance = decoded(name);
  if (command === undefined || instance === undefined) return undefined;
  return {
    instance,
    run: (commands, body, requesterOf) => command(commands, instance, body, requesterOf),
  };
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
