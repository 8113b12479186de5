/** Why the HTTP listener cannot be offered, in words that say what to change. */
import { type Endpoint, formatEndpoint } from '../../net/endpoint.ts';

export class HttpListenError extends Error {
  override readonly name = 'HttpListenError';
  readonly code = 'http-listen-failed';
  /** What the system call said, as in errno(3). */
  readonly errno: string;

  constructor(errno: string, message: string) {
    super(message);
    this.errno = errno;
  }
}

export function listenError(error: NodeJS.ErrnoException, endpoint: Endpoint): HttpListenError {
  const errno = error.code ?? '';
  return new HttpListenError(errno, `http.listen: ${reasonOf(errno, endpoint) ?? error.message}`);
}

function reasonOf(errno: string, endpoint: Endpoint): string | undefined {
  const where = formatEndpoint(endpoint);
  switch (errno) {
    case 'EADDRINUSE':
      return `${where} is in use by another program`;
    case 'EADDRNOTAVAIL':
      return `${endpoint.address} is not an address of this machine`;
    case 'EACCES':
      return `no permission to listen on ${where}`;
    default:
      return undefined;
  }
}
