/** Client of the control API. Fails with a `ControlError`, or a `RefusedRequest` by the agent. */
import { type IncomingMessage, request } from 'node:http';
import { ControlError, RefusedRequest } from './control-error.ts';
import type { DrainDocument, IpvsDocument } from './ipvs-document.ts';
import type {
  ErrorDocument,
  EventDocument,
  EventsDocument,
  PeersDocument,
  ReloadDocument,
  StatusDocument,
} from './protocol.ts';
import type {
  AgentOperations,
  AgentPath,
  DrainRequest,
  InstanceOperations,
  InstanceVerb,
  TakeoverRequest,
  UndrainRequest,
  WitnessReleaseRequest,
} from './requests.ts';
import type { WitnessReleaseDocument, WitnessStatusDocument } from './witness-document.ts';

const TIMEOUT_MS = 5_000;
const ANSWER_LIMIT = 64 * 1024 * 1024;

export interface ControlClientOptions {
  readonly socket: string;
  /** How long the agent may take to respond; default 5 s. */
  readonly timeoutMs?: number;
  /** An open stream does not keep this process from exiting. */
  readonly isBackground?: boolean;
}

export class ControlClient {
  readonly #socket: string;
  readonly #timeoutMs: number;
  readonly #isBackground: boolean;

  constructor({ socket, timeoutMs = TIMEOUT_MS, isBackground = false }: ControlClientOptions) {
    this.#socket = socket;
    this.#isBackground = isBackground;
    this.#timeoutMs = timeoutMs;
  }

  status(): Promise<StatusDocument> {
    return this.#document('/v1/status', 'instances');
  }

  /** Events numbered above `after`; default: all that are stored. */
  events(after = 0): Promise<EventsDocument> {
    return this.#document(`/v1/events?after=${after}`, 'events');
  }

  peers(): Promise<PeersDocument> {
    return this.#document('/v1/peers', 'directors');
  }

  witness(): Promise<WitnessStatusDocument> {
    return this.#document('/v1/witness', 'instances');
  }

  /** Deletes the key of an instance, with `force` that of another director. */
  releaseWitness(request: WitnessReleaseRequest): Promise<WitnessReleaseDocument> {
    return this.#command('/v1/witness/release', request);
  }

  ipvs(): Promise<IpvsDocument> {
    return this.#document('/v1/ipvs', 'services');
  }

  config(): Promise<Record<string, unknown>> {
    return this.#document('/v1/config');
  }

  /** One step of a takeover: this process replaces the running agent. */
  async takeover(step: TakeoverRequest['step'], terms: TakeoverTerms = {}): Promise<unknown> {
    return this.#documentIn(await this.#get('/v1/takeover', { step, ...terms }));
  }

  /** Returns what changed, or with `dryRun` what would change. */
  reload({ dryRun }: { readonly dryRun: boolean }): Promise<ReloadDocument> {
    return this.#command('/v1/reload', { dry_run: dryRun }, 'instances');
  }

  /** Takes a real server out of service; resolves when its connections end, or after the wait. */
  drain(request: DrainRequest): Promise<DrainDocument> {
    return this.#command('/v1/ipvs/drain', request);
  }

  undrain(request: UndrainRequest): Promise<DrainDocument> {
    return this.#command('/v1/ipvs/undrain', request);
  }

  /** Sends a request to one instance; resolves when it is done, or after the wait of the request. */
  async operate<Verb extends InstanceVerb>(
    instance: string,
    verb: Verb,
    request: InstanceOperations[Verb]['request'],
  ): Promise<InstanceOperations[Verb]['answer']> {
    const path = `/v1/instances/${encodeURIComponent(instance)}/${verb}`;
    return this.#documentIn(await this.#get(path, request));
  }

  /**
   * Stored events numbered above `after`, then each new one as it happens. Ends when the agent stops;
   * leaving the loop closes the connection.
   */
  async *follow(after = 0): AsyncGenerator<EventDocument, void, void> {
    const response = await this.#get(`/v1/events?follow=1&after=${after}`);
    if (this.#isBackground) response.socket.unref();
    try {
      for await (const line of linesOf(response)) {
        const value = parsed(line);
        if (isErrorDocument(value)) throw refusal(200, value);
        yield value as EventDocument;
      }
    } finally {
      response.destroy();
    }
  }

  async #document<Document>(path: string, list?: string): Promise<Document> {
    return this.#documentIn(await this.#get(path), list);
  }

