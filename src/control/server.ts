/** HTTP over the control socket, on the main thread. Unread output is bounded too. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import {
  boundedServer,
  closeServer,
  HTTP_LIMITS,
  type HttpLimits,
  hasBody,
  INTERNAL_ERROR,
  LINGER_MS,
  type Refusal,
  refuse,
  sendError,
  sendJson,
  stopAccepting,
  UNEXPECTED_BODY,
} from './bounded-server.ts';
import { badRequest, bodyOf, CommandRefusal, type ControlCommands, commandAt } from './commands.ts';
import { streamEvents } from './event-stream.ts';
import { type OperatorAccess, operatorTarget } from './operator-commands.ts';
import type { ControlSource } from './protocol.ts';
import { type Answer, answer } from './routes.ts';
import {
  inheritSocket,
  placeSocket,
  type SocketAccess,
  type SocketFile,
  setAccess,
} from './socket-file.ts';

export interface ControlServerOptions {
  readonly socket: string;
  /** Who may connect. */
  readonly access: SocketAccess;
  readonly source: ControlSource;
  /** Replace the socket of an agent that has handed over. */
  readonly inherits?: boolean;
  /** Absent: the socket takes no commands to the agent. */
  readonly commands?: ControlCommands;
  /** Absent: the socket takes no commands to instances. */
  readonly operators?: OperatorAccess;
  /** Receives internal errors, for the log. */
  readonly onError?: (error: unknown) => void;
  readonly limits?: Partial<ControlLimits>;
}

export interface ControlLimits extends HttpLimits {
  /** Concurrent event streams; fewer than connections, so that `status` always gets through. */
  readonly followers: number;
  /** Concurrent requests that change something; some wait for a minute. */
  readonly commands: number;
  /** Unread bytes of one follower. */
  readonly backlogBytes: number;
}

const LIMITS: ControlLimits = {
  ...HTTP_LIMITS,
  followers: 32,
  commands: 48,
  backlogBytes: 1024 * 1024,
};

const POST_ONLY: Refusal = {
  status: 405,
  code: 'method-not-allowed',
  message: 'this path supports POST only',
};

const TOO_MANY = new CommandRefusal({
  status: 409,
  code: 'busy',
  message: 'too many requests in progress',
});

type Runnable = (body: unknown, request: IncomingMessage) => Promise<unknown>;

/** For a socket whose users cannot be identified. */
const UNKNOWN_REQUESTER = 'unknown user';

export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #limits: ControlLimits;
  #server: Server;
  /** Its file has vanished: it accepts no client, and serves the clients that it has. */
  readonly #former: Server[] = [];
  readonly #endStreams = new Set<() => void>();
  /** Commands in progress. */
  #commands = 0;
  #file: SocketFile | undefined;
  #access: SocketAccess;

  private constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    this.#access = options.access;
    this.#server = this.#newServer();
  }

  #newServer(): Server {
    return boundedServer(this.#limits, (request, response) => this.#handle(request, response));
  }

  /** Starts listening; throws `ControlError` if an agent is running there. */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    const control = new ControlServer(options);
    const place = options.inherits === true ? inheritSocket : placeSocket;
    control.#file = await place(control.#server, options.socket, options.access);
    return control;
  }

  /** Changes who may connect. */
  async setAccess(access: SocketAccess): Promise<void> {
    this.#access = access;
    await setAccess(this.#options.socket, access);
  }

  /**
   * Listens again if another program has removed the socket file, and returns true then. Requests under
   * way and event streams continue. Not to be called twice at a time.
   */
  async restore(): Promise<boolean> {
    const file = this.#file;
    if (file === undefined || !(await file.isGone())) return false;
    const server = this.#newServer();
    try {
      await file.replace(server, this.#access);
    } catch (error) {
      server.close();
      throw error;
    }
    stopAccepting(this.#server);
    this.#former.push(this.#server);
    this.#server = server;
    if (this.#file === file) return true;
    // Closed in the meantime.
    server.close();
    await file.remove();
    return false;
  }

  /**
   * Ends all streams and removes the socket, unless `handedOver`: between a check of the file and its
   * removal the next process may have put its own there.
   */
  async close(handedOver = false): Promise<void> {
    for (const end of this.#endStreams) end();
    const file = this.#file;
    this.#file = undefined;
    if (!handedOver) await file?.remove();
    await Promise.all([this.#server, ...this.#former].map(closeServer));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    try {
      const path = (request.url ?? '').replace(/\?.*/s, '');
      const command = this.#commandAt(path);
      if (command === undefined) this.#reply(request, response, this.#answer(request));
      else void this.#command(request, response, command);
    } catch (error) {
      this.#options.onError?.(error);
      sendError(response, INTERNAL_ERROR);
    }
  }

  /** Undefined: no command has this path. */
  #commandAt(path: string): Runnable | undefined {
    const { commands, operators } = this.#options;
    const command = commandAt(path);
    if (commands !== undefined && command !== undefined) {
      return (body, { socket }) =>
        command(commands, body, {
          requesterOf: (claimed) => operators?.requesterOn(socket, claimed) ?? UNKNOWN_REQUESTER,
          peer: operators?.peerOn(socket),
        });
    }
    const target = operatorTarget(path);
    if (operators === undefined || target === undefined) return undefined;
    return (body, { socket }) =>
      target.run(operators.commands, body, (claimed) => operators.requesterOn(socket, claimed));
  }

  async #command(request: IncomingMessage, response: ServerResponse, command: Runnable) {
    try {
      if (request.method !== 'POST') {
        refuse(response, { ...POST_ONLY, allow: 'POST' });
        return;
      }
      if (request.url?.includes('?')) throw badRequest('this request has no parameters');
      const body = await bodyOf(request);
      if (this.#commands >= this.#limits.commands) throw TOO_MANY;
      this.#commands++;
      // A command that has started is completed and recorded even if the client disconnects.
      request.socket.setTimeout(0);
      const document = await command(body, request).finally(() => this.#commands--);
      sendJson(response, 200, document);
    } catch (error) {
      if (error instanceof CommandRefusal) {
        refuse(response, error.refusal);
        return;
      }
      if (request.destroyed && !request.complete) return;
      this.#options.onError?.(error);
      sendError(response, INTERNAL_ERROR);
    }
  }

  #answer(request: IncomingMessage): Answer {
    if (hasBody(request)) return { kind: 'error', ...UNEXPECTED_BODY };
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
        refuse(response, made);
    }
  }

  #follow(request: IncomingMessage, response: ServerResponse, after: number | undefined): void {
    if (this.#endStreams.size >= this.#limits.followers) {
      const message = 'too many event streams are open';
      sendError(response, { status: 409, code: 'too-many-followers', message });
      return;
    }
    // There may be no event for days; the backlog shows whether the client still reads.
    request.socket.setTimeout(0);
    response.writeHead(200, { 'Content-Type': 'application/x-ndjson', Connection: 'close' });
    const end = streamEvents(response, this.#options.source, {
      after,
      backlogLimit: this.#limits.backlogBytes,
      lingerMs: LINGER_MS,
    });
    this.#endStreams.add(end);
    response.once('close', () => this.#endStreams.delete(end));
  }
}
