/** Probes that send one datagram, and servers that answer as the test says. */
import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { DnsProbe } from '../../../../src/checker/probes/dns.ts';
import { couldNotLook, failedBy } from '../../../../src/checker/probes/probe.ts';
import { UdpProbe } from '../../../../src/checker/probes/udp.ts';
import { ip } from '../../../../src/net/address.ts';
import type { DnsTarget, UdpTarget } from '../../../../src/net/probe.ts';
import { seconds } from '../../../../src/net/time.ts';

/** A server on the loopback address; undefined: it receives and never answers. */
async function served(answer: (question: Buffer) => Buffer | undefined) {
  const socket = createSocket('udp4');
  socket.on('message', (question, from) => {
    const text = answer(question);
    if (text !== undefined) socket.send(text, from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, '127.0.0.1', resolve);
  });
  const close = () =>
    new Promise<void>((resolve) => {
      socket.close(resolve);
    });
  const { port } = socket.address() as AddressInfo;
  return { endpoint: { address: ip('127.0.0.1'), port }, close };
}

async function udp(
  answer: (question: Buffer) => Buffer | undefined,
  more: Partial<UdpTarget> = {},
) {
  const { endpoint, close } = await served(answer);
  onTestFinished(close);
  return new UdpProbe({ kind: 'udp', endpoint, send: '70696e67', expect: undefined, ...more });
}

const PONG = { kind: 'text', text: 'pong' } as const;

describe('a UDP probe', () => {
  test('passes when the expected answer comes', async () => {
    const echo = await udp((text) => Buffer.from(`pong to ${text}`), { expect: PONG });
    expect(await echo.run(5_000)).toEqual({ passed: true, detail: 'answered' });
  });

  test('fails when another answer comes, or none', async () => {
    const other = await udp(() => Buffer.from('busy'), { expect: PONG });
    expect(await other.run(5_000)).toMatchObject({ detail: 'unexpected answer' });
    const silent = await udp(() => undefined, { expect: PONG });
    expect(await silent.run(50)).toEqual({ passed: false, detail: 'no answer in time' });
  });

  test('passes in silence when nothing is expected', async () => {
    const silent = await udp(() => undefined);
    expect(await silent.run(50)).toMatchObject({ passed: true });
  });

  test('fails immediately when the port is closed', async () => {
    const { endpoint, close } = await served(() => undefined);
    await close();
    const probe = new UdpProbe({ kind: 'udp', endpoint, send: '', expect: undefined });
    expect(await probe.run(30_000)).toEqual({ passed: false, detail: 'ECONNREFUSED' });
  });

  test('FR-N7 fails in silence for a while after an error, because hosts limit their errors', async () => {
    const { endpoint, close } = await served(() => undefined);
    await close();
    let now = 0;
    const target = { kind: 'udp', endpoint, send: '', expect: undefined } as const;
    const probe = new UdpProbe(target, undefined, () => now);
    const slow = new UdpProbe({ ...target, interval: seconds(60) }, undefined, () => now);
    for (const one of [probe, slow]) {
      expect(await one.run(5_000)).toMatchObject({ passed: false });
    }
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => {
      silent.bind(endpoint.port, '127.0.0.1', resolve);
    });
    now = 9_999;
    expect(await probe.run(20)).toEqual({ passed: false, detail: 'no answer after ECONNREFUSED' });
    now = 10_000;
    expect(await probe.run(20)).toMatchObject({ passed: true });
    now = 179_999;
    expect(await slow.run(20)).toMatchObject({ passed: false });
    silent.on('message', (_, from) => silent.send('x', from.port, from.address));
    expect(await slow.run(5_000)).toEqual({ passed: true, detail: 'answered' });
    silent.removeAllListeners('message');
    expect(await slow.run(20)).toMatchObject({ passed: true });
    probe.close();
    slow.close();
    silent.close();
  });

  test('FR-N10 has no result in silence before ARP may have failed, if it runs again soon', async () => {
    const silent = createSocket('udp4');
    await new Promise<void>((resolve) => {
      silent.bind(0, '127.0.0.1', resolve);
    });
    const endpoint = { address: ip('127.0.0.1'), port: silent.address().port };
    let now = 0;
    const target = { kind: 'udp', endpoint, send: '', expect: undefined } as const;
    const probe = new UdpProbe({ ...target, interval: seconds(2) }, undefined, () => now);
    const slow = new UdpProbe({ ...target, interval: seconds(60) }, undefined, () => now);
    now = 3_499;
    expect(await slow.run(20)).toMatchObject({ passed: true });
    now = 0;
    expect(await probe.run(20)).toMatchObject({ passed: undefined });
    now = 3_499;
    expect(await probe.run(20)).toMatchObject({ passed: undefined });
    now = 3_500;
    expect(await probe.run(20)).toMatchObject({ passed: true });
    probe.close();
    slow.close();
    silent.close();
  });

  test('fails once when there is no route to the server', async () => {
    const endpoint = { address: ip('255.255.255.255'), port: 9 };
    const probe = new UdpProbe({ kind: 'udp', endpoint, send: '', expect: undefined });
    expect(await probe.run(5_000)).toMatchObject({ passed: false });
  });

  test('ends when it is closed', async () => {
    const silent = await udp(() => undefined);
    const run = silent.run(60_000);
    silent.close();
    expect(await run).toMatchObject({ passed: false });
  });
});

