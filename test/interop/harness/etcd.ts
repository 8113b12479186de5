/** Members of a real etcd (Debian's etcd-server) on the loopback address, and certificates for them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface EtcdOptions {
  readonly members?: number;
  readonly args?: readonly string[];
  readonly host?: string;
  /** Of the certificates; absent: http. */
  readonly tls?: Certificates;
}

export class Etcd {
  readonly endpoints: readonly string[];
  readonly directory = mkdtempSync(join(tmpdir(), 'etcd-'));
  readonly #commands: readonly (readonly string[])[];
  readonly #running: (ChildProcess | undefined)[];
  readonly #tls: Certificates | undefined;

  private constructor(ports: readonly number[], options: EtcdOptions) {
    const { args = [], host = '127.0.0.1', tls } = options;
    const scheme = tls === undefined ? 'http' : 'https';
    const members = ports
      .filter((_, at) => at % 2 === 0)
      .map((client, at) => ({
        name: `m${at}`,
        client: `${scheme}://${host}:${client}`,
        peer: `http://${host}:${ports[2 * at + 1]}`,
      }));
    this.#tls = tls;
    this.endpoints = members.map(({ client }) => client);
    const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    this.#commands = members.map(({ name, client, peer }) => [
      ...['--name', name, '--data-dir', join(this.directory, name), '--logger', 'zap'],
      ...['--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...['--initial-cluster', cluster],
      ...(tls === undefined
        ? []
        : [
            ...['--cert-file', tls.path('server.pem'), '--key-file', tls.path('server.key')],
            ...['--trusted-ca-file', tls.path('ca.pem'), '--client-cert-auth'],
          ]),
      ...args,
    ]);
    this.#running = members.map(() => undefined);
  }

  static async start(options: EtcdOptions = {}): Promise<Etcd> {
    const { members = 1, host = '127.0.0.1' } = options;
    const ports = await freePorts(2 * members, host.replace(/[[\]]/g, ''));
    const etcd = new Etcd(ports, options);
    for (const at of etcd.endpoints.keys()) etcd.run(at);
    await etcd.ready();
    return etcd;
  }

  run(member: number): void {
    this.#running[member] = spawn('etcd', this.#commands[member] ?? [], { stdio: 'ignore' });
  }

  signal(member: number, name: NodeJS.Signals): void {
    this.#running[member]?.kill(name);
  }

  /** Until each running member has a leader. */
  async ready(): Promise<void> {
    for (const [at, endpoint] of this.endpoints.entries()) {
      if (this.#running[at] === undefined) continue;
      for (let attempt = 0; ; attempt++) {
        try {
          if (this.curl(endpoint, '/health').includes('"health":"true"')) break;
        } catch (error) {
          if (attempt > 100) throw error;
        }
        await sleep(100);
      }
    }
  }

  /** The number of the member that leads. */
  leader(): number {
    return this.endpoints.findIndex((endpoint) => {
      const { header, leader } = JSON.parse(this.curl(endpoint, '/v3/maintenance/status', {})) as {
        header: { member_id: string };
        leader?: string;
      };
      return header.member_id === leader;
    });
  }

  curl(endpoint: string, path: string, body?: object): string {
    const tls = this.#tls;
    const certificates =
      tls === undefined
        ? []
        : [
            ...['--cacert', tls.path('ca.pem')],
            ...['--cert', tls.path('client.pem'), '--key', tls.path('client.key')],
          ];
    const post = body === undefined ? [] : ['-d', JSON.stringify(body)];
    return execFileSync(
      'curl',
      ['-sS', '-m', '2', ...certificates, ...post, `${endpoint}${path}`],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
  }

  etcdctl(...args: readonly string[]): string {
    const env = { ...process.env, ETCDCTL_API: '3' };
    const given = [`--endpoints=${this.endpoints.join(',')}`, ...args];
    return execFileSync('etcdctl', given, {
      encoding: 'utf8',
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async close(): Promise<void> {
    const ended = this.#running.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child === undefined || child.exitCode !== null || child.signalCode !== null)
            resolve();
          else child.once('exit', () => resolve());
        }),
    );
    for (const child of this.#running) {
      child?.kill('SIGCONT');
      child?.kill('SIGKILL');
    }
    await Promise.all(ended);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** An authority, a server for 127.0.0.1 and a client, and an authority that etcd does not know. */
export class Certificates {
  readonly #directory = mkdtempSync(join(tmpdir(), 'certificates-'));

  constructor() {
    this.#authority('ca');
    this.#authority('other');
    this.#signed('server', 'ca', 'subjectAltName=IP:127.0.0.1');
    this.#signed('client', 'ca', 'extendedKeyUsage=clientAuth');
    this.#signed('stranger', 'other', 'extendedKeyUsage=clientAuth');
  }

  path(name: string): string {
    return join(this.#directory, name);
  }

  text(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #authority(name: string): void {
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      this.path(`${name}.key`),
      '-out',
      this.path(`${name}.pem`),
    );
  }

  #signed(name: string, authority: string, extension: string): void {
    const [key, request, extensions] = ['key', 'csr', 'ext'].map((end) =>
      this.path(`${name}.${end}`),
    );
    writeFileSync(extensions ?? '', `${extension}\n`);
    this.#openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-keyout',
      key ?? '',
      '-out',
      request ?? '',
    );
    this.#openssl(
      'x509',
      '-req',
      '-in',
      request ?? '',
      '-CA',
      this.path(`${authority}.pem`),
      '-CAkey',
      this.path(`${authority}.key`),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      extensions ?? '',
      '-out',
      this.path(`${name}.pem`),
    );
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { stdio: 'ignore' });
  }
}

async function freePorts(count: number, host: string): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, host, () => resolve(server));
        }),
    ),
  );
  return Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          const address = server.address();
          const port = typeof address === 'object' && address !== null ? address.port : 0;
          server.close(() => resolve(port));
        }),
    ),
  );
}
