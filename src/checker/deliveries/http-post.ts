/** Sends one signed POST with a time limit; only the status of the answer counts. */
import { createHmac } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

import type { WebhookSettings } from '../../config/notification-settings.ts';
import { boundInterim } from '../interim-responses.ts';

/**
 * Resolves to the HTTP status; does not follow redirections. Ends within the timeout whatever the
 * receiver does, 101 (Switching Protocols, RFC 9110 section 15.2.2) included.
 */
export function postJson(
  { url, secret, token, timeout }: WebhookSettings,
  body: string,
): Promise<number> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method: 'POST',
      agent: false,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': bytes.length,
        'User-Agent': 'vrrp-agent',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        ...(secret === undefined ? {} : { 'X-VRRP-Agent-Signature': signatureOf(secret, bytes) }),
      },
    });
    const milliseconds = timeout / 1_000;
    const fail = (error: Error) => {
      clearTimeout(limit);
      sent.destroy();
      reject(error);
    };
    const answered = ({ statusCode = 0 }: IncomingMessage, connection: { destroy(): void }) => {
      clearTimeout(limit);
      // The body may be endless; it is not read.
      connection.destroy();
      resolve(statusCode);
    };
    const limit = setTimeout(
      () => fail(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    boundInterim(sent, fail);
    sent.once('response', (response) => answered(response, response));
    // After it the request no longer has the connection, and reports nothing about it.
    sent.once('upgrade', answered);
    sent.on('error', fail);
    sent.once('close', () => fail(new Error('closed without an answer')));
    sent.end(bytes);
  });
}

export function signatureOf(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
