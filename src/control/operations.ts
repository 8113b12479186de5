/** Every request that changes something, and its answer: what client and server agree on. */
import type { DrainDocument } from './ipvs-document.ts';
import type { HandOverDocument, MaintenanceAnswer, PriorityAnswer } from './operator-protocol.ts';
import type { ReloadDocument } from './protocol.ts';
import type {
  DrainRequest,
  FailoverRequest,
  MaintenanceRequest,
  PriorityRequest,
  ReloadRequest,
  TakeoverRequest,
  UndrainRequest,
} from './requests.ts';

interface Operation<Request, Answer> {
  readonly request: Request;
  readonly answer: Answer;
}

/** By path. */
export interface AgentOperations {
  readonly '/v1/reload': Operation<ReloadRequest, ReloadDocument>;
  /** The answer depends on the step, and is the business of the two processes. */
  readonly '/v1/takeover': Operation<TakeoverRequest, unknown>;
  readonly '/v1/ipvs/drain': Operation<DrainRequest, DrainDocument>;
  readonly '/v1/ipvs/undrain': Operation<UndrainRequest, DrainDocument>;
}

/** By the last part of `/v1/instances/NAME/...`. */
export interface InstanceOperations {
  readonly failover: Operation<FailoverRequest, HandOverDocument>;
  readonly maintenance: Operation<MaintenanceRequest, MaintenanceAnswer>;
  readonly priority: Operation<PriorityRequest, PriorityAnswer>;
}

export type AgentPath = keyof AgentOperations;
export type InstanceVerb = keyof InstanceOperations;
