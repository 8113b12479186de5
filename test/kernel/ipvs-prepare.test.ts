/** `ipvs prepare` in a separate network namespace. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ip, kernelSuite, NamespacePair } from './support.ts';

const PROGRAM = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

let pair: NamespacePair;

beforeEach(() => {
  pair = new NamespacePair();
});

afterEach(() => {
  pair.remove();
});

function prepare(...args: string[]) {
  const argv = ['netns', 'exec', pair.a, process.execPath, PROGRAM, 'ipvs', 'prepare', ...args];
  const { status, stdout } = spawnSync('ip', argv, { encoding: 'utf8' });
  return { status, stdout };
}

kernelSuite('ipvs prepare', () => {
  test('shows and applies what a real server with direct routing needs, then finds nothing to do', () => {
    const server = ['realserver', '--mode', 'dr', '--vip', '203.0.113.100'];
    expect(prepare(...server, '--check')).toMatchObject({ status: 1 });
    const shown = prepare(...server);
    expect(shown.status).toBe(0);
    expect(shown.stdout).toContain('           ip address add 203.0.113.100/32 dev lo\n');
    expect(ip('-n', pair.a, 'address', 'show', 'dev', 'lo')).not.toContain('203.0.113.100');
    expect(prepare(...server, '--apply')).toMatchObject({ status: 0 });
    expect(prepare(...server, '--check')).toMatchObject({ status: 0 });
    expect(ip('-n', pair.a, 'address', 'show', 'dev', 'lo')).toContain('203.0.113.100/32');
  });

  test('reports the route of answers of a host behind nat', () => {
    const server = ['realserver', '--mode', 'nat', '--gateway', '192.0.2.2'];
    expect(prepare(...server, '--check')).toMatchObject({ status: 1 });
    expect(prepare(...server, '--apply')).toMatchObject({ status: 0 });
    expect(ip('-n', pair.a, 'route', 'show', 'default')).toContain('via 192.0.2.2');
    const { stdout } = prepare(...server, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, requirements: [{ state: 'met' }] });
  });
});
