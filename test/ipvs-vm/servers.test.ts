/** Real servers that fail, return, and are drained, as seen by clients of the virtual address. */
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import { Director } from './director.ts';
import { LoadClient, lost } from './load-client.ts';
import { masterAndBackup } from './pair.ts';
import { end, endAll, Lines, pause, script, start, until } from './processes.ts';
import {
  buildTopology,
  DR_VIP,
  GATEWAY,
  type Host,
  inside,
  PORT,
  SERVERS,
  tearDownTopology,
} from './topology.ts';

const SECURE = 443;
const KEY = '/run/shop-key.pem';
const CERTIFICATE = '/run/shop-certificate.pem';
const [FIRST, SECOND] = SERVERS.dr;
const FALLBACK = SERVERS.nat[0];

const a = new Director('a');
const b = new Director('b');

function configOf(priority: number, weight = 1): object {
  const service = { forwarding: 'dr', scheduler: 'rr', servers: SERVERS.dr };
  return {
    instances: [
      {
        ...{ name: 'web', interface: 'out', vrid: 55, priority, preempt: false },
        addresses: [DR_VIP],
        extra_addresses: [{ address: `${GATEWAY}/24`, interface: 'in' }],
      },
    ],
    ipvs: {
      sync: { interface: 'in' },
      sysctl: { sync_threshold: '1 2', sync_refresh_period: 10, sync_retries: 2 },
      services: [
        {
          ...{ name: 'shop', address: `${DR_VIP}:${SECURE}`, ...service },
          servers: [{ address: FIRST, weight }, SECOND],
          check: {
            ...{ https: { path: '/health', sni: 'shop.example.net', verify: false } },
            // A handshake may take a second here; a server that is gone refuses immediately.
            ...{ interval: '1s', timeout: '10s', fall: 2, rise: 1 },
          },
          fallback: { address: `${FALLBACK}:${SECURE}`, forwarding: 'nat' },
        },
        { name: 'plain', address: `${DR_VIP}:${PORT}`, ...service },
      ],
    },
  };
}

async function serve(host: Host, program: string, ...args: string[]): Promise<ChildProcess> {
  const child = start(host, ['node', script(program), host, ...args]);
  await new Lines(child).next();
  return child;
}

function secure(host: Host): Promise<ChildProcess> {
  return serve(host, 'secure-server.mjs', String(SECURE), KEY, CERTIFICATE);
}

function makeCertificate(): void {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const files = ['-keyout', KEY, '-out', CERTIFICATE, '-subj', '/CN=shop.example.net'];
  inside('client', 'openssl', 'req', '-x509', '-batch', ...curve, ...files);
}

/** Names of the servers that two new connections of a client reach; the scheduler is round robin. */
function answers(): string[] {
  const url = `https://${DR_VIP}:${SECURE}/`;
  const said = inside('client', 'curl', '-sk', '--max-time', '60', url, url);
  return [...new Set(said.trim().split('\n'))].sort();
}

/** Weights in the kernel, by the address of the server. */
function weights(director: Director): Record<string, number> {
  const table = inside(director.name, 'ipvsadm', '-S', '-n');
  const server = new RegExp(`-a -t ${DR_VIP}:${SECURE} -r (\\S+):\\d+ .*-w (\\d+)`, 'g');
  return Object.fromEntries(
    [...table.matchAll(server)].map(([, at, weight]) => [at, Number(weight)]),
  );
}

function have(expected: Record<string, number>): Promise<void> {
  return until(`${a.name} has ${JSON.stringify(expected)}`, () => {
    expect(weights(a)).toEqual(expected);
    return true;
  });
}

beforeAll(async () => {
  tearDownTopology();
  buildTopology(['client', 'a', 'b', 'dr1', 'dr2', 'nat1']);
  a.start(configOf(150));
  b.start(configOf(100));
  makeCertificate();
  await masterAndBackup(a, b);
});

afterAll(async () => {
  await endAll();
  tearDownTopology();
});

beforeEach(() => {
  onTestFailed(() => console.log(a.log, b.log));
});

describe('servers with an https check', () => {
  test('get no new clients while they are down; a fallback gets them when none is left', async () => {
    const [dr1, dr2] = await Promise.all([secure('dr1'), secure('dr2'), secure('nat1')]);
    await have({ [FIRST]: 1, [SECOND]: 1 });
    expect(answers()).toEqual(['dr1', 'dr2']);

    await end(dr1, 'SIGKILL');
    await have({ [FIRST]: 0, [SECOND]: 1 });
    expect(answers()).toEqual(['dr2']);

    await end(dr2, 'SIGKILL');
    await have({ [FIRST]: 0, [SECOND]: 0, [FALLBACK]: 1 });
    expect(answers()).toEqual(['nat1']);

    await Promise.all([secure('dr1'), secure('dr2')]);
    await until('the fallback has no new clients', () => (weights(a)[FALLBACK] ?? 0) === 0);
    await until('both servers are back', () => answers().join() === 'dr1,dr2');
  });
});

describe('a move while a server is drained', () => {
  test('keeps its connections; the drain does not apply on the new MASTER', async () => {
    await Promise.all([
      serve('dr1', 'echo-server.mjs', `tcp:${PORT}`),
      serve('dr2', 'echo-server.mjs', `tcp:${PORT}`),
    ]);
    const client = await LoadClient.start();
    await client.openSome(DR_VIP, 10);
    a.command('ipvs', 'drain', 'shop', `${FIRST}:${SECURE}`);
    a.command('ipvs', 'drain', 'plain', `${FIRST}:${PORT}`);
    expect(answers()).toEqual(['dr2']);

    await a.failover();
    expect(answers()).toEqual(['dr1', 'dr2']);
    await b.failover();
    expect(answers()).toEqual(['dr2']);

    a.command('ipvs', 'undrain', 'shop', `${FIRST}:${SECURE}`);
    expect(answers()).toEqual(['dr1', 'dr2']);
    expect(lost(await client.finish())).toEqual([]);
  });
});

describe('after a takeover', () => {
  /** Two checks of the table by the agent. */
  const CHECKS_SECONDS = 5;

  /** Waits until the servers have these weights, and checks that they keep them. */
  async function keep(expected: Record<string, number>): Promise<void> {
    await until(`${a.name} has ${JSON.stringify(expected)}`, () => {
      expect(weights(a)).toMatchObject(expected);
      return true;
    });
    await pause(CHECKS_SECONDS);
    expect(weights(a)).toMatchObject(expected);
  }

  test('FR-N1 one process keeps the table: reload, drain, failover and stop take effect', async () => {
    expect(await a.takeOver()).toBe(0);
    await a.reached('MASTER');
    await keep({ [FIRST]: 1, [SECOND]: 1 });
    await a.reload(configOf(150, 5));
    await keep({ [FIRST]: 5, [SECOND]: 1 });
    a.command('ipvs', 'drain', 'shop', `${FIRST}:${SECURE}`);
    await keep({ [FIRST]: 0, [SECOND]: 1 });

    await a.failover();
    await until('the daemon is a backup', async () => (await a.daemons()).join() === 'backup');
    const daemons = () => inside(a.name, 'ipvsadm', '-L', '--daemon');
    const before = daemons();
    await pause(CHECKS_SECONDS);
    expect(daemons()).toBe(before);

    expect(await a.stop()).toBe(0);
    expect(inside(a.name, 'ipvsadm', '-S', '-n').trim()).toBe('');
    expect(daemons()).not.toContain('sync');
  });
});
