import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { HttpProbe } from '../../../../src/checker/probes/http.ts';
import { type Match, PatternMatcher } from '../../../../src/checker/probes/pattern-matcher.ts';
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
    // It has begun by then, and uses up a share of the processor that is its own.
    await new Promise((resolve) => setTimeout(resolve, 50));
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

  test('takes a part of a processor, however many answers are slow', async () => {
    const patterns = matcher();
    const until = performance.now() + 4_000;
    const before = process.cpuUsage();
    const all = Array.from({ length: 6 }, async () => {
      const match = patterns.matcher(SLOW);
      const found = new Set<Match>();
      while (performance.now() < until) found.add(await match(HOSTILE, performance.now() + 500));
      return [...found];
    });
    const found = (await Promise.all(all)).flat();
    const { user, system } = process.cpuUsage(before);
    // A light match of each, a fifth of what is left, and the starts of threads.
    expect((user + system) / 1_000).toBeLessThan(2_800);
    expect(found).toContain('late');
    expect(found).toContain('busy');
  });

  test('that had no turn because of other answers has no result', async () => {
    const patterns = matcher();
    const [hostile, other] = [patterns.matcher(SLOW), patterns.matcher('^(a+)+$')];
    expect(await hostile(HOSTILE, performance.now() + 2_000)).toBe('late');
    expect(await other(`${'a'.repeat(40)}b`, performance.now() + 1_200)).toBe('busy');
    // It was slow itself.
    expect(await hostile(HOSTILE, performance.now() + 300)).toBe('late');
  });

  test('whose turn comes with its deadline has no result', async () => {
    const patterns = matcher();
    const deadline = performance.now() + 200;
    const first = patterns.matcher(SLOW)(HOSTILE, deadline);
    const second = patterns.matcher('ready')('ready', deadline);
    // This thread stands still, so that the end of the first is seen before that of the second.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    await first;
    expect(await second).toBe('busy');
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
