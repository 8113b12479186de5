import type { FindingDocument } from './protocol.ts';

/** Why the control API cannot be offered or asked. */
export type ControlErrorCode =
  /** The socket belongs to an agent that is alive. */
  | 'agent-running'
  /** Something that is no socket lies at the path. */
  | 'not-a-socket'
  /** Nobody answers at the path. */
  | 'no-agent'
  | 'permission-denied'
  /** The answer is not one this program understands. */
  | 'bad-answer'
  /** The connection ended before the answer did. */
  | 'connection-lost';

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  /** Of the running agent, where the error is about one and it is known. */
  readonly pid: number | undefined;
  /** What the system call said, as in errno(3). */
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

/** The agent answered, and said no. */
export class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly status: number;
  readonly code: string;
  /** What is wrong with the configuration file, where that is the reason. */
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
