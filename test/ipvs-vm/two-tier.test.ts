/**
 * Two tiers, from the files of config/examples/two-tier: IPVS (dr and nat, mh) before nginx and HAProxy, which
 * check the applications behind them. What a client sees of each event is printed; docs/two-tier.md has it.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from 'vitest';
import { parse } from 'yaml';
import { Director } from './director.ts';
import { masterAndBackup } from './pair.ts';
import { end, endAll, Lines, pause, script, start, until } from './processes.ts';
import {
  buildTopology,
  DR_VIP,
  type Host,
  inside,
  killAll,
  NAT_VIP,
  plug,
  SERVERS,
  tearDownTopology,
} from './topology.ts';

const EXAMPLE = new URL('../../config/examples/two-tier/', import.meta.url);

/** Of each pool the first proxy is nginx and the second HAProxy. */
const POOLS = { www: SERVERS.dr, api: SERVERS.nat } as const;
const NGINX = ['dr1', 'nat1'] as const;
const HAPROXY = ['dr2', 'nat2'] as const;
const PROXY_HOSTS = [...NGINX, ...HAPROXY];
type ProxyHost = (typeof PROXY_HOSTS)[number];

/** Some checks of the proxies, and requests of every connection. */
const CALM_SECONDS = 3;

/** Eleven programs start in an emulated machine, on a host that may be busy. */
const START_MS = 600_000;

interface Seen {
  readonly answered: number;
  readonly failed: Record<string, number>;
  /** Answers by the proxy that gave them: on connections that are kept, and on new ones. */
  readonly kept: Record<string, number>;
  readonly fresh: Record<string, number>;
  /** Longest time between two answers to any client, and from a request to its answer, in ms. */
  readonly silence: number;
  readonly slowest: number;
}

class HttpClient {
  readonly #child = start('client', ['node', script('http-client.mjs')]);
  readonly #lines = new Lines(this.#child);

  async open(vip: string): Promise<void> {
    await this.#send(`open ${vip} 10 1000 250`);
  }

