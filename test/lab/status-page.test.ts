/** The status page in a browser, with fake agents and with a real one in a lab. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { DirectorDocument } from '../../src/control/protocol.ts';
import { agentConfig, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { virtualAddress } from '../../src/lab/topology/layout.ts';
import { ip } from '../../src/net/address.ts';
import type { Instant } from '../../src/net/time.ts';
import type { Report } from '../../src/protocol/engine/reports.ts';
import type { PeerProblem } from '../../src/protocol/engine/view.ts';
import { useLabs } from '../interop/harness/fresh-lab.ts';
import { lacks } from '../interop/harness/requirements.ts';
import { ipvsSample } from '../interop/prometheus/sample-director.ts';
import { modelOf } from '../unit/control/samples.ts';
import { runHttp } from '../unit/observe/http/http-samples.ts';
import { AT, transition, viewOf } from '../unit/observe/samples.ts';

const CHROMIUM = '/usr/bin/chromium';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const HOUR = 3_600_000;

const LONGER_THAN_A_REFRESH = { timeout: 15_000 };

function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A page whose script has run without errors. */
async function open(browser: Browser, url: string, width = 1_200): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height: 800 } });
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${url}/`) && !request.url().startsWith('data:')) {
      complaints.push(`asks ${request.url()}`);
    }
  });
  onTestFinished(async () => {
    await page.close();
    expect(complaints).toEqual([]);
  });
  await page.goto(`${url}/`);
  await page.waitForSelector('tbody tr', { state: 'attached' });
  return page;
}

function visibleRows(page: Page): Promise<string[]> {
  return page.locator('tbody tr:visible th').allTextContents();
}

async function takePictures(page: Page, folder: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1_400, 360]) {
      await page.setViewportSize({ width, height: 700 });
      await page.screenshot({ path: `${folder}/status-page-${colorScheme}-${width}.png` });
    }
  }
}

function view(name: string, more: Parameters<typeof viewOf>[1] = {}): Report {
  return { kind: 'view', view: viewOf(name, more) };
}

describe.skipIf(lacks('chromium'))('the status page', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch(CHROMIUM);
  });
  afterAll(() => browser.close());

  test('FR-F: shows a router that cannot be a peer, and what to change', async () => {
    const problem: PeerProblem = {
      ...{ peer: ip('192.0.2.12'), code: 'version-error', since: 0 as Instant },
      ...{ heard: '2', expected: '3', freeVrid: null },
    };
    const model = modelOf('web', 'mail');
    model.apply(view('web', { problems: [problem], faults: ['maintenance'] }), AT);
    model.apply(view('mail'), AT);
    const { url } = await runHttp(model);
    const page = await open(browser, url);
    const remarks = await page.locator('tbody td:last-child').allTextContents();
    expect(remarks[0]).toMatch(
      /^maintenance; 192\.0\.2\.12: it sends version 2, .*"version" on both/,
    );
    expect(remarks[1]).toBe('');
  });

  test('shows state, master, priority, addresses and what happened', async () => {
    const model = modelOf('web');
    model.apply(view('web'), AT);
    model.apply(transition('web'), AT);
    const { url } = await runHttp(model);
    const page = await open(browser, url);
    expect(await page.title()).toBe('lb1: 1 MASTER');
    const cells = await page.locator('tbody td').allTextContents();
    expect(cells[0]).toBe('MASTER');
    expect(cells.slice(2)).toEqual([
      'this router',
      '140 of 150',
      '203.0.113.100',
      'eth0, VRID 1, v3',
      '',
      '',
      '',
    ]);
    expect(await page.locator('#events li').allTextContents()).toEqual([
      expect.stringMatching(/web\s*BACKUP to MASTER: no advertisement for 3.414s$/),
    ]);
    expect(await page.locator('#alarm').isVisible()).toBe(false);
  });

  test('shows the pair side by side, the day as a lane, and services, with what is wrong first', async () => {
    const model = modelOf('mail', 'web');
    for (const name of ['mail', 'web']) model.apply(view(name), AT);
    model.apply(transition('web', 'FAULT'), new Date(Date.now() - 2 * HOUR));
    model.apply(transition('web', 'MASTER'), new Date(Date.now() - HOUR));
    const other = { priority: 100, faults: [] } as const;
    const peer: DirectorDocument = {
      ...{ name: 'lb2', address: '198.51.100.140', state: 'up', since: AT.toISOString() },
      ...{ rtt_ms: 0.2, clock_offset_ms: 0, version: '0.1.0', configuration: 'same', differs: [] },
      instances: [
        { name: 'mail', state: 'BACKUP', ...other },
        { name: 'web', state: 'MASTER', ...other },
      ],
    };
    const { url } = await runHttp(model, {
      source: {
        status: () => ({ ...model.status(), peers: [peer] }),
        eventsAfter: (sequence) => model.eventsAfter(sequence),
        subscribe: (listener) => model.subscribe(listener),
        config: () => ({}),
        ipvs: () => ipvsSample(1_000, 0),
      },
    });
    const page = await open(browser, url);
    expect(await page.locator('#instances tr th').allTextContents()).toEqual(['web', 'mail']);
    expect(await page.locator('#instances td.pair').allTextContents()).toEqual([
      'lb2 MASTER 100',
      'lb2 BACKUP 100',
    ]);
    expect(await page.locator('#instances td.pair.trouble').count()).toBe(1);
    const lane = '#instances tr:first-child .lane i[data-state]';
    const states = `[...document.querySelectorAll('${lane}')].map((one) => one.dataset.state)`;
    expect(await page.evaluate(states)).toEqual(['BACKUP', 'FAULT', 'MASTER']);
    // A part of which nothing is known has no colour, also in the row of a MASTER.
    const unknown = `document.querySelector('.lane div').appendChild(document.createElement('i'))`;
    const colour = await page.evaluate(`getComputedStyle(${unknown}).backgroundColor`);
    expect(colour).toBe('rgba(0, 0, 0, 0)');
    expect(await page.locator('#servers td').allTextContents()).toEqual([
      ...['3 of 4', '0', '0', '10.0.0.14:80 down'],
    ]);
    expect(await page.locator('#connections').textContent()).toBe(
      '221 connections, 14 of them from other directors; lb9 lacks 12',
    );
    const pictures = process.env['STATUS_PAGE_PICTURES'];
    if (pictures !== undefined) await takePictures(page, pictures);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  });

  test('updates without a reload', async () => {
    const model = modelOf('web');
    model.apply(view('web'), AT);
    const { url } = await runHttp(model);
    const page = await open(browser, url);
    model.apply(transition('web', 'FAULT'), AT);
    model.apply(view('web', { state: 'FAULT', faults: ['interface-down'], master: null }), AT);
    await page.waitForSelector('tr[data-state=FAULT]', LONGER_THAN_A_REFRESH);
    expect(await page.locator('td.trouble').textContent()).toBe('interface-down');
    expect(await page.locator('#events li').count()).toBe(1);
  });

  test('escapes text from the network', async () => {
    const model = modelOf('web');
    model.apply(view('web', { addresses: ['<img src=x onerror=alert(1)>'] }), AT);
    const evil = transition('<b>web</b>');
    model.apply({ ...evil, reason: '<script>alert(1)</script>' } as Report, AT);
    const { url } = await runHttp(model);
    const page = await open(browser, url);
    expect(await page.locator('main img, main b, main script').count()).toBe(0);
    expect(await page.locator('#events').textContent()).toContain('<script>alert(1)</script>');
  });

  test('shows since when there is no answer, and that its data is old', async () => {
    const { url, http } = await runHttp(modelOf('web'));
    const page = await open(browser, url);
    await http.close();
    const alarm = page.locator('#alarm');
    await alarm.waitFor(LONGER_THAN_A_REFRESH);
    expect(await alarm.textContent()).toMatch(
      /^No response since .*\d\d:\d\d.*\. The data below is from that time\.$/,
    );
    expect(await page.locator('body').getAttribute('class')).toContain('gone');
  });

  test('does not trust the rows of an agent whose protocol thread is silent', async () => {
    const reason = 'the protocol thread has not answered for 12.3 s';
    const answerHealth = () => ({ healthy: false as const, reason });
    const { url } = await runHttp(modelOf('web'), { answerHealth });
    const page = await open(browser, url);
    const alarm = page.locator('#alarm');
    await alarm.waitFor(LONGER_THAN_A_REFRESH);
    expect(await alarm.textContent()).toBe(`${reason}: the data below may be out of date`);
  });

  test('finds one of 255 instances by state and by text', async () => {
    const names = Array.from({ length: 255 }, (_, at) => `service-${at + 1}`);
    const model = modelOf(...names);
    for (const name of names) {
      const state = name === 'service-77' ? 'FAULT' : 'BACKUP';
      model.apply(view(name, { state, faults: state === 'FAULT' ? ['no-address'] : [] }), AT);
    }
    const { url } = await runHttp(model);
    const page = await open(browser, url);
    const others = names.filter((name) => name !== 'service-77');
    expect(await visibleRows(page)).toEqual(['service-77', ...others]);
    await page.getByRole('button', { name: 'FAULT 1' }).click();
    expect(await visibleRows(page)).toEqual(['service-77']);
    await page.getByRole('button', { name: 'FAULT 1' }).click();
    await page.locator('#search').fill('service-25');
    expect(await visibleRows(page)).toEqual(names.filter((name) => name.startsWith('service-25')));
    await page.locator('#search').fill('nothing like this');
    expect(await page.locator('#none').isVisible()).toBe(true);
  });

  test.each([1, 255])('fits a phone with %i instances', async (count) => {
    const names = Array.from({ length: count }, (_, at) => `service-${at + 1}`);
    const { url } = await runHttp(modelOf(...names));
    const page = await open(browser, url, 360);
    const width = await page.evaluate('document.documentElement.scrollWidth');
    expect(width).toBe(360);
  });
});

describe.skipIf(lacks('chromium'))('the listener of a running agent', () => {
  const labs = useLabs();

  test('serves page, metrics and health, and ends with the agent', async () => {
    const lab = await labs.up(1);
    const host = lab.director(1);
    const agent = await startAgent(lab, host, {
      instances: [{ addresses: [virtualAddress(0)], advertisement_interval: '100ms' }],
      more: { http: { listen: 9112 } },
    });
    const url = 'http://127.0.0.1:9112';
    const program = (path: string) =>
      `fetch('${url}${path}').then((answer) => answer.text()).then((text) => process.stdout.write(text))`;
    const get = (path: string) => lab.run(host, process.execPath, ['-e', program(path)]);
    await expect.poll(() => agent.state(), LONGER_THAN_A_REFRESH).toBe('MASTER');

    expect(JSON.parse(await get('/healthz'))).toEqual({ healthy: true });
    const metrics = await get('/metrics');
    expect(metrics).toContain(
      'vrrp_instance_state{instance="web",vrid="55",family="ipv4",interface="eth0",state="MASTER"} 1',
    );
    expect(metrics).toContain('vrrp_transitions_total{instance="web",from="BACKUP",to="MASTER"} 1');
    expect(metrics).toMatch(/^vrrp_advertisements_sent_total\{instance="web"\} [1-9]/m);
    expect(metrics).toMatch(/^vrrp_timer_lateness_seconds_count [1-9]/m);

    const inside = lab.path('chromium-inside');
    writeFileSync(inside, `#!/bin/sh\nexec ip netns exec ${host.namespace} ${CHROMIUM} "$@"\n`);
    chmodSync(inside, 0o755);
    const browser = await launch(inside);
    try {
      const page = await browser.newPage();
      await page.goto(`${url}/`);
      await page.waitForSelector('tr[data-state=MASTER]', LONGER_THAN_A_REFRESH);
      await agent.stop();
      await page.locator('#alarm').waitFor(LONGER_THAN_A_REFRESH);
      expect(await page.locator('#alarm').textContent()).toMatch(/^No response since /);
    } finally {
      await browser.close();
    }
  });

  test('keeps the agent from starting when the port is taken, before it touches the network', async () => {
    const lab = await labs.up(1);
    const host = lab.director(1);
    const program = "require('net').createServer().listen(9112, '127.0.0.1')";
    await lab.spawn(host, process.execPath, ['-e', program], { label: 'taker' });
    const taken = () => lab.run(host, 'sh', ['-c', 'grep -c ":2398 .* 0A " /proc/net/tcp || true']);
    await expect.poll(taken, LONGER_THAN_A_REFRESH).toContain('1');
    const config = lab.path('taken.yaml');
    const options = {
      instances: [{ addresses: [virtualAddress(0)], priority: 255 }],
      more: { http: { listen: 9112 } },
    };
    writeFileSync(config, agentConfig(lab, host, options));
    const command = [builtProgram('src/cli/main.js'), 'run', '--config', config];
    const agent = await lab.spawn(host, process.execPath, command, { label: 'agent', log: true });
    expect(await agent.ended).toBe(1);
    const log = readFileSync(lab.path('agent.log'), 'utf8');
    expect(log).toContain('http.listen: 127.0.0.1:9112 is in use by another program');
    expect(log).not.toContain('"code":"started"');
    expect(await lab.holders(virtualAddress(0))).toEqual([]);
  });
});
