/** The read-only paths of the control API. */
import type { Refusal } from './bounded-server.ts';
import type { ControlSource, PeersDocument } from './protocol.ts';
import type { WitnessStatusDocument } from './witness-document.ts';

export type Answer =
  | { readonly kind: 'document'; readonly document: unknown }
  | { readonly kind: 'follow'; readonly after: number | undefined }
  | ({ readonly kind: 'error' } & Refusal);

type Route = (source: ControlSource, query: URLSearchParams) => Answer;

const ROUTES: ReadonlyMap<string, ReadonlyMap<string, Route>> = new Map([
  ['/v1/status', new Map([['GET', status]])],
  ['/v1/events', new Map([['GET', events]])],
  ['/v1/peers', new Map([['GET', peers]])],
  ['/v1/witness', new Map([['GET', witness]])],
  ['/v1/config', new Map([['GET', config]])],
  ['/v1/ipvs', new Map([['GET', ipvs]])],
]);

/** `target` is the request target as received: a path with a query (RFC 9112 section 3.2.1). */
export function answer(source: ControlSource, method: string, target: string): Answer {
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const methods = ROUTES.get(path);
  if (methods === undefined) {
    return { kind: 'error', status: 404, code: 'not-found', message: 'no such path' };
  }
  const route = methods.get(method);
  if (route !== undefined) {
    return route(source, new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)));
  }
  const allow = [...methods.keys()].join(', ');
  const message = `${path} supports ${allow} only`;
  return { kind: 'error', status: 405, code: 'method-not-allowed', message, allow };
}

function status(source: ControlSource, query: URLSearchParams): Answer {
  return unknownParameter(query, []) ?? { kind: 'document', document: source.status() };
}

function peers(source: ControlSource, query: URLSearchParams): Answer {
  const unknown = unknownParameter(query, []);
  if (unknown !== undefined) return unknown;
  const document: PeersDocument = { directors: source.status().peers ?? [] };
  return { kind: 'document', document };
}

function witness(source: ControlSource, query: URLSearchParams): Answer {
  const unknown = unknownParameter(query, []);
  if (unknown !== undefined) return unknown;
  const { witness: whole = null, instances } = source.status();
  const document: WitnessStatusDocument = {
    witness: whole,
    instances: instances.flatMap(({ name, state, witness: own }) =>
      own === undefined ? [] : [{ name, state, ...own }],
    ),
  };
  return { kind: 'document', document };
}

function config(source: ControlSource, query: URLSearchParams): Answer {
  return unknownParameter(query, []) ?? { kind: 'document', document: source.config() };
}

function ipvs(source: ControlSource, query: URLSearchParams): Answer {
  const unknown = unknownParameter(query, []);
  if (unknown !== undefined) return unknown;
  const document = source.ipvs?.();
  if (document !== undefined) return { kind: 'document', document };
  const message = 'the configuration has no "ipvs": this agent does not manage IPVS';
  return { kind: 'error', status: 404, code: 'no-ipvs', message };
}

function events(source: ControlSource, query: URLSearchParams): Answer {
  const unknown = unknownParameter(query, ['follow', 'after']);
  if (unknown !== undefined) return unknown;
  const follow = query.get('follow') ?? '0';
  if (follow !== '0' && follow !== '1') return badRequest('follow must be 0 or 1');
  const text = query.get('after');
  if (text !== null && !/^[0-9]{1,15}$/.test(text))
    return badRequest('after must be an event number');
  const after = text === null ? undefined : Number(text);
  if (follow === '1') return { kind: 'follow', after };
  return { kind: 'document', document: { events: source.eventsAfter(after ?? 0) } };
}

function unknownParameter(query: URLSearchParams, known: readonly string[]): Answer | undefined {
  const names = [...query.keys()];
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) return badRequest(`unknown parameter ${JSON.stringify(unknown)}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  return twice === undefined ? undefined : badRequest(`parameter ${twice} is given twice`);
}

function badRequest(message: string): Answer {
  return { kind: 'error', status: 400, code: 'bad-request', message };
}