  /** What was seen since the last call, printed, for each VIP. */
  async seen(what: string): Promise<{ www: Seen; api: Seen }> {
    const seen = (await this.#send('mark')) as Record<string, Seen>;
    for (const [vip, one] of Object.entries(seen)) {
      console.log(`${what}, ${vip === DR_VIP ? 'dr ' : 'nat'}: ${JSON.stringify(one)}`);
    }
    return { www: seen[DR_VIP] as Seen, api: seen[NAT_VIP] as Seen };
  }

  async #send(command: string): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${command}\n`);
    return JSON.parse(await this.#lines.next()) as Record<string, unknown>;
  }
}

function example(name: string): string {
  return readFileSync(new URL(name, EXAMPLE), 'utf8');
}

/** The emulated machine is slow: a check may take seconds, and a stall of 0.9 s must cause no takeover. */
function directorOf(name: 'lb1' | 'lb2'): object {
  const text = example(`${name}/vrrp-agent.yaml`)
    .replaceAll('eth0', 'out')
    .replaceAll('eth1', 'in')
    .replace('advertisement_interval: 100ms', 'advertisement_interval: 300ms')
    .replaceAll('interval: 1s,', 'interval: 1s, timeout: 10s,');
  return parse(text) as object;
}

/** Hosts of the test share their files: each proxy has its own directory. */
function proxyFile(host: Host, name: string): string {
  const directory = `/run/${host}`;
  const text = example(`proxy/${name}`)
    .replaceAll(/\/run\/(haproxy\/)?|\/var\/log\/nginx\//g, `${directory}/`)
    .replace('proxy_connect_timeout 2s', 'proxy_connect_timeout 10s')
    .replace('timeout connect 2s', 'timeout connect 10s\n    timeout check 10s');
  mkdirSync(directory, { recursive: true });
  writeFileSync(`${directory}/${name}`, text);
  return `${directory}/${name}`;
}

const proxies = new Map<ProxyHost, ChildProcess>();

/** Resolves when it listens: a server that is put back in service before that refuses clients. */
async function startProxy(host: ProxyHost): Promise<void> {
  const argv = host.endsWith('1')
    ? ['nginx', '-c', proxyFile(host, 'nginx.conf'), '-g', 'daemon off;']
    : ['haproxy', '-db', '-f', proxyFile(host, 'haproxy.cfg')];
  proxies.set(host, start(host, argv));
  await until(`the proxy of ${host} listens`, () => {
    return inside(host, 'ss', '-Hltn', 'sport = :80') !== '';
  });
}

/** Ends HAProxy once it has answered what it was asked. */
async function stopProxy(host: ProxyHost): Promise<void> {
  const proxy = proxies.get(host);
  if (proxy !== undefined) await end(proxy, 'SIGUSR1');
}

async function startApplication(host: 'app1' | 'app2'): Promise<ChildProcess> {
  const child = start(host, ['node', script('application.mjs'), host, '8080']);
  await new Lines(child).next();
  return child;
}

const a = new Director('a');
const b = new Director('b');
let client: HttpClient;
let applications: { app1: ChildProcess; app2: ChildProcess };

/** Waits until both directors give new connections to these of the two proxies of each pool. */
async function pools(places: readonly (0 | 1)[]): Promise<void> {
  const addresses = Object.values(POOLS).flatMap((pool) => places.map((at) => pool[at]));
  const wanted = addresses.sort().join();
  await Promise.all([a, b].map((director) => balancesTo(director, wanted)));
}

function balancesTo(director: Director, wanted: string): Promise<void> {
  return until(`${director.name} balances to ${wanted}`, async () => {
    const { services, health } = await director.ipvs();
    const servers = services.flatMap((service) =>
      service.servers.filter(({ weight }) => weight > 0),
    );
    const addresses = servers.map(({ address }) => address).sort();
    // A server without a result has its weight too.
    return health.every(({ unknown }) => unknown === 0) && addresses.join() === wanted;
  });
}

async function drain(verb: 'drain' | 'undrain', at: 0 | 1): Promise<void> {
  for (const director of [a, b]) {
    for (const [service, pool] of Object.entries(POOLS)) {
      await director[verb](service, `${pool[at]}:80`);
    }
  }
}

beforeAll(async () => {
  tearDownTopology();
  buildTopology(['client', 'a', 'b', ...PROXY_HOSTS, 'app1', 'app2']);
  for (const host of ['dr1', 'dr2'] as const) {
    inside(host, 'sysctl', '-qp', new URL('proxy/60-direct-routing.conf', EXAMPLE).pathname);
  }
  for (const host of ['a', 'b'] as const) {
    inside(host, 'sysctl', '-qp', new URL('director/60-vrrp-agent.conf', EXAMPLE).pathname);
  }
  a.start(directorOf('lb1'));
  b.start(directorOf('lb2'));
  const [app1, app2] = await Promise.all([startApplication('app1'), startApplication('app2')]);
  applications = { app1, app2 };
  await Promise.all(PROXY_HOSTS.map(startProxy));
  await masterAndBackup(a, b);
  await pools([0, 1]);
  client = new HttpClient();
  await client.open(DR_VIP);
  await client.open(NAT_VIP);
  await pause(CALM_SECONDS);
  await client.seen('the first requests');
}, START_MS);

afterAll(async () => {
  for (const host of PROXY_HOSTS) killAll(host);
  await endAll();
  tearDownTopology();
});

beforeEach(() => {
  onTestFailed(() => console.log(a.log, b.log));
});

function nothingFailed({ www, api }: { www: Seen; api: Seen }): void {
  expect({ www: www.failed, api: api.failed }).toEqual({ www: {}, api: {} });
  for (const { answered } of [www, api]) expect(answered).toBeGreaterThan(0);
}

describe('two tiers', () => {
  test('an application that dies costs no request', async () => {
    await end(applications.app1, 'SIGKILL');
    await pause(CALM_SECONDS);
    nothingFailed(await client.seen('an application dies'));
    applications.app1 = await startApplication('app1');
  });

  test('a proxy that dies costs what it was serving until it is out of the pool, and nothing more', async () => {
    for (const host of NGINX) killAll(host);
    await pools([1]);
    await client.seen('a proxy dies');
    await pause(CALM_SECONDS);
    const seen = await client.seen('without it');
    nothingFailed(seen);
    for (const { fresh } of Object.values(seen)) expect(Object.keys(fresh)).toEqual(['haproxy']);

    await Promise.all(NGINX.map(startProxy));
    await pools([0, 1]);
    await pause(CALM_SECONDS);
    nothingFailed(await client.seen('it returns'));
  });

  test('a proxy is drained, stopped and started without a failure', async () => {
    await drain('drain', 1);
    await pools([0]);
    await client.seen('the drains begin');
    await pause(CALM_SECONDS);
    const seen = await client.seen('a proxy is drained');
    nothingFailed(seen);
    for (const { fresh } of Object.values(seen)) expect(Object.keys(fresh)).toEqual(['nginx']);

    await Promise.all(HAPROXY.map((host) => stopProxy(host)));
    await client.seen('its program ends');
    await Promise.all(HAPROXY.map(startProxy));
    await drain('undrain', 1);
    await pools([0, 1]);
    nothingFailed(await client.seen('it is back'));
  });

  test('a director is upgraded without a failure', async () => {
    expect((await a.maintenance({ mode: 'on', wait: '30s' })).outcome).toBe('handed-over');
    nothingFailed(await client.seen('a director hands over'));
    expect(await a.stop()).toBe(0);
    a.start(directorOf('lb1'));
    await a.reached('FAULT');
    await a.maintenance({ mode: 'off' });
    await a.reached('MASTER');
    await pause(CALM_SECONDS);
    nothingFailed(await client.seen('it is back'));
  });

  test('a director that dies costs no request', async () => {
    plug('a', 'down');
    await b.reached('MASTER');
    await pause(CALM_SECONDS);
    nothingFailed(await client.seen('a director dies'));
  });
});
