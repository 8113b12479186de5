/** One POST: signed, bounded in time, and without interest in what the answer says. */
import { createHmac } from 'node:crypto';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { WebhookSettings } from '../../config/notification-settings.ts';

/** Answers the HTTP status; redirections are not followed. */
export function postJson(
  { url, secret, token, timeout }: WebhookSettings,
  body: string,
): Promise<number> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  const bytes = Buffer.from(body);
  return new Promise((resolve, reject) => {
    const asked = request(url, {
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
      () => asked.destroy(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
    asked.once('response', (response) => {
      clearTimeout(limit);
      // However much it says: nothing of it is read.
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.once('error', (error) => {
      clearTimeout(limit);
      reject(error);
    });
    asked.end(bytes);
  });
}

export function signatureOf(secret: string, body: Uint8Array): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
