import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { NO_DEBUGGER } from '../../../../src/kernel/process/no-debugger.ts';

const PROGRAM = `
const inspector = require('node:inspector');
const first = inspector.url();
process.kill(process.pid, 'SIGUSR1');
setTimeout(() => {
  const second = inspector.url();
  try { inspector.open(); } catch {}
  console.log(JSON.stringify([first, second, inspector.url()].map((url) => url ?? null)));
}, 300);
`;

function urlsOf(flags: readonly string[], options = ''): Promise<unknown> {
  const environment = { ...process.env, NODE_OPTIONS: options };
  return promisify(execFile)(process.execPath, [...flags, '-e', PROGRAM], {
    env: environment,
  }).then(({ stdout }) => JSON.parse(stdout) as unknown);
}

describe('the option against debuggers', () => {
  test.each(['', '--inspect=127.0.0.1:0', '--inspect-brk=127.0.0.1:0'])(
    'leaves SIGUSR1, the program itself and NODE_OPTIONS="%s" without an inspector',
    async (options) => {
      expect(await urlsOf([NO_DEBUGGER], options)).toEqual([null, null, null]);
    },
  );

  test('is needed: without it, Node opens one', async () => {
    const urls = await urlsOf(['--inspect-port=127.0.0.1:0']);
    expect(urls).toEqual([null, expect.stringContaining('ws://'), expect.anything()]);
  });

  test('is in the first line of the program', () => {
    const [shebang = ''] = readFileSync('src/cli/main.ts', 'utf8').split('\n');
    expect(shebang.split(' ')).toContain(NO_DEBUGGER);
    // The kernel reads only this much (BINPRM_BUF_SIZE).
    expect(shebang.length).toBeLessThan(255);
  });
});
