import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpProbe, type HttpProbeOptions } from '../../../src/probes/http.ts';

async function probe(answer: RequestListener, more: Partial<HttpProbeOptions> = {}) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new HttpProbe({
    url: `http://127.0.0.1:${port}/health`,
    status: [{ first: 200, last: 399 }],
    host: undefined,
    verify: true,
    ...more,
  });
}

const says =
  (body: string, status = 200): RequestListener =>
  (_, response) => {
    response.statusCode = status;
    response.end(body);
  };

describe('an HTTP probe', () => {
  test('asks with its method, path and host', async () => {
    let asked = '';
    const answer: RequestListener = ({ method, url, headers }, response) => {
      asked = `${method} ${url} ${headers.host} ${headers['user-agent']}`;
      response.end();
    };
    const one = await probe(answer, { method: 'HEAD', host: 'www.example.net' });
    expect(await one.run(5_000)).toEqual({ passed: true, detail: 'status 200' });
    expect(asked).toBe('HEAD /health www.example.net vrrp-agent');
  });

  test('judges by the status, and follows no redirection', async () => {
    const redirect = says('', 302);
    expect(await (await probe(redirect)).run(5_000)).toMatchObject({ passed: true });
    expect(await (await probe(redirect, { status: [200] })).run(5_000)).toEqual({
      passed: false,
      detail: 'status 302',
    });
  });

  test('judges by the body where it is told to', async () => {
    const text = { body: { kind: 'text', text: 'ready' } } as const;
    const pattern = { body: { kind: 'pattern', pattern: '^(ok|ready)$' } } as const;
    const ready = says('ready');
    const starting = says('starting');
    expect(await (await probe(ready, text)).run(5_000)).toMatchObject({ passed: true });
    expect(await (await probe(ready, pattern)).run(5_000)).toMatchObject({ passed: true });
    expect(await (await probe(starting, pattern)).run(5_000)).toEqual({
      passed: false,
      detail: 'status 200, another body than expected',
    });
  });

  test('looks at the beginning of a body that does not end', async () => {
    const endless: RequestListener = (_, response) => {
      const chunk = 'x'.repeat(16 * 1_024);
      const write = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    };
    const body = { kind: 'text', text: 'ready' } as const;
    expect(await (await probe(endless, { body })).run(30_000)).toMatchObject({
      detail: 'status 200, another body than expected',
    });
  });

  test('fails when a body does not come in time', async () => {
    const stuck: RequestListener = (_, response) => {
      response.write('rea');
    };
    const body = { kind: 'text', text: 'ready' } as const;
    expect(await (await probe(stuck, { body })).run(50)).toEqual({
      passed: false,
      detail: 'no answer in time',
    });
  });

  test('reads a number', async () => {
    const weight = { reads: 'load', smoothing: 0, minimum: 1, maximum: 100 } as const;
    const number = await probe(says('0.25\nof one\n'), { weight });
    expect(await number.run(5_000)).toEqual({ passed: true, detail: '0.25', value: 0.25 });
    const words = await probe(says('much'), { weight });
    expect(await words.run(5_000)).toEqual({ passed: false, detail: 'status 200, no number' });
  });
});
