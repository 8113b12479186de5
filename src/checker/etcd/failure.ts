/** Why etcd gave no answer that can be used, in words that say what to do. */
import { isIP } from 'node:net';

export type EtcdFailureCode =
  | 'unreachable'
  | 'timeout'
  | 'name'
  | 'certificate'
  | 'client-certificate'
  | 'authentication'
  | 'permission'
  | 'full'
  | 'no-leader'
  | 'corrupt'
  | 'not-etcd'
  | 'refused'
  /** This side no longer wants the answer. */
  | 'abandoned';

export interface EtcdFailure {
  readonly code: EtcdFailureCode;
  /** A sentence without a full stop. */
  readonly detail: string;
  /** The gRPC status of etcd; undefined: etcd has not answered. */
  readonly status?: number;
  /** What etcd says; empty if it has not answered. */
  readonly said?: string;
}

/** gRPC status codes (grpc/grpc, doc/statuscodes.md). */
export const GRPC = {
  invalidArgument: 3,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

const SAID_MAX = 120;

/** The same answer would come from every member of the cluster. */
const OF_THE_CLUSTER: ReadonlySet<EtcdFailureCode> = new Set([
  'authentication',
  'permission',
  'full',
  'corrupt',
  'refused',
]);

export function isOfTheCluster({ code }: EtcdFailure): boolean {
  return OF_THE_CLUSTER.has(code);
}

/** Of the certificate of etcd: X509_V_ERR_* by Node's names (`tls.checkServerIdentity`, node:crypto). */
const UNTRUSTED = new Set([
  ...['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT'],
  ...['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'CERT_UNTRUSTED'],
  ...['CERT_SIGNATURE_FAILURE', 'INVALID_CA', 'CERT_REVOKED', 'INVALID_PURPOSE', 'CERT_REJECTED'],
]);

const NAME_ERRORS = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NONAME', 'EAI_NODATA']);

/** An error of `node:https`; `now`: the wall clock, by which certificates are judged. */
export function failureOf(error: unknown, origin: string, now = new Date()): EtcdFailure {
  const { code, message } = errorParts(error);
  const { hostname } = new URL(origin);
  if (NAME_ERRORS.has(code)) {
    return {
      code: 'name',
      detail: `the name of ${origin} cannot be resolved (${code}): a witness is better named by its address`,
    };
  }
  return (
    certificateFailure(code, message, origin, hostname, now) ??
    speechFailure(code, message, origin) ?? {
      code: 'unreachable',
      detail: `${origin} cannot be reached (${code || message.slice(0, SAID_MAX)})`,
    }
  );
}

function certificateFailure(
  code: string,
  message: string,
  origin: string,
  hostname: string,
  now: Date,
): EtcdFailure | undefined {
  const own = `the clock of this host says ${now.toISOString()}`;
  if (code === 'CERT_HAS_EXPIRED') {
    return certificate(`has expired, or this host's clock is wrong: ${own}`, origin);
  }
  if (code === 'CERT_NOT_YET_VALID') {
    return certificate(`is not valid yet, or this host's clock is wrong: ${own}`, origin);
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const kind = isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? 'DNS name' : 'IP address';
    return certificate(
      `does not name ${hostname}: it needs that ${kind} as a subject alternative name`,
      origin,
    );
  }
  if (UNTRUSTED.has(code)) {
    return certificate(
      `is not signed by the authority of "ca" (${code}): name the one that has signed it`,
      origin,
    );
  }
  if (!/alert|ERR_SSL_TLSV1|ERR_SSL_SSLV3/i.test(`${code} ${message}`)) return undefined;
  if (!/certificate|unknown ca|unknown_ca|handshake/i.test(`${code} ${message}`)) return undefined;
  return {
    code: 'client-certificate',
    detail:
      `${origin} refuses the client certificate of this director (${code}): set "cert" and "key" to ` +
      'one that the authority of etcd (--trusted-ca-file) has signed for clients',
  };
}

function certificate(what: string, origin: string): EtcdFailure {
  return { code: 'certificate', detail: `the certificate of ${origin} ${what}` };
}

/** One side speaks TLS, and the other does not. */
function speechFailure(code: string, message: string, origin: string): EtcdFailure | undefined {
  if (
    /WRONG_VERSION_NUMBER|wrong version number|PACKET_LENGTH_TOO_LONG/i.test(`${code} ${message}`)
  ) {
    return {
      code: 'not-etcd',
      detail: `${origin} does not speak TLS: write ${origin.replace('https:', 'http:')}, or turn on TLS in etcd`,
    };
  }
  // etcd with TLS closes the connection of a client that speaks HTTP.
  if (code === 'ECONNRESET' && origin.startsWith('http:')) {
    return {
      code: 'unreachable',
      detail: `${origin} ends the connection (ECONNRESET): if it speaks TLS, write ${origin.replace('http:', 'https:')}`,
    };
  }
  if (code.startsWith('HPE_')) {
    return {
      code: 'not-etcd',
      detail: `${origin} does not speak HTTP (${code}): is it the client port of etcd?`,
    };
  }
  return undefined;
}

/** An answer with an HTTP status other than 200. `said`: its body. */
export function refusalOf(httpStatus: number, body: string, origin: string): EtcdFailure {
  const { status, said } = grpcPart(body);
  if (status === undefined) return notEtcd(httpStatus, body, origin);
  const common = { status, said };
  const words = JSON.stringify(said.slice(0, SAID_MAX));
  if (/database space exceeded/.test(said)) {
    return {
      ...common,
      code: 'full',
      detail:
        'etcd is full and refuses to write (NOSPACE): compact and defragment it, then etcdctl alarm disarm',
    };
  }
  if (/corrupt/.test(said)) {
    return {
      ...common,
      code: 'corrupt',
      detail:
        'etcd has found its data to be corrupt and refuses to write (alarm CORRUPT): restore that member',
    };
  }
  switch (status) {
    case GRPC.invalidArgument:
      if (!/\b(user|auth|password|token)\b/i.test(said)) break;
      return { ...common, code: 'authentication', detail: authenticationText(said, words) };
    case GRPC.unauthenticated:
      return { ...common, code: 'authentication', detail: authenticationText(said, words) };
    case GRPC.permissionDenied:
      return {
        ...common,
        code: 'permission',
        detail: `the user of etcd may not read and write the prefix: etcdctl role grant-permission (${words})`,
      };
    case GRPC.unavailable:
      if (/connection (error|closed)/.test(said) && origin.startsWith('https:')) {
        return { ...common, code: 'unreachable', detail: gatewayText(origin, words) };
      }
      return {
        ...common,
        code: 'no-leader',
        detail: `${origin} has no leader, or lost it just now (${words}): do most members of etcd run?`,
      };
    default:
  }
  return { ...common, code: 'refused', detail: `${origin} refuses: ${words}` };
}

/** The gateway is a client of its own etcd, and shows it the certificate of the server. */
function gatewayText(origin: string, words: string): string {
  return (
    `the JSON gateway of ${origin} does not reach its own etcd (${words}): if this lasts, the certificate of ` +
    'etcd (--cert-file) lacks the extended key usage clientAuth beside serverAuth'
  );
}

function authenticationText(said: string, words: string): string {
  if (/user name is empty/.test(said)) {
    return NO_USER.detail;
  }
  if (/authentication failed|invalid user/.test(said)) {
    return 'etcd does not know this user with this password: check "username" and "password"';
  }
  return `etcd does not accept the user of this director (${words})`;
}

export function notEtcd(httpStatus: number, body: string, origin: string): EtcdFailure {
  if (/HTTP request to an HTTPS server/.test(body)) {
    return {
      code: 'not-etcd',
      detail: `${origin} speaks TLS: write ${origin.replace('http:', 'https:')}`,
    };
  }
  // accessController.ServeHTTP of etcd's embed/serve.go
  if (body.startsWith('CommonName of client')) {
    return {
      code: 'client-certificate',
      detail:
        'etcd has users, and its JSON gateway then refuses a client certificate with a CommonName: set "cert" ' +
        'to one without it (subject /O=NAME); "username" and "password" name the user',
    };
  }
  const start = JSON.stringify(body.slice(0, 40));
  const gateway = httpStatus === 404 ? ', or etcd runs with --enable-grpc-gateway=false' : '';
  return {
    code: 'not-etcd',
    detail:
      `${origin} answers with HTTP status ${httpStatus} and ${start}, which is no answer of etcd's JSON ` +
      `gateway: is it another program or a proxy${gateway}?`,
  };
}

/** The answer was JSON with status 200, but not of the documented shape. */
export function misshapen(what: string, origin: string): EtcdFailure {
  return {
    code: 'not-etcd',
    detail: `${origin} answers with JSON that etcd does not send (${what.slice(0, SAID_MAX)}): is it etcd 3.4 or newer?`,
  };
}

export const SEVERAL_CLUSTERS: EtcdFailure = {
  code: 'refused',
  detail:
    'the endpoints belong to different etcd clusters, so each director could ask another one: name the ' +
    'members of one cluster on all directors',
};

/** etcd has users, and takes a question without one for its own certificate's. */
export const NO_USER: EtcdFailure = {
  code: 'authentication',
  detail: 'etcd wants a user: set "username" and "password"',
};

export function lateAnswer(origin: string, milliseconds: number): EtcdFailure {
  return {
    code: 'timeout',
    detail: `${origin} has not answered within ${Math.round(milliseconds)} ms: is its disk, its host or the network slow?`,
  };
}

/** Of several members, none of which could answer. */
export function combined(failures: readonly EtcdFailure[]): EtcdFailure {
  const [first] = failures;
  if (first === undefined) return { code: 'abandoned', detail: 'nothing was asked' };
  if (failures.length === 1) return first;
  const telling =
    failures.find(({ code }) => code !== 'timeout' && code !== 'unreachable') ?? first;
  const details = [...new Set(failures.map(({ detail }) => detail))];
  return { ...telling, detail: details.join('; ') };
}

function grpcPart(body: string): { status: number | undefined; said: string } {
  try {
    const document = JSON.parse(body) as unknown;
    if (typeof document !== 'object' || document === null) return { status: undefined, said: '' };
    const { code, message, error } = document as Record<string, unknown>;
    const said = typeof message === 'string' ? message : typeof error === 'string' ? error : '';
    return { status: typeof code === 'number' ? code : undefined, said };
  } catch {
    return { status: undefined, said: '' };
  }
}

function errorParts(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  // Of several addresses of a name, the errors of all come in one.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  const source = inner instanceof Error ? inner : error;
  const code = 'code' in source && typeof source.code === 'string' ? source.code : '';
  return { code, message: source.message };
}
