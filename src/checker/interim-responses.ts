/**
 * Responses with a status of 1xx may precede that of a request (RFC 9110 section 15.2), and Node passes over
 * any number of them. A server that sends nothing else would keep the whole checker busy until the deadline.
 */
import type { ClientRequest } from 'node:http';

/** A proxy or a server adds one, at times two. */
const INTERIM_MAX = 8;

export function boundInterim(request: ClientRequest, refuse: (error: Error) => void): void {
  let count = 0;
  request.on('information', () => {
    count++;
    if (count > INTERIM_MAX) refuse(new Error('more than 8 interim responses'));
  });
}
