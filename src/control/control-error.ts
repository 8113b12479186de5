import type { FindingDocument } from './protocol.ts';

/** Why the control API cannot be served or reached. */
export type ControlErrorCode =
  /** The socket belongs to an agent that is alive. */
  | 'agent-running'
  /** The path exists and is not a socket. */
  | 'not-a-socket'
  /** No agent answers at the path. */
  | 'no-agent'
  | 'permission-denied'
  /** The client does not understand the response. */
  | 'bad-answer'
  /** The connection ended before the response was complete. */
  | 'connection-lost';

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  /** Pid of the running agent, if known. */
  readonly pid: number | undefined;
  /** Error of the system call, as in errno(3). */
  readonly errno: string | undefined;

  constructor(
    code: ControlErrorCode,
    message: string,
    about: { readonly pid?: number | undefined; readonly errno?: string | undefined } = {},
  ) {
    super(message);
    this.code = code;
    this.pid = about.pid;
    this.errno = about.errno;
  }
}

/** The agent refused the request. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;
  readonly code: string;
  /** Errors in the configuration file, if they are the reason. */
  readonly findings: readonly FindingDocument[];

  constructor(
    status: number,
    code: string,
    message: string,
    findings: readonly FindingDocument[] = [],
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.findings = findings;
  }
}
