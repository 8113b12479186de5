/**
 * `vrrp-agent/client`: the control API of a running agent, as the command line uses it. Its documents
 * change only by additions while the paths begin with /v1.
 */
export { ControlClient, type ControlClientOptions } from '../control/client.ts';
export { ControlError, type ControlErrorCode, RefusedRequest } from '../control/control-error.ts';
export type { EventFacts, EventKind } from '../control/events/event-table.ts';
export type { DrainDocument, IpvsDocument } from '../control/ipvs-document.ts';
export type {
  HandOverDocument,
  MaintenanceAnswer,
  PriorityAnswer,
} from '../control/operator-protocol.ts';
export {
  DEFAULT_SOCKET,
  type ErrorDocument,
  type EventDocument,
  type EventsDocument,
  type FindingDocument,
  type InstanceDocument,
  type PeersDocument,
  type ReloadDocument,
  type StatusDocument,
} from '../control/protocol.ts';
export type {
  DrainRequest,
  FailoverRequest,
  InstanceOperations,
  InstanceVerb,
  MaintenanceRequest,
  PriorityRequest,
  UndrainRequest,
  WitnessReleaseRequest,
} from '../control/requests.ts';
export type {
  InstanceWitnessDocument,
  WitnessDocument,
  WitnessReleaseDocument,
  WitnessStatusDocument,
} from '../control/witness-document.ts';
