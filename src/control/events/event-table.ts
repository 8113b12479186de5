/** Every event by its kind, and lookups for one event. Kinds and fields are a contract. */
import type { Report } from '../../protocol/engine/reports.ts';
import { AGENT_EVENTS } from './agent-events.ts';
import { BFD_EVENTS } from './bfd-events.ts';
import type {
  EventColour,
  EventEntry,
  EventLevel,
  FactsIn,
  IetfNotification,
  ReportedEntry,
  ReportOf,
} from './event-entry.ts';
import { IPVS_EVENTS } from './ipvs-events.ts';
import { KERNEL_EVENTS } from './kernel-events.ts';
import { PEER_EVENTS } from './peer-events.ts';
import { ROUTER_EVENTS } from './router-events.ts';

/** Reports that are events; the others carry state or answer a request. */
export type EventReport = Exclude<
  Report,
  { kind: 'view' | 'directors' | 'bfd' | 'instance-removed' | 'answer' }
>;

type ReportedKind = EventReport['kind'];

/** A report of the engine that has no entry does not compile here. */
const TABLE = {
  ...ROUTER_EVENTS,
  ...KERNEL_EVENTS,
  ...PEER_EVENTS,
  ...BFD_EVENTS,
  ...AGENT_EVENTS,
  ...IPVS_EVENTS,
} satisfies {
  readonly [Kind in ReportedKind]: { readonly facts: (report: ReportOf<Kind>) => object };
};

export type EventKind = keyof typeof TABLE;

export type EventFacts = FactsIn<typeof TABLE>;

type FieldsByKind = { readonly [Kind in EventKind]: (typeof TABLE)[Kind]['example'] };

export const EVENTS: { readonly [Kind in EventKind]: EventEntry<FieldsByKind[Kind]> } = TABLE;

const REPORTED: {
  readonly [Kind in ReportedKind]: Pick<ReportedEntry<Kind, FieldsByKind[Kind]>, 'facts'>;
} = TABLE;

export function isEventReport(report: Report): report is EventReport {
  return Object.hasOwn(EVENTS, report.kind);
}

export function factsOf(report: EventReport): EventFacts {
  return factsByKind(report.kind, report);
}

function factsByKind<Kind extends ReportedKind>(kind: Kind, report: ReportOf<Kind>): EventFacts {
  // The entry of a kind gives the fields of that kind.
  return { kind, ...REPORTED[kind].facts(report) } as unknown as EventFacts;
}

export function sentenceOf(facts: EventFacts): string {
  return sentenceByKind(facts.kind, facts);
}

function sentenceByKind<Kind extends EventKind>(kind: Kind, fields: FieldsByKind[Kind]): string {
  return EVENTS[kind].sentence(fields);
}

export function levelOf(facts: EventFacts): EventLevel {
  return levelByKind(facts.kind, facts);
}

function levelByKind<Kind extends EventKind>(kind: Kind, fields: FieldsByKind[Kind]): EventLevel {
  const { level } = EVENTS[kind];
  return typeof level === 'string' ? level : level.of(fields);
}

export function colourOf(facts: EventFacts): EventColour {
  return colourByKind(facts.kind, facts);
}

const COLOUR_OF_LEVEL = { info: 'plain', warn: 'notable', error: 'bad' } as const;

function colourByKind<Kind extends EventKind>(kind: Kind, fields: FieldsByKind[Kind]) {
  return EVENTS[kind].colour?.(fields) ?? COLOUR_OF_LEVEL[levelByKind(kind, fields)];
}

/** Undefined: RFC 8347 defines none for it. */
export function notificationOf(facts: EventFacts): IetfNotification | undefined {
  return notificationByKind(facts.kind, facts);
}

function notificationByKind<Kind extends EventKind>(kind: Kind, fields: FieldsByKind[Kind]) {
  return EVENTS[kind].notification?.(fields);
}