  async #command<Path extends AgentPath>(
    path: Path,
    request: AgentOperations[Path]['request'],
    list?: string,
  ): Promise<AgentOperations[Path]['answer']> {
    return this.#documentIn(await this.#get(path, request), list);
  }

  async #documentIn<Document>(response: IncomingMessage, list?: string): Promise<Document> {
    const value = parsed(await textOf(response, this.#timeoutMs));
    const shaped = list === undefined || Array.isArray((value as Record<string, unknown>)[list]);
    if (!shaped) throw new ControlError('bad-answer', `response has no list of ${list}`);
    return value as Document;
  }

  /** The head of a successful response. */
  async #get(path: string, body?: object): Promise<IncomingMessage> {
    const response = await this.#connect(path, body);
    const status = response.statusCode ?? 0;
    if (status === 200) return response;
    const value = parsed(await textOf(response, this.#timeoutMs));
    if (isErrorDocument(value)) throw refusal(status, value);
    throw new ControlError('bad-answer', `unexpected HTTP status ${status}`);
  }

  /** Sends a POST if there is a body. */
  #connect(path: string, body?: object): Promise<IncomingMessage> {
    const method = body === undefined ? 'GET' : 'POST';
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: this.#socket, path, method, agent: false });
      const timer = setTimeout(() => {
        outgoing.destroy();
        reject(noAgent(this.#socket, `no response within ${this.#timeoutMs / 1_000} s`));
      }, this.#timeoutMs);
      outgoing.once('response', (response) => {
        clearTimeout(timer);
        resolve(response);
      });
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(connectionError(this.#socket, error));
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

/** Parameters of a step; the agent refuses those that do not belong to it. */
interface TakeoverTerms {
  readonly generation?: number;
  readonly token?: string;
  readonly resign?: string[];
}

/** Whether a process accepts connections at the path, and its pid if it is an agent. */
export async function askPid(
  socket: string,
): Promise<{ readonly alive: false } | { readonly alive: true; readonly pid: number | undefined }> {
  try {
    const { pid } = await new ControlClient({ socket, timeoutMs: 1_000 }).status();
    return { alive: true, pid };
  } catch (error) {
    const errno = error instanceof ControlError ? error.errno : undefined;
    const dead = errno === 'ECONNREFUSED' || errno === 'ENOENT';
    return dead ? { alive: false } : { alive: true, pid: undefined };
  }
}

async function textOf(response: IncomingMessage, timeoutMs: number): Promise<string> {
  const timer = setTimeout(() => response.destroy(), timeoutMs);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > ANSWER_LIMIT) throw new ControlError('bad-answer', 'response too large');
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ControlError ? error : lostConnection();
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void, void> {
  response.setEncoding('utf8');
  let rest = '';
  try {
    for await (const text of response as AsyncIterable<string>) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch {
    throw lostConnection();
  }
}

function lostConnection(): ControlError {
  return new ControlError(
    'connection-lost',
    'the agent closed the connection before the response was complete',
  );
}

/** Every document is an object. */
function parsed(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Reported below, like any other text that is not a document.
  }
  throw new ControlError('bad-answer', 'response is not valid JSON');
}

function isErrorDocument(value: object): value is ErrorDocument {
  return 'error' in value && typeof value.error === 'object' && value.error !== null;
}

function refusal(status: number, { error, findings }: ErrorDocument): RefusedRequest {
  return new RefusedRequest(status, String(error.code), String(error.message), findings);
}

function connectionError(socket: string, error: NodeJS.ErrnoException): ControlError {
  switch (error.code) {
    case 'EACCES':
    case 'EPERM':
      return new ControlError('permission-denied', `permission denied on ${socket}`);
    case 'ENOENT':
      return noAgent(socket, 'the socket does not exist', error.code);
    case 'ECONNREFUSED':
      return noAgent(socket, 'no process is listening', error.code);
    default:
      return noAgent(socket, error.message, error.code);
  }
}

function noAgent(socket: string, why: string, errno?: string): ControlError {
  return new ControlError('no-agent', `no agent answers on ${socket}: ${why}`, { errno });
}
