/**
 * A subagent of the SNMP agent of this host: it keeps a session over AgentX, answers requests and sends
 * notifications. If the agent is away, or does not answer, it tries again, after growing pauses;
 * notifications of that time are lost, as SNMP never promises them.
 */
import { connect, type Socket } from 'node:net';
import type { Oid } from '../../wire/agentx/oid.ts';
import {
  decodeMessage,
  encodeClose,
  encodeNotify,
  encodeOpen,
  encodePing,
  encodeRegister,
  encodeResponse,
  type Message,
  messageLength,
} from '../../wire/agentx/pdu.ts';
import type { Binding } from '../../wire/agentx/value.ts';
import { get, getBulk, getNext } from './answers.ts';

interface SubagentOptions {
  /** Path of the agent's socket. */
  readonly master: string;
  readonly subtree: Oid;
  readonly description: string;
  /** Sorted. */
  readonly objects: () => readonly Binding[];
  /** Once for each change: registered, or why not. */
  readonly onState: (problem: string | undefined) => void;
}

/** It may take so long to answer, also while it asks for many objects. */
const ANSWER_MS = 5_000;

/** Between two questions whether it still answers. */
const PING_MS = 15_000;

/** Notifications that an agent does not read. */
const UNREAD_BYTES_MAX = 65_536;

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** RFC 2741 section 6.2.16, and RFC 3416. */
const ERROR = {
  notWritable: 17,
  commitFailed: 14,
  undoFailed: 15,
  unsupportedContext: 262,
} as const;

const DUPLICATE = 263;

/** The number of a packet is a word. */
const PACKETS = 0x1_0000_0000;

type Step = 'opening' | 'registering' | 'registered';

interface Session {
  readonly socket: Socket;
  /** Of the oldest answer that is due. */
  deadline: NodeJS.Timeout | undefined;
  pings: NodeJS.Timeout | undefined;
  step: Step;
  id: number;
  received: Uint8Array;
}

export class Subagent {
  readonly #options: SubagentOptions;
  #session: Session | undefined;
  #pause: NodeJS.Timeout | undefined;
  #failures = 0;
  #packet = 0;
  #problem: string | undefined = 'not connected yet';
  #isClosed = false;

  constructor(options: SubagentOptions) {
    this.#options = options;
    this.#connect();
  }

  /** False: there is no session, or the agent does not read, and the notification is lost. */
  notify(bindings: readonly Binding[]): boolean {
    const session = this.#session;
    if (session?.step !== 'registered') return false;
    if (session.socket.writableLength > UNREAD_BYTES_MAX) return false;
    this.#ask(session, encodeNotify(session.id, this.#nextPacket(), bindings));
    return true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    const session = this.#session;
    this.#session = undefined;
    if (session === undefined) return;
    forget(session);
    if (session.id !== 0) session.socket.write(encodeClose(session.id, this.#nextPacket()));
    session.socket.end();
    session.socket.unref();
  }

  #nextPacket(): number {
    this.#packet = (this.#packet + 1) % PACKETS;
    return this.#packet;
  }

  #connect(): void {
    this.#pause = undefined;
    const socket = connect(this.#options.master);
    const session: Session = {
      ...{ socket, step: 'opening', id: 0, received: new Uint8Array(0) },
      ...{ deadline: undefined, pings: undefined },
    };
    this.#session = session;
    let why = 'the agent has closed the connection';
    socket.on('connect', () => {
      this.#ask(session, encodeOpen(this.#nextPacket(), this.#options.description));
    });
    socket.on('data', (chunk: Buffer) => {
      const problem = this.#receive(session, chunk);
      if (problem === undefined) return;
      why = problem;
      socket.destroy();
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      why = 'code' in error && error.code !== undefined ? error.code : error.message;
    });
    socket.on('close', () => this.#lost(session, why));
  }

  /** Any answer shows that the agent works, whatever it answers. */
  #ask(session: Session, request: Uint8Array): void {
    session.socket.write(request);
    session.deadline ??= setTimeout(() => {
      session.socket.destroy(new Error(`the agent has not answered for ${ANSWER_MS / 1_000} s`));
    }, ANSWER_MS).unref();
  }

  #answered(session: Session): void {
    clearTimeout(session.deadline);
    session.deadline = undefined;
  }

