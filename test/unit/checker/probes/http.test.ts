import { createHash } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpProbe, type HttpProbeOptions } from '../../../../src/checker/probes/http.ts';
import { HttpStatusProbe } from '../../../../src/checker/probes/http-status.ts';
import { PatternMatcher } from '../../../../src/checker/probes/pattern-matcher.ts';
import { ip } from '../../../../src/net/address.ts';

async function optionsFor(answer: RequestListener): Promise<HttpProbeOptions> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/health?n=1`,
    status: [{ first: 200, last: 399 }],
    host: undefined,
    verify: true,
  };
}

async function probe(answer: RequestListener, more: Partial<HttpProbeOptions> = {}) {
  return new HttpProbe({ ...(await optionsFor(answer)), ...more }, new PatternMatcher());
}

/** A server on the loopback address that answers with raw bytes. */
async function statusProbeOf(speak: (socket: Socket) => void) {
  const { url } = await rawServer(speak);
  return new HttpStatusProbe({ url, status: [200], host: undefined });
}

async function rawServer(speak: (socket: Socket) => void) {
  const server = createTcpServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => speak(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/` };
}

const says =
  (body: string, status = 200): RequestListener =>
  (_, response) => {
    response.statusCode = status;
    response.end(body);
  };

describe.each([
  ['that reads bodies', HttpProbe],
  ['that reads only the status', HttpStatusProbe],
])('an HTTP probe %s', (_, Kind) => {
  test.each(['HEAD', 'GET', 'POST'])('asks by %s for its path at its host', async (method) => {
    let asked = '';
    const options = await optionsFor(({ method: by, url, headers }, response) => {
      asked = `${by} ${url} ${headers.host} ${headers['user-agent']}`;
      response.end();
    });
    const one = new Kind({ ...options, method, host: 'www.example.net' });
    expect(await one.run(5_000)).toEqual({ passed: true, detail: 'status 200' });
    expect(asked).toBe(`${method} /health?n=1 www.example.net vrrp-agent`);
  });

  test('comes from the address that it is given', async () => {
    let from: string | undefined;
    const options = await optionsFor(({ socket }, response) => {
      from = socket.remoteAddress;
      response.end();
    });
    await new Kind({ ...options, source: ip('127.0.0.9') }).run(5_000);
    expect(from).toBe('127.0.0.9');
    // The host has no such address, which says nothing about the server.
    const foreign = { ...options, source: ip('192.0.2.1') };
    expect(await new Kind(foreign).run(5_000)).toMatchObject({ passed: undefined });
  });

  test('judges by the status, and follows no redirection', async () => {
    const options = await optionsFor(says('', 302));
    expect(await new Kind(options).run(5_000)).toMatchObject({ passed: true });
    expect(await new Kind({ ...options, status: [200] }).run(5_000)).toEqual({
      passed: false,
      detail: 'status 302',
    });
  });

  test('fails when the port is closed, and without an answer', async () => {
    const options = await optionsFor(() => {});
    expect(await new Kind(options).run(50)).toEqual({ passed: false, detail: 'no answer in time' });
    const closed = { ...options, url: 'http://127.0.0.1:1/' };
    expect(await new Kind(closed).run(5_000)).toEqual({ passed: false, detail: 'ECONNREFUSED' });
  });
});

describe('a status', () => {
  test.each([
    ['in pieces', ['HTT', 'P/1.1 20', '0 OK\r\n'], 'status 200'],
    [
      'after interim responses',
      ['HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200\r\n'],
      'status 200',
    ],
    [
      'FR-N14 in lines that end with LF alone',
      ['HTTP/1.1 103 Early\nLink: x\n\nHTTP/1.1 200\n'],
      'status 200',
    ],
    ['that is invalid', ['HTTP/1.1 2000 OK\r\n'], 'not HTTP'],
    ['of another protocol', ['220 mail.example.net ESMTP'], 'not HTTP'],
  ])('%s is understood', async (_, pieces, detail) => {
    const one = await statusProbeOf((socket) => {
      for (const piece of pieces) socket.write(piece);
    });
    expect(await one.run(5_000)).toMatchObject({ detail });
  });

  test('that does not come before the end is a failure', async () => {
    const one = await statusProbeOf((socket) => socket.end('HTTP/1.1'));
    expect(await one.run(5_000)).toEqual({ passed: false, detail: 'closed without an answer' });
  });
});

