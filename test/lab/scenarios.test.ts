/** `lab run` as users run it: the command line, leftovers, and the report in a browser. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { LabReport } from '../../src/lab/report/report.ts';
import { knownPrefixes } from '../../src/lab/topology/state.ts';
import { tearDown } from '../../src/lab/topology/tear-down.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { lacks } from '../interop/harness/requirements.ts';

const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-scenarios-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly pid: number;
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [builtProgram('src/cli/main.js'), 'lab', ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text: Buffer) => {
    stdout += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    stderr += text.toString();
  });
  const pid = child.pid ?? 0;
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (status, signal) =>
      resolve({ pid, status: status ?? signal ?? 'unknown', stdout, stderr }),
    );
  });
  return { pid, ended, signal: (name: NodeJS.Signals) => child.kill(name) };
}

/** Labs are named after the process that created them. */
async function labsOf(pid: number): Promise<string[]> {
  const mine = `run${pid.toString(36)}-`;
  const namespaces = (await run('ip', ['netns', 'list'])).split('\n');
  return [...namespaces, ...knownPrefixes()].filter((name) => name.startsWith(mine));
}

describe.skipIf(lacks())('lab run', () => {
  test('runs the crash of a MASTER, reports it in every format, and leaves nothing', async () => {
    const html = join(directory, 'crash.html');
    const junit = join(directory, 'crash.xml');
    const args = ['crash', '--json', '--html', html, '--junit', junit, '--pcap', directory];
    const { pid, status, stdout } = await start(['run', ...args]).ended;
    expect(await labsOf(pid)).toEqual([]);
    const report = JSON.parse(stdout) as LabReport;
    const [crash] = report.scenarios[0]?.contenders[0]?.runs ?? [];
    expect(crash?.verdicts.filter(({ holds }) => !holds)).toEqual([]);
    expect(status).toBe(0);
    expect(crash?.resolution?.median).toBeLessThan(5_000);
    expect(crash?.nodes[1]?.states.map(({ state }) => state)).toEqual(['BACKUP', 'MASTER']);
    expect(crash?.frames_lost).toBe(0);
    expect(readFileSync(junit, 'utf8')).toContain('failures="0"');
    expect(readFileSync(join(directory, 'crash.pcap')).length).toBeGreaterThan(1_000);
    expect(readFileSync(html, 'utf8')).toContain('<svg');
  });

  test('fails with the expectation that did not hold', async () => {
    const text = readFileSync(
      new URL('../../config/scenarios/crash.yaml', import.meta.url),
      'utf8',
    );
    const file = join(directory, 'wrong.yaml');
    writeFileSync(file, text.replace('{ owner: lb2, from: 1.5s }', '{ owner: lb1, from: 1.5s }'));
    const { status, stdout } = await start(['run', file]).ended;
    expect(status).toBe(1);
    expect(stdout).toMatch(/✗ owner lb1 from 1\.5s {2}seen: lb2 at \d\.\d+ s/);
  });

  test('reports all errors in a file, and creates nothing', async () => {
    const file = join(directory, 'bad.yaml');
    writeFileSync(file, 'name: bad\ntitle: x\nnodes: []\nduration: 2\nsteps: []\nexpect: []\n');
    const { pid, status, stderr, stdout } = await start(['run', 'crash', file]).ended;
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n').slice(0, -1)).toEqual([
      `${file}:3:8: must not be empty`,
      `${file}:4:11: a duration needs a unit: write 2s or 2ms`,
      `${file}:6:9: must not be empty: the run would prove nothing`,
    ]);
    expect(await labsOf(pid)).toEqual([]);
  });

  test.each([
    ['a signal', 1],
    ['timeout(1), which sends it twice', 2],
  ])('removes its lab when interrupted by %s', async (_, signals) => {
    const running = start(['run', 'intervals']);
    await waitFor('the lab', async () => (await labsOf(running.pid)).length > 3);
    for (let i = 0; i < signals; i++) {
      running.signal('SIGINT');
      await sleep(5);
    }
    const { status, stderr } = await running.ended;
    expect(status).toBe(130);
    expect(stderr).toContain('interrupted: removing the lab');
    expect(await labsOf(running.pid)).toEqual([]);
  });

  test('leaves a lab that can be removed by name when killed', async () => {
    const running = start(['run', 'intervals']);
    await waitFor('the lab', async () => (await labsOf(running.pid)).length > 3);
    running.signal('SIGKILL');
    await running.ended;
    const prefixes = knownPrefixes().filter((name) =>
      name.startsWith(`run${running.pid.toString(36)}-`),
    );
    expect(prefixes).toHaveLength(1);
    for (const prefix of prefixes) await tearDown(prefix);
    expect(await labsOf(running.pid)).toEqual([]);
  });
});

describe.skipIf(lacks())('lab down', () => {
  test('fails for a lab that does not exist', async () => {
    const { status, stdout, stderr } = await start(['down', 'never-was']).ended;
    expect({ status, stdout, stderr }).toEqual({
      ...{ status: 1, stdout: '', stderr: "vrrp-agent lab: no lab 'never-was'\n" },
    });
  });
});

describe.skipIf(lacks('chromium'))('the report in a browser', () => {
  test('draws its lanes within the page, light and dark, on a phone and on paper', async () => {
    const file = join(directory, 'split.html');
    await start(['run', 'split-brain', '--json', '--html', file]).ended;
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
    });
    onTestFinished(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1_200, height: 900 } });
    const complaints: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(request.url());
    });
    await page.goto(`file://${file}`);
    expect(await page.title()).toBe('Failover lab: all 1 hold');
    const bars = page.locator('svg rect.MASTER');
    expect(await bars.count()).toBeGreaterThanOrEqual(2);
    const chart = await page.locator('svg').first().boundingBox();
    for (const bar of await bars.all()) {
      const box = await bar.boundingBox();
      expect(box && chart && box.x >= chart.x && box.x + box.width <= chart.x + chart.width).toBe(
        true,
      );
    }
    const background = () =>
      page.evaluate('getComputedStyle(document.body).backgroundColor') as Promise<string>;
    const light = await background();
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await background()).not.toBe(light);
    await page.emulateMedia({ media: 'print', colorScheme: 'light' });
    expect(await bars.first().isVisible()).toBe(true);
    await page.emulateMedia({ media: 'screen' });
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(complaints).toEqual([]);
  });
});