/** The question with one A record for an answer, or with this return code (RFC 1035 section 4.1). */
function nameServer(address: readonly number[] | undefined, code = 0) {
  return (question: Buffer): Buffer => {
    const answer = Buffer.from(question);
    answer[2] = 0x84 | ((answer[2] ?? 0) & 1);
    answer[3] = code;
    if (address === undefined) return answer;
    answer.writeUInt16BE(1, 6);
    // A pointer to the name, type A, class IN, TTL 60, four bytes. What EDNS has added is left out.
    answer.writeUInt16BE(0, 10);
    const end = 12 + answer.subarray(12).indexOf(0) + 5;
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address];
    return Buffer.concat([answer.subarray(0, end), Buffer.from(record)]);
  };
}

async function dns(
  answer: (question: Buffer) => Buffer | undefined,
  more: Partial<DnsTarget> = {},
) {
  const { endpoint, close } = await served(answer);
  onTestFinished(close);
  const name = 'www.example.net';
  return new DnsProbe({ kind: 'dns', endpoint, name, type: 'A', answer: undefined, ...more });
}

describe('a DNS probe', () => {
  test('passes when the question is answered, and says what with', async () => {
    const probe = await dns(nameServer([203, 0, 113, 100]));
    const detail = 'www.example.net A: 203.0.113.100';
    expect(await probe.run(10_000)).toEqual({ passed: true, detail });
  });

  test('fails when the expected record is missing', async () => {
    const other = await dns(nameServer([203, 0, 113, 100]), { answer: '203.0.113.101' });
    expect(await other.run(10_000)).toEqual({
      passed: false,
      detail: 'www.example.net A: 203.0.113.100; 203.0.113.101 is missing',
    });
    const same = await dns(nameServer([203, 0, 113, 100]), { answer: '203.0.113.100' });
    expect(await same.run(10_000)).toMatchObject({ passed: true });
  });

  test.each([
    [3, 'ENOTFOUND'],
    [2, 'ESERVFAIL'],
    [5, 'EREFUSED'],
  ])('fails with the return code %i of the server', async (code, name) => {
    const probe = await dns(nameServer(undefined, code));
    expect(await probe.run(10_000)).toEqual({
      passed: false,
      detail: `www.example.net A: ${name}`,
    });
  });

  test('fails without an answer', async () => {
    const probe = await dns(() => undefined);
    expect(await probe.run(100)).toEqual({
      passed: false,
      detail: 'www.example.net A: no answer in time',
    });
  });

  test('FR-O11 has no result when this host does not give it a socket', async () => {
    const probe = await dns(nameServer([203, 0, 113, 100]), { source: ip('192.0.2.254') });
    await expect(probe.run(1_000).catch((error: unknown) => failedBy(error))).resolves.toEqual(
      couldNotLook('EADDRNOTAVAIL'),
    );
  });
});
