/**
 * An HTTP server for untrusted clients, and its responses. Every resource that a client can use up
 * is bounded: connections, header, body and time. Clients that hold connections without a request keep
 * no other out. Shared by the control API and the HTTP listener.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ErrorDocument, FindingDocument } from './protocol.ts';

export interface HttpLimits {
  readonly connections: number;
  readonly headerBytes: number;
  /** For a request to arrive, and for the client to read more of the response. */
  readonly timeoutMs: number;
}

export const HTTP_LIMITS: HttpLimits = {
  connections: 64,
  headerBytes: 8 * 1024,
  timeoutMs: 5_000,
};

/** Requests of a connection whose responses are not complete. Clients that wait for each response have one. */
const PIPELINED_MAX = 4;

/** Bytes that are parsed without a look at what came of them: some ten requests, or a part of one. */
const PARSED_AT_ONCE = 512;

/** How long clients have to read what was already written. */
export const LINGER_MS = 1_000;

export function boundedServer(
  { connections, headerBytes, timeoutMs }: HttpLimits,
  handle: Handler,
): Server {
  const bounded = pipelineBound();
  const server = createServer(
    {
      maxHeaderSize: headerBytes,
      headersTimeout: timeoutMs,
      requestTimeout: timeoutMs,
      keepAliveTimeout: timeoutMs,
      connectionsCheckingInterval: Math.min(1_000, timeoutMs),
    },
    bounded(handle),
  );
  // Node answers these without the event `request`.
  server.on('checkExpectation', bounded(refuseExpectation));
  server.setTimeout(timeoutMs);
  server.on('clientError', refuseUnreadable);
  server.on('connection', parseInParts);
  boundConnections(server, connections);
  return server;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * What is read from a socket may hold two thousand requests, and the parser of Node makes objects for each of
 * them, whatever becomes of the first. So it gets a little at a time, as long as the connection is open.
 */
function parseInParts(socket: Socket): void {
  const [parse] = socket.listeners('data');
  if (parse === undefined) return;
  socket.removeAllListeners('data');
  socket.on('data', (bytes: Buffer) => {
    for (let at = 0; at < bytes.length && socket.writable; at += PARSED_AT_ONCE) {
      if (socket.isPaused()) {
        // The client does not read its responses.
        socket.unshift(bytes.subarray(at));
        return;
      }
      parse(bytes.subarray(at, at + PARSED_AT_ONCE));
    }
  });
}

/** A client that sends many requests without waiting for a response is disconnected. */
function pipelineBound(): (handle: Handler) => Handler {
  const unanswered = new WeakMap<Socket, number>();
  return (handle) => (request, response) => {
    const { socket } = request;
    if (socket.destroyed) return;
    const count = (unanswered.get(socket) ?? 0) + 1;
    if (count > PIPELINED_MAX) {
      socket.destroy();
      return;
    }
    unanswered.set(socket, count);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    handle(request, response);
  };
}

/** RFC 9110 section 10.1.1: the only expectation is `100-continue`. */
function refuseExpectation(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(417).end();
}

/**
 * Beyond the limit, the oldest connection without a request is closed, of the address that has most of
 * them. If requests are being answered on all others, the new one is closed.
 */
function boundConnections(server: Server, limit: number): void {
  /** With the response to the last request; the one that has been quiet for longest comes first. */
  const open = new Map<Socket, ServerResponse | undefined>();
  server.on('connection', (socket: Socket) => {
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
    if (open.size > limit) dispensable(open)?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    open.delete(socket);
    open.set(socket, response);
  });
}

function dispensable(open: ReadonlyMap<Socket, ServerResponse | undefined>): Socket | undefined {
  const sockets = new Map<string | undefined, Socket[]>();
  for (const [socket, response] of open) {
    if (response?.writableEnded === false) continue;
    const known = sockets.get(socket.remoteAddress);
    if (known === undefined) sockets.set(socket.remoteAddress, [socket]);
    else known.push(socket);
  }
  const [most] = [...sockets.values()].sort((a, b) => b.length - a.length);
  return most?.[0];
}

/**
 * Accepts no client any more, and serves those that it has. `close` of an HTTP server also closes the
 * connections without a request; since Node 26 those that have not sent their first one are among them.
 */
export function stopAccepting(server: Server): void {
  NetServer.prototype.close.call(server);
}

export async function closeServer(server: Server): Promise<void> {
  const force = setTimeout(() => server.closeAllConnections(), LINGER_MS);
  await new Promise((resolve) => server.close(resolve));
  clearTimeout(force);
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

export function sendText(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
): void {
  const body = Buffer.from(text);
  response.writeHead(status, {
    'Content-Type': contentType,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
  });
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, document: unknown): void {
  sendText(response, status, 'application/json', `${JSON.stringify(document)}\n`);
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Methods that the path supports, for status 405. */
  readonly allow?: string;
  /** Findings about the configuration, which the document lists beside the error. */
  readonly findings?: readonly FindingDocument[];
}

export function sendError(response: ServerResponse, refusal: Refusal): void {
  const { status, code, message, allow, findings } = refusal;
  if (allow !== undefined) response.setHeader('Allow', allow);
  const error = { code, message };
  const document: ErrorDocument = findings === undefined ? { error } : { error, findings };
  sendJson(response, status, document);
}

/** Also closes the connection rather than reading the rest of the request. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  response.setHeader('Connection', 'close');
  sendError(response, refusal);
}

export const UNEXPECTED_BODY: Refusal = {
  status: 400,
  code: 'unexpected-body',
  message: 'this request takes no body',
};

export const INTERNAL_ERROR: Refusal = {
  status: 500,
  code: 'internal-error',
  message: "internal error; see the agent's log",
};

/** Bytes that are not an HTTP request, or a request that is too large or too slow. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const document: ErrorDocument = {
    error: {
      code: 'unreadable-request',
      message: 'the HTTP request is malformed, too large or too slow',
    },
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
