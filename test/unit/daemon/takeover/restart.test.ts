import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { Restart } from '../../../../src/daemon/takeover/restart.ts';

/** More than one string of the environment may have (MAX_ARG_STRLEN): execve(2) fails with E2BIG. */
const TOO_LONG = 'x'.repeat(200_000);

afterEach(() => {
  delete process.env['VRRP_AGENT_TEST_TOO_LONG'];
});

describe('SIGUSR2', () => {
  test('is refused, and the process continues, if the kernel starts no other process', () => {
    const lines: { code?: string; msg: string }[] = [];
    const write = (line: string) => void lines.push(JSON.parse(line));
    const restart = new Restart({
      ...{ file: '/nowhere', record: undefined, logger: pino({}, { write }) },
    });
    process.env['VRRP_AGENT_TEST_TOO_LONG'] = TOO_LONG;
    restart.begin();
    // The refusal does not count as a successor under way.
    restart.begin();
    expect(lines.map(({ code }) => code)).toEqual(['restart-failed', 'restart-failed']);
    expect(lines[0]?.msg).toContain('E2BIG');
    expect(restart.pid).toBeUndefined();
  });
});
