/** Sends one signed POST with a time limit; only the status of the answer counts. */
import { createHmac } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { WebhookSettings } from '../../config/notification-settings.ts';

/** Resolves to the HTTP status; does not follow redirections. */
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
    const limit = setTimeout(
      () => sent.destroy(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    sent.once('response', (response) => {
      clearTimeout(limit);
      // The body may be endless; it is not read.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    sent.end(bytes);
  });
}

export function signatureOf(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
