/**
 * Members of an etcd cluster by the JSON gateway, in this process: leases, keys, transactions, watches,
 * users, and what goes wrong with them. `test/kernel/witness-etcd.test.ts` asks the real one the same.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Stored {
  value: string;
  lease: string;
  create: number;
  mod: number;
}

interface Operation {
  request_range?: { key: string };
  request_put?: {
    key: string;
    value?: string;
    lease?: string;
    ignore_lease?: boolean;
    ignore_value?: boolean;
  };
  request_txn?: Transaction;
  request_delete_range?: { key: string };
}

interface Compare {
  key: string;
  target: 'CREATE' | 'MOD' | 'LEASE';
  result: 'EQUAL' | 'GREATER';
  create_revision?: string;
  mod_revision?: string;
  lease?: string;
}

interface Transaction {
  compare?: Compare[];
  success?: Operation[];
  failure?: Operation[];
}

/** An answer instead of the right one. */
export type Fault =
  | { readonly hang: true }
  | { readonly status: number; readonly body: string; readonly contentType?: string }
  | { readonly destroy: true };

/** What all members share. */
export class FakeCluster {
  revision = 1;
  term = 2;
  clusterId = '9001';
  readonly keys = new Map<string, Stored>();
  readonly leases = new Map<string, number>();
  /** User and password; undefined: users are off. */
  user: { name: string; password: string } | undefined;
  token = 'token.1';
  isFull = false;
  readonly watchers = new Set<(event: object) => void>();

  expire(lease: string): void {
    this.leases.delete(lease);
    for (const [key, stored] of [...this.keys]) {
      if (stored.lease !== lease) continue;
      this.remove(key);
    }
  }

  remove(key: string): void {
    if (!this.keys.delete(key)) return;
    this.revision++;
    this.#tell({ type: 'DELETE', kv: { key } });
  }

  put(key: string, value: string, lease = '0'): void {
    this.revision++;
    const create = this.keys.get(key)?.create ?? this.revision;
    this.keys.set(key, { value, lease, create, mod: this.revision });
    this.#tell({ kv: { key, value } });
  }

  #tell(event: object): void {
    for (const watcher of this.watchers) watcher(event);
  }
}

export class FakeMember {
  readonly asked: string[] = [];
  /** Connections that were opened to it. */
  connections = 0;
  /** By path, or for every path as `*`. */
  readonly faults = new Map<string, Fault>();
  /** Called before a question is answered. */
  before: (path: string) => void = () => {};
  /** The `Date` of its answers; undefined: the present one. */
  date: Date | undefined;
  readonly #cluster: FakeCluster;
  readonly #server: Server;

  private constructor(cluster: FakeCluster, server: Server) {
    this.#cluster = cluster;
    this.#server = server;
  }