  #lost(session: Session, why: string): void {
    forget(session);
    if (session !== this.#session || this.#isClosed) return;
    this.#session = undefined;
    this.#tell(why);
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
    this.#failures += 1;
    this.#pause = setTimeout(() => this.#connect(), pause);
    this.#pause.unref();
  }

  #tell(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onState(problem);
  }

  /** Returns why the session cannot continue. A chunk may end anywhere. */
  #receive(session: Session, chunk: Uint8Array): string | undefined {
    const { received } = session;
    let rest = new Uint8Array(received.length + chunk.length);
    rest.set(received);
    rest.set(chunk, received.length);
    for (;;) {
      const length = messageLength(rest);
      if (!length.ok) return `it speaks another protocol: ${length.error}`;
      if (length.value === 0 || rest.length < length.value) break;
      const message = decodeMessage(rest.subarray(0, length.value));
      rest = rest.subarray(length.value);
      if (!message.ok) return `it speaks another protocol: ${message.error}`;
      const problem = this.#take(session, message.value);
      if (problem !== undefined) return problem;
    }
    session.received = rest;
    return undefined;
  }

  #take(session: Session, message: Message): string | undefined {
    const { request } = message;
    switch (request.kind) {
      case 'response':
        this.#answered(session);
        return this.#progress(session, message, request.error);
      case 'close':
        return 'the agent has closed the session';
      case 'cleanup-set':
        return undefined;
      case 'test-set':
        session.socket.write(encodeResponse(message, [], ERROR.notWritable, 1));
        return undefined;
      case 'commit-set':
        session.socket.write(encodeResponse(message, [], ERROR.commitFailed, 1));
        return undefined;
      case 'undo-set':
        session.socket.write(encodeResponse(message, [], ERROR.undoFailed, 1));
        return undefined;
      case 'get':
      case 'get-next':
      case 'get-bulk':
        session.socket.write(
          message.hasContext
            ? encodeResponse(message, [], ERROR.unsupportedContext)
            : encodeResponse(message, this.#answers(request)),
        );
        return undefined;
    }
  }

  #answers(request: Extract<Message['request'], { readonly ranges: object }>): Binding[] {
    const objects = this.#options.objects();
    switch (request.kind) {
      case 'get':
        return request.ranges.map((range) => get(objects, range));
      case 'get-next':
        return request.ranges.map((range) => getNext(objects, range));
      case 'get-bulk': {
        const { ranges, nonRepeaters, repetitions } = request;
        return getBulk(objects, ranges, nonRepeaters, repetitions);
      }
    }
  }

  /** Of the answers only those count that the session waits for; notifications are not repeated. */
  #progress(session: Session, { session: id }: Message, error: number): string | undefined {
    if (session.step === 'registered') return undefined;
    if (error === DUPLICATE) return 'another program has registered VRRPV3-MIB';
    if (error !== 0) return `the agent refuses: error ${error}`;
    if (session.step === 'opening') {
      session.step = 'registering';
      session.id = id;
      const { subtree } = this.#options;
      this.#ask(session, encodeRegister(id, this.#nextPacket(), subtree));
      return undefined;
    }
    session.step = 'registered';
    session.pings = setInterval(
      () => this.#ask(session, encodePing(session.id, this.#nextPacket())),
      PING_MS,
    ).unref();
    this.#failures = 0;
    this.#tell(undefined);
    return undefined;
  }
}

function forget({ deadline, pings }: Session): void {
  clearTimeout(deadline);
  clearInterval(pings);
}
