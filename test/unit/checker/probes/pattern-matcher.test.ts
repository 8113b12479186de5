import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpProbe } from '../../../../src/checker/probes/http.ts';
import { PatternMatcher } from '../../../../src/checker/probes/pattern-matcher.ts';
import { couldNotLook, failedBy } from '../../../../src/checker/probes/probe.ts';

/** V8 needs seconds for it: it tries every position as the beginning. */
const HOSTILE = 'a'.repeat(64 * 1_024);
const SLOW = '.*ready';

function matcher(): PatternMatcher {
  const patterns = new PatternMatcher();
  onTestFinished(() => patterns.close());
  return patterns;
}

async function serverOf(body: string): Promise<string> {
  const server = createServer((_, response) => response.end(body));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

async function check(url: string, pattern: string, patterns: PatternMatcher, timeoutMs: number) {
  const options = { status: [200], host: undefined, verify: true };
  const body = { kind: 'pattern', pattern } as const;
  return new HttpProbe({ url, ...options, body }, patterns).run(timeoutMs);
}

describe('FR-O6 a regular expression', () => {
  test('that a server makes slow delays only the check of that server', async () => {
    const patterns = matcher();
    const [hostile, honest] = await Promise.all([serverOf(HOSTILE), serverOf('all is ready')]);
    const ended: string[] = [];
    const slow = check(hostile, SLOW, patterns, 5_000).finally(() => ended.push('hostile'));
    // Known as slow by then, it does not hold up the others.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const other = check(honest, SLOW, patterns, 5_000).finally(() => ended.push('honest'));
    expect(await other).toMatchObject({ passed: true });
    expect(await slow).toMatchObject({ passed: false });
    expect(ended).toEqual(['honest', 'hostile']);
  });

  test('ends at its deadline, and the next one in its thread is answered', async () => {
    const match = matcher().matcher(SLOW);
    expect(await match(HOSTILE, performance.now() + 900)).toBe('late');
    expect(await match('ready', performance.now() + 5_000)).toBe('yes');
    expect(await match('steady', performance.now() + 5_000)).toBe('no');
  });

  test('is matched in order, and late if its deadline has passed', async () => {
    const patterns = matcher();
    const deadline = performance.now() + 5_000;
    const all = ['a1', 'b', 'a2'].map((answer) => patterns.matcher('^a\\d$')(answer, deadline));
    expect(await Promise.all(all)).toEqual(['yes', 'no', 'yes']);
    expect(await patterns.matcher('a')('a', performance.now() - 1)).toBe('late');
  });

  test('that is invalid is refused when the check is made', () => {
    expect(() => matcher().matcher('(')).toThrow('Invalid regular expression');
  });
});

describe('FR-O11 an error of this host', () => {
  test.each([
    'EMFILE',
    'ENFILE',
    'ENOMEM',
    'ENOBUFS',
    'EAGAIN',
    'EADDRNOTAVAIL',
    'EADDRINUSE',
    'EPERM',
  ])('%s says nothing about the target', (code) => {
    const error = Object.assign(new Error(`connect ${code}`), { code });
    expect(failedBy(error, 'uplink: ')).toEqual(couldNotLook(code));
    expect(failedBy(error).passed).toBeUndefined();
  });

  test('has a number only if Node could not list the interfaces', () => {
    const code = 'ERR_SYSTEM_ERROR';
    const error = Object.assign(new Error('A system error occurred'), { code, errno: 24 });
    expect(failedBy(error, '192.0.2.1: ')).toEqual(couldNotLook('EMFILE'));
    const unknown = Object.assign(new Error(), { code, errno: 9_999 });
    expect(failedBy(unknown)).toEqual({ passed: false, detail: code });
  });

  test('differs from those of the target', () => {
    const error = Object.assign(new Error(), { code: 'ECONNREFUSED' });
    expect(failedBy(error, 'uplink: ')).toEqual({ passed: false, detail: 'uplink: ECONNREFUSED' });
  });
});