  static async start(cluster = new FakeCluster()): Promise<FakeMember> {
    const server = createServer((request, response) => void member.#serve(request, response));
    const member = new FakeMember(cluster, server);
    server.on('connection', () => member.connections++);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return member;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get cluster(): FakeCluster {
    return this.#cluster;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    this.asked.push(path);
    this.before(path);
    const fault = this.faults.get(path) ?? this.faults.get('*');
    if (this.date !== undefined) response.setHeader('Date', this.date.toUTCString());
    if (fault !== undefined) {
      if ('hang' in fault) return;
      if ('destroy' in fault) {
        response.destroy();
        return;
      }
      response.writeHead(fault.status, { 'Content-Type': fault.contentType ?? 'application/json' });
      response.end(fault.body);
      return;
    }
    const bodies = Buffer.concat(chunks)
      .toString()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const refused = this.#authorise(path, request.headers.authorization);
    if (refused !== undefined) {
      refuse(response, 400, refused, 'unauth');
      return;
    }
    this.#answer(path, bodies, response);
  }

  #authorise(path: string, token: string | undefined): string | undefined {
    const { user, token: right } = this.#cluster;
    if (user === undefined || path === '/v3/auth/authenticate') return undefined;
    if (token === undefined) return 'etcdserver: user name is empty';
    return token === right ? undefined : 'etcdserver: invalid auth token';
  }

  #answer(path: string, bodies: Record<string, unknown>[], response: ServerResponse): void {
    const [body = {}] = bodies;
    const { leases, user } = this.#cluster;
    switch (path) {
      case '/v3/maintenance/status':
        send(response, {
          header: this.#header(),
          version: '3.4.23',
        });
        return;
      case '/v3/auth/authenticate':
        if (user === undefined) {
          refuse(response, 412, 'etcdserver: authentication is not enabled', 9);
        } else if (body['name'] === user.name && body['password'] === user.password) {
          send(response, { header: this.#header(), token: this.#cluster.token });
        } else {
          refuse(
            response,
            400,
            'etcdserver: authentication failed, invalid user ID or password',
            3,
          );
        }
        return;
      case '/v3/lease/grant': {
        const id = String(body['ID']);
        if (this.#cluster.isFull) refuse(response, 429, FULL, 8);
        else if (leases.has(id)) refuse(response, 412, 'etcdserver: lease already exists', 9);
        else {
          leases.set(id, Number(body['TTL']));
          send(response, { header: this.#header(), ID: id, TTL: String(body['TTL']) });
        }
        return;
      }
      case '/v3/lease/keepalive':
        response.setHeader('Content-Type', 'application/json');
        for (const { ID } of bodies) {
          const ttl = leases.get(String(ID));
          const result = {
            header: this.#header(),
            ID,
            ...(ttl === undefined ? {} : { TTL: `${ttl}` }),
          };
          response.write(`${JSON.stringify({ result })}\n`);
        }
        response.end();
        return;
      case '/v3/lease/revoke': {
        const id = String(body['ID']);
        if (!leases.has(id)) refuse(response, 404, 'etcdserver: requested lease not found', 5);
        else {
          this.#cluster.expire(id);
          send(response, { header: this.#header() });
        }
        return;
      }
      case '/v3/kv/txn':
        this.#transact(body as Transaction, response);
        return;
      case '/v3/watch':
        this.#watch(response);
        return;
      default:
        response.writeHead(404, { 'Content-Type': 'text/plain' });
        response.end('Not Found\n');
    }
  }

  #transact({ compare = [], success = [], failure = [] }: Transaction, response: ServerResponse) {
    const succeeded = compare.every((one) => this.#holds(one));
    const operations = succeeded ? success : failure;
    if (this.#cluster.isFull && [...success, ...failure].some((one) => one.request_put)) {
      refuse(response, 429, FULL, 8);
      return;
    }
    const lease = operations.find(({ request_put: put }) => put?.lease !== undefined)?.request_put
      ?.lease;
    if (lease !== undefined && !this.#cluster.leases.has(lease)) {
      refuse(response, 404, 'etcdserver: requested lease not found', 5);
      return;
    }
    const responses = operations.map((one) => this.#perform(one));
    send(response, { header: this.#header(), ...(succeeded ? { succeeded } : {}), responses });
  }

  #holds({ key, target, result, ...values }: Compare): boolean {
    const stored = this.#cluster.keys.get(key);
    const [actual, wanted] =
      target === 'CREATE'
        ? [stored?.create ?? 0, Number(values.create_revision)]
        : target === 'MOD'
          ? [stored?.mod ?? 0, Number(values.mod_revision)]
          : [stored?.lease ?? '0', values.lease];
    return result === 'EQUAL' ? actual === wanted : Number(actual) > Number(wanted);
  }

  #perform(operation: Operation): object {
    const { request_range: range, request_put: put, request_delete_range: gone } = operation;
    const { keys } = this.#cluster;
    const { request_txn: inner } = operation;
    if (inner !== undefined) {
      const succeeded = (inner.compare ?? []).every((one) => this.#holds(one));
      const chosen = (succeeded ? inner.success : inner.failure) ?? [];
      const responses = chosen.map((one) => this.#perform(one));
      return { response_txn: { ...(succeeded ? { succeeded } : {}), responses } };
    }
    if (put !== undefined) {
      const former = keys.get(put.key);
      const value = put.ignore_value === true ? (former?.value ?? '') : (put.value ?? '');
      const lease = put.ignore_lease === true ? former?.lease : put.lease;
      this.#cluster.put(put.key, value, lease);
      return { response_put: {} };
    }
    if (gone !== undefined) {
      this.#cluster.remove(gone.key);
      return { response_delete_range: {} };
    }
    const key = range?.key ?? '';
    const stored = keys.get(key);
    if (stored === undefined) return { response_range: {} };
    const { value, lease, create, mod } = stored;
    const kv = { key, value, create_revision: `${create}`, mod_revision: `${mod}` };
    return {
      response_range: { kvs: [{ ...kv, ...(lease === '0' ? {} : { lease }) }], count: '1' },
    };
  }

  #watch(response: ServerResponse): void {
    const line = (result: object) => response.write(`${JSON.stringify({ result })}\n`);
    const watcher = (event: object) => line({ header: this.#header(), events: [event] });
    line({ header: this.#header(), created: true });
    this.#cluster.watchers.add(watcher);
    response.on('close', () => this.#cluster.watchers.delete(watcher));
  }

  #header() {
    const { clusterId, revision, term } = this.#cluster;
    return { cluster_id: clusterId, member_id: '7', revision: `${revision}`, raft_term: `${term}` };
  }
}

const FULL = 'etcdserver: mvcc: database space exceeded';

function send(response: ServerResponse, document: object): void {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(document));
}

function refuse(response: ServerResponse, status: number, error: string, code: number | 'unauth') {
  const number = code === 'unauth' ? (error.includes('token') ? 16 : 3) : code;
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ error, message: error, code: number }));
}
