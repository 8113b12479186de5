import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as history from '../../../src/cli/commands/history.ts';
import { fileName, historyDirectory } from '../../../src/history/files.ts';
import { storedForm } from '../../../src/history/record.ts';
import { runControl, socketPath } from '../control/samples.ts';
import { Story } from '../history/story.ts';
import { runCli } from './run-cli.ts';

/** A state directory with what the director has written. */
function stateOf(story: Story): string {
  const state = mkdtempSync(join(tmpdir(), 'vrrp-agent-'));
  onTestFinished(() => rmSync(state, { recursive: true, force: true }));
  mkdirSync(historyDirectory(state));
  const lines = story.records.map((record) => `${JSON.stringify(storedForm(record))}\n`);
  writeFileSync(join(historyDirectory(state), fileName(1)), lines.join(''));
  return state;
}

function run(state: string, ...args: string[]) {
  return runCli(history, ['history', '--state-dir', state, ...args]);
}

function crashSeenBy2() {
  const lb1 = new Story('lb1').start(0).to(0, 'MASTER', 'owner-started');
  lb1.write(5, { kind: 'clocks', offsets: { lb2: 0 } });
  lb1.start(1_500, 'died', 996).to(1_500, 'BACKUP', 'started');
  const lb2 = new Story('lb2').start(0).to(0, 'BACKUP', 'started');
  lb2.to(1_000, 'MASTER', 'master-silent', { silent: 4 });
  return { lb1: stateOf(lb1), lb2: stateOf(lb2) };
}

const UNTIL = ['--until', '2026-03-01T01:00Z'];

describe('history', () => {
  test('shows the numbers, the outages and the moves', async () => {
    const { lb2 } = crashSeenBy2();
    const { stdout, stderr, code } = await run(lb2, ...UNTIL);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(/^lb2: 2026-03-01 00:00:00Z to 2026-03-01 01:00:00Z \(1h00m\)$/m);
    expect(stdout).toMatch(/^web {2}203\.0\.113\.100\/32$/m);
    expect(stdout).toMatch(/^ {2}unplanned +1 outage, 4 s; MTBF 59m56s, MTTR 4 s$/m);
    expect(stdout).toMatch(
      /^2026-03-01 00:16:36Z {2}4 s +web +unplanned {2}another director > lb2 {2}master-silent$/m,
    );
  });

  test('merges that of another director', async () => {
    const { lb1, lb2 } = crashSeenBy2();
    const file = join(lb2, 'lb2.json');
    writeFileSync(file, (await run(lb2, '--json')).stdout);
    const { stdout } = await run(lb1, '--merge', file, ...UNTIL);
    expect(stdout).toMatch(/^lb1, lb2: /m);
    expect(stdout).toContain('clock of lb2: 0 ms, measured by the peer link');
    expect(stdout).toMatch(/unplanned {2}lb1 > lb2 {2}died: the agent ended without stopping$/m);
  });

  test('writes a page and prints nothing else', async () => {
    const { lb2 } = crashSeenBy2();
    const file = join(lb2, 'page.html');
    expect((await run(lb2, '--html', file, ...UNTIL)).stdout).toBe('');
    expect(readFileSync(file, 'utf8')).toContain('<title>History of lb2</title>');
  });

  test('asks the running agent where it writes', async () => {
    const { lb2 } = crashSeenBy2();
    const agent = await runControl({ config: () => ({ state_dir: lb2 }) });
    const { stdout } = await runCli(history, ['history', '--socket', agent.socket]);
    expect(stdout).toMatch(/^lb2: /);
  });

  test('says where there is none, and what to do', async () => {
    const empty = join(socketPath(), '..');
    const { stderr, code } = await run(empty);
    expect(code).toBe(1);
    expect(stderr).toContain(`there is no history in ${empty}`);
    expect(stderr).toContain('--state-dir');
  });

  test.each([
    [['wbe'], 'no instance is named wbe; the agent has: web'],
    [['--since', '2030-01-01'], 'there is no history of that time'],
    [['--merge', '/dev/null'], 'is not a regular file'],
    [['--merge', '/etc/hostname'], 'it is not JSON'],
    [['--since', 'yesterday'], 'It must be a time such as'],
  ])('refuses %j', async (args, message) => {
    const { lb2 } = crashSeenBy2();
    const { stdout, stderr, code } = await run(lb2, ...args);
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toContain(message);
  });
});
