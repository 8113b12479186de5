/** Where the HTTP listener listens. */
import { type Endpoint, formatEndpoint, isLoopback, parseEndpoint } from '../../net/endpoint.ts';
import { DEFAULT_HTTP_LISTEN } from '../agent-settings.ts';
import type { Findings } from '../finding.ts';
import type { DraftFile } from '../schema/shape.ts';
import { describeValue } from '../text/value-text.ts';

const PATH = ['http', 'listen'];

/** Undefined: there is to be no listener, or what is wrong has been reported. */
export function lowerHttp(http: DraftFile['http'], findings: Findings): Endpoint | undefined {
  if (http === undefined) return undefined;
  const value = http.listen ?? DEFAULT_HTTP_LISTEN;
  const endpoint = parseEndpoint(String(value));
  if (endpoint === undefined) {
    const message = `expected an IP address and a port from 1 to 65535, found ${describeValue(value)}`;
    if (!findings.reported(PATH)) findings.error(PATH, 'range', message);
    return undefined;
  }
  if (!isLoopback(endpoint.address)) {
    const where = formatEndpoint(endpoint);
    findings.warn(PATH, `everybody who reaches ${where} may read metrics and status: no password`);
  }
  return endpoint;
}