describe('an HTTP probe', () => {
  test('judges the body if one is expected', async () => {
    const text = { body: { kind: 'text', text: 'ready' } } as const;
    const pattern = { body: { kind: 'pattern', pattern: '^(ok|ready)$' } } as const;
    const ready = says('ready');
    const starting = says('starting');
    expect(await (await probe(ready, text)).run(5_000)).toMatchObject({ passed: true });
    expect(await (await probe(ready, pattern)).run(5_000)).toMatchObject({ passed: true });
    expect(await (await probe(starting, pattern)).run(5_000)).toEqual({
      passed: false,
      detail: 'status 200, unexpected body',
    });
  });

  test.each([
    ['sha256', 'ready'],
    ['md5', 'ready'],
    // All of it counts, not only the part that is compared with `body`.
    ['sha256', 'x'.repeat(100_000)],
  ] as const)('compares the %s digest of the whole body', async (algorithm, text) => {
    const hex = createHash(algorithm).update(text).digest('hex');
    const digest = { algorithm, hex };
    expect(await (await probe(says(text), { digest })).run(5_000)).toMatchObject({ passed: true });
    const other = createHash(algorithm).update(`${text}y`).digest('hex');
    expect(await (await probe(says(`${text}y`), { digest })).run(5_000)).toEqual({
      passed: false,
      detail: `status 200, unexpected digest ${algorithm}:${other}`,
    });
  });

  test('fails while a body of which the digest is expected does not end', async () => {
    const digest = { algorithm: 'md5', hex: 'd41d8cd98f00b204e9800998ecf8427e' } as const;
    const endless: RequestListener = (_, response) => {
      response.write('x');
    };
    expect(await (await probe(endless, { digest })).run(50)).toEqual({
      passed: false,
      detail: 'no answer in time',
    });
  });

  test('FR-N14 reads the body of a server that does not end it, until it has what is expected', async () => {
    const { url } = await rawServer((socket) => {
      socket.write('HTTP/1.0 200 OK\r\n\r\nit is rea');
      setTimeout(() => socket.write('dy'), 20);
    });
    const body = { kind: 'text', text: 'ready' } as const;
    const options = { url, status: [200], host: undefined, verify: true } as const;
    expect(await new HttpProbe({ ...options, body }).run(10_000)).toMatchObject({ passed: true });
    const other = { kind: 'text', text: 'raedy' } as const;
    const another = new HttpProbe({ ...options, body: other });
    expect(await another.run(200)).toEqual({ passed: false, detail: 'no answer in time' });
  });

  test('FR-N14 reads the body behind headers of tens of kilobytes', async () => {
    const { url } = await rawServer((socket) => {
      const cookie = `Set-Cookie: ${'x'.repeat(40_000)}`;
      socket.end(`HTTP/1.1 200 OK\r\n${cookie}\r\nContent-Length: 5\r\n\r\nready`);
    });
    const body = { kind: 'text', text: 'ready' } as const;
    const one = new HttpProbe({ url, status: [200], host: undefined, verify: true, body });
    expect(await one.run(10_000)).toEqual({ passed: true, detail: 'status 200' });
  });

  test('FR-N14 reads the body of a server that ends lines with LF alone', async () => {
    const { url } = await rawServer((socket) => {
      socket.end('HTTP/1.0 200 OK\nContent-Type: text/plain\n\nready\n');
    });
    const body = { kind: 'text', text: 'ready' } as const;
    const one = new HttpProbe({ url, status: [200], host: undefined, verify: true, body });
    expect(await one.run(5_000)).toEqual({ passed: true, detail: 'status 200' });
  });

  test('reads only the beginning of an endless body', async () => {
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
      detail: 'status 200, unexpected body',
    });
  });

  /** Sends the same for as long as the client reads. */
  function flood(socket: Socket, text: string): void {
    const write = () => {
      while (!socket.destroyed && socket.write(text));
    };
    socket.on('drain', write);
    write();
  }

  const READY = { kind: 'text', text: 'ready' } as const;

  test.each([
    ['interim responses without an end', '', 'HTTP/1.1 100 Continue\r\n\r\n', /8 interim/],
    [
      'chunks that are nearly all extension',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
      `1;${'e'.repeat(2_000)}\r\nx\r\n`,
      /unexpected body/,
    ],
  ])('FR-O6 gives up soon on %s', async (_, head, text, detail) => {
    const { url } = await rawServer((socket) => {
      socket.write(head);
      flood(socket, text);
    });
    const one = new HttpProbe({ url, status: [200], host: undefined, verify: true, body: READY });
    const { detail: said, passed } = await one.run(30_000);
    expect(passed).toBe(false);
    expect(said).toMatch(detail);
  });

  test.each([
    ['chunks that are nearly all extension', `1;${'e'.repeat(2_000)}\r\nx\r\n`, 'little in them'],
    ['a body without an end', `100000\r\n${'x'.repeat(0x100000)}\r\n`, '64 MiB'],
  ])('FR-O6 gives up on the digest of %s', async (_, text, said) => {
    const { url } = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      flood(socket, text);
    });
    const digest = { algorithm: 'md5', hex: 'd41d8cd98f00b204e9800998ecf8427e' } as const;
    const one = new HttpProbe({ url, status: [200], host: undefined, verify: true, digest });
    expect((await one.run(30_000)).detail).toContain(said);
  });

  test('a few interim responses, and small chunks, are an answer like any other', async () => {
    const { url } = await rawServer((socket) => {
      const early = 'HTTP/1.1 103 Early Hints\r\n\r\n';
      const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
      socket.end(`${early.repeat(2)}${head}${'1\r\nx\r\n'.repeat(60_000)}5\r\nready\r\n0\r\n\r\n`);
    });
    const one = new HttpProbe({ url, status: [200], host: undefined, verify: true, body: READY });
    expect(await one.run(30_000)).toEqual({ passed: true, detail: 'status 200' });
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
    expect(await words.run(5_000)).toEqual({ passed: false, detail: 'status 200, not a number' });
  });
});
