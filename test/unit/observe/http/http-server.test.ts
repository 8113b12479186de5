import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { request } from 'node:http';
import { createConnection } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { HttpServer } from '../../../../src/observe/http/http-server.ts';
import { modelOf } from '../../control/samples.ts';
import { AT, transition } from '../samples.ts';
import { PAGE, runHttp } from './http-samples.ts';

/** `fetch` does not let a program choose its Host. */
function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

describe('the HTTP listener', () => {
  test('shows the documents of the control API', async () => {
    const model = modelOf('web');
    model.apply(transition('web'), AT);
    model.apply(transition('web', 'FAULT'), AT);
    const { url } = await runHttp(model);
    const json = async (path: string) => (await fetch(`${url}${path}`)).json();
    expect(await json('/status.json')).toEqual(model.status());
    expect(await json('/events.json')).toEqual({ events: model.eventsAfter(0) });
    expect(await json('/events.json?after=1')).toEqual({ events: model.eventsAfter(1) });
  });

  test('serves metrics in the format of Prometheus', async () => {
    const { url } = await runHttp(modelOf('web'));
    const response = await fetch(`${url}/metrics`);
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(await response.text()).toContain('vrrp_timer_lateness_seconds_bucket{le="+Inf"} 4');
  });

  test('reports health with 200, or 503 and the reason', async () => {
    let healthy = true;
    const reason = 'the protocol thread has not answered for 3.0 s';
    const { url } = await runHttp(modelOf('web'), {
      answerHealth: () => (healthy ? { healthy } : { healthy: false, reason }),
    });
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    healthy = false;
    const response = await fetch(`${url}/healthz`);
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ healthy: false, reason });
  });

  test('serves the status page with a policy that allows only its own code', async () => {
    const { url } = await runHttp(modelOf('web'));
    const response = await fetch(`${url}/`);
    expect(await response.text()).toBe(PAGE);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^ ]+'; style-src 'sha256-[^ ]+'; connect-src 'self';/,
    );
    expect(policy).not.toContain('unsafe');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  });

  test.each(['/v1/config', '/v1/status', '/metrics/', '/favicon.ico', '/../package.json'])(
    'knows no %s',
    async (path) => {
      const { url } = await runHttp(modelOf('web'));
      const response = await fetch(`${url}${path}`);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain('not to be seen');
    },
  );

  test.each(['/events.json?follow=1', '/events.json?after=x', '/status.json?all=1'])(
    'refuses %s',
    async (path) => {
      const { url } = await runHttp(modelOf('web'));
      expect((await fetch(`${url}${path}`)).status).toBe(400);
    },
  );

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('changes nothing by %s', async (method) => {
    const { url } = await runHttp(modelOf('web'));
    const response = await fetch(`${url}/status.json`, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('GET, HEAD');
  });

  test('answers HEAD without a body', async () => {
    const { url } = await runHttp(modelOf('web'));
    const response = await fetch(`${url}/metrics`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('');
  });

  test('refuses a body', async () => {
    const { url } = await runHttp(modelOf('web'));
    const response = await fetch(`${url}/status.json`, { method: 'POST', body: 'x' });
    expect(response.status).toBe(400);
  });

  test('on loopback accepts only localhost and addresses as its name', async () => {
    const { url, http } = await runHttp(modelOf('web'));
    const ask = (host: string) => statusFor(`${url}/status.json`, host);
    expect(await ask(`localhost:${http.port}`)).toBe(200);
    expect(await ask('[::1]:80')).toBe(200);
    expect(await ask('evil.example')).toBe(421);
  });

  test('FR-O13 elsewhere accepts the names that it was given, and no other', async () => {
    const { http } = await runHttp(modelOf('web'), {
      listen: { address: ip('0.0.0.0'), port: 0 },
      names: () => ['lb1', 'lb1.example.net'],
    });
    const ask = (host: string) => statusFor(`http://127.0.0.1:${http.port}/status.json`, host);
    expect(await ask(`192.0.2.11:${http.port}`)).toBe(200);
    expect(await ask('[2001:db8::11]')).toBe(200);
    expect(await ask('lb1:9112')).toBe(200);
    expect(await ask('LB1.example.net')).toBe(200);
    expect(await ask('lb1.evil.example')).toBe(421);
    expect(await ask('evil.example:9112')).toBe(421);
  });

  test('FR-O13 answers although idle connections have used up its limit', async () => {
    const { http, url } = await runHttp(modelOf('web'), { limits: { connections: 8 } });
    const idle = Array.from({ length: 8 }, () => createConnection(http.port, '127.0.0.1'));
    for (const one of idle) one.on('error', () => {});
    await Promise.all(idle.map((one) => once(one, 'connect')));
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    for (const one of idle) one.destroy();
  });

  const GET = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n';

  /** Sends these bytes at once; returns what is answered until the connection ends, or the last part is there. */
  async function answersTo(port: number, bytes: string, last?: string): Promise<string> {
    const connection = createConnection(port, '127.0.0.1');
    connection.on('error', () => {});
    connection.write(bytes);
    let text = '';
    connection.on('data', (chunk) => {
      text += chunk;
      if (last !== undefined && text.endsWith(last)) connection.destroy();
    });
    await new Promise((resolve) => connection.on('close', resolve));
    return text;
  }

  test('FR-O13 disconnects a client that sends thousands of requests at once, and parses few of them', async () => {
    const { http, url } = await runHttp(modelOf('web'));
    let parsed = 0;
    const count = () => parsed++;
    subscribe('http.server.request.start', count);
    onTestFinished(() => {
      unsubscribe('http.server.request.start', count);
    });
    const answered = await answersTo(http.port, GET.repeat(2_000));
    expect(answered.split('200 OK').length - 1).toBeLessThan(5);
    expect(parsed).toBeGreaterThan(4);
    expect(parsed).toBeLessThan(20);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });

  test('FR-O13 disconnects such a client also when it expects what no server has', async () => {
    const { http } = await runHttp(modelOf('web'));
    const expecting = GET.replace('\r\n\r\n', '\r\nExpect: z\r\n\r\n');
    const answered = await answersTo(http.port, expecting.repeat(2_000));
    expect(answered.split('417 Expectation Failed').length - 1).toBeLessThan(20);
  });

  test('answers once to bytes that are no request', async () => {
    const { http } = await runHttp(modelOf('web'));
    const answered = await answersTo(http.port, 'no request\r\n'.repeat(2_000));
    expect(answered.split('400 Bad Request').length - 1).toBe(1);
  });

  test('FR-O13 makes one text for all requests that have arrived', async () => {
    let made = 0;
    const text = () => Promise.resolve(`${++made};`);
    const { http } = await runHttp(modelOf('web'), {
      metrics: { contentType: 'text/plain', text },
    });
    const answers = await answersTo(http.port, GET.repeat(4), '1;');
    expect(answers).not.toContain('2;');
    expect(await answersTo(http.port, GET, ';')).toContain('2;');
  });

  test('answers a few long requests at once, whose responses the kernel does not take at once', async () => {
    const { http } = await runHttp(modelOf('web'), { page: 'x'.repeat(1_000_000) });
    const long = `GET / HTTP/1.1\r\nHost: localhost\r\nX-Padding: ${'p'.repeat(700)}\r\n\r\n`;
    const closing = long.replace('X-Padding', 'Connection: close\r\nX-Padding');
    const answers = await answersTo(http.port, long.repeat(3) + closing);
    expect(answers.split('200 OK').length - 1).toBe(4);
    expect(answers).not.toContain('400 Bad Request');
  });

  test('does not wait forever for a request', async () => {
    const { http } = await runHttp(modelOf('web'), { limits: { timeoutMs: 50 } });
    const connection = createConnection(http.port, '127.0.0.1');
    connection.write('GET /met');
    let text = '';
    connection.on('data', (chunk) => {
      text += chunk;
    });
    await new Promise((resolve) => connection.on('close', resolve));
    expect(text).not.toContain('200 OK');
  });

  test('answers 500 and reports an internal error', async () => {
    const errors: unknown[] = [];
    const broken = new Error('broken');
    const { url } = await runHttp(modelOf('web'), {
      metrics: { contentType: 'text/plain', text: () => Promise.reject(broken) },
      onError: (error) => errors.push(error),
    });
    const response = await fetch(`${url}/metrics`);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('broken');
    expect(errors).toEqual([broken]);
  });

  test('reports a port in use, or an address that the host lacks', async () => {
    const { http } = await runHttp(modelOf('web'));
    const listen = { address: ip('127.0.0.1'), port: http.port };
    await expect(runHttp(modelOf('web'), { listen })).rejects.toMatchObject({
      code: 'http-listen-failed',
      errno: 'EADDRINUSE',
      message: `http.listen: 127.0.0.1:${http.port} is in use by another program`,
    });
    const elsewhere = { address: ip('192.0.2.77'), port: http.port };
    await expect(runHttp(modelOf('web'), { listen: elsewhere })).rejects.toThrow(
      'http.listen: 192.0.2.77 is not an address of this host',
    );
    expect(http).toBeInstanceOf(HttpServer);
  });
});
