/**
 * HTTP over the control socket, on the main thread. Everything a client can use up has a bound:
 * connections, header, body, time, and what it leaves unread.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { streamEvents } from './event-stream.ts';
import type { ControlSource, ErrorDocument } from './protocol.ts';
import { type Answer, answer } from './routes.ts';
import { placeSocket, type SocketFile } from './socket-file.ts';

export interface ControlServerOptions {
  readonly socket: string;
  /** Permission bits of the socket: who may ask. */
  readonly mode: number;
  readonly source: ControlSource;
  /** An answer could not be made: our fault, for the log. */
  readonly onError?: (error: unknown) => void;
  readonly limits?: Partial<ControlLimits>;
}

export interface ControlLimits {
  readonly connections: number;
  /** Streams of events at one time, fewer than connections so that `status` always gets through. */
  readonly followers: number;
  readonly headerBytes: number;
  /** For a request to arrive, and for an answer to be read on. */
  readonly timeoutMs: number;
  /** Unread bytes of one follower. */
  readonly backlogBytes: number;
}

const LIMITS: ControlLimits = {
  connections: 64,
  followers: 32,
  headerBytes: 8 * 1024,
  timeoutMs: 5_000,
  backlogBytes: 1024 * 1024,
};

/** How long readers have to fetch what was already written for them. */
const PARTING_MS = 1_000;

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #limits: ControlLimits;
  readonly #server: Server;
  readonly #endStreams = new Set<() => void>();
  #file: SocketFile | undefined;

  private constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    const { headerBytes, timeoutMs, connections } = this.#limits;
    this.#server = createServer(
      {
        maxHeaderSize: headerBytes,
        headersTimeout: timeoutMs,
        requestTimeout: timeoutMs,
        keepAliveTimeout: timeoutMs,
        connectionsCheckingInterval: Math.min(1_000, timeoutMs),
      },
      (request, response) => this.#handle(request, response),
    );
    this.#server.maxConnections = connections;
    this.#server.setTimeout(timeoutMs);
    this.#server.on('clientError', refuseUnreadable);
  }

  /** Takes the socket and answers; throws `ControlError` when an agent is running there. */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const control = new ControlServer(options);
    control.#file = await placeSocket(control.#server, options.socket, options.mode);
    return control;
  }

  /** Ends all streams and removes the socket. */
  async close(): Promise<void> {
    for (const end of this.#endStreams) end();
    const file = this.#file;
    this.#file = undefined;
    await file?.remove();
    const force = setTimeout(() => this.#server.closeAllConnections(), PARTING_MS);
    await new Promise((resolve) => this.#server.close(resolve));
    clearTimeout(force);
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#reply(request, response, this.#answer(request));
    } catch (error) {
      this.#options.onError?.(error);
      sendError(response, 500, 'internal-error', 'the agent failed to answer');
    }
  }

  #answer(request: IncomingMessage): Answer {
    if (hasBody(request)) {
      const message = 'this request has no body';
      return { kind: 'error', status: 400, code: 'unexpected-body', message };
    }
    return answer(this.#options.source, request.method ?? '', request.url ?? '');
  }

  #reply(request: IncomingMessage, response: ServerResponse, made: Answer): void {
    switch (made.kind) {
      case 'document':
        sendJson(response, 200, made.document);
        return;
      case 'follow':
        this.#follow(request, response, made.after);
        return;
      case 'error':
        if (made.allow !== undefined) response.setHeader('Allow', made.allow);
        // What is left of the request is not worth reading.
        response.setHeader('Connection', 'close');
        sendError(response, made.status, made.code, made.message);
    }
  }

  #follow(request: IncomingMessage, response: ServerResponse, after: number | undefined): void {
    if (this.#endStreams.size >= this.#limits.followers) {
      sendError(response, 409, 'too-many-followers', 'too many readers follow the events already');
      return;
    }
    // Nothing may happen for days; that the reader is there is for its backlog to show.
    request.socket.setTimeout(0);
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson', Connection: 'close' });
    const end = streamEvents(response, this.#options.source, {
      after,
      backlogLimit: this.#limits.backlogBytes,
      partingMs: PARTING_MS,
    });
    this.#endStreams.add(end);
    response.once('close', () => this.#endStreams.delete(end));
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function sendJson(response: ServerResponse, status: number, document: unknown): void {
  const body = Buffer.from(`${JSON.stringify(document)}\n`);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

function sendError(response: ServerResponse, status: number, code: string, message: string): void {
  const document: ErrorDocument = { error: { code, message } };
  sendJson(response, status, document);
}

/** Bytes that are no HTTP request, or one that is too large or too slow. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const document: ErrorDocument = {
    error: { code: 'unreadable-request', message: 'this is no HTTP request the agent reads' },
  };
  const body = `${JSON.stringify(document)}\n`;
  const head = [
    'HTTP/1.1 400 Bad Request',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
