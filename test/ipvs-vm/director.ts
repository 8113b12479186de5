/** A director: its agent, and the state of its kernel. */
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '../../src/control/client.ts';
import type { IpvsDocument } from '../../src/control/ipvs-document.ts';
import type { HandOverDocument, MaintenanceAnswer } from '../../src/control/operator-protocol.ts';
import type { InstanceDocument } from '../../src/control/protocol.ts';
import type { MaintenanceRequest } from '../../src/control/requests.ts';
import { isLive, isTemplate } from '../../src/net/connection.ts';
import { decodeTableLine } from '../../src/wire/connections/table-line.ts';
import { Ended, end, start, until } from './processes.ts';
import { type DirectorName, inside } from './topology.ts';

const PROGRAM = programPath(process.env['VRRP_AGENT_BUNDLE']);

const LOG_LINES = 40;

export class Director {
  readonly name: DirectorName;
  readonly #socket: string;
  readonly #file: string;
  readonly #state: string;
  readonly #client: ControlClient;
  readonly #log: string[] = [];
  #child: ChildProcess | undefined;
  /** How often the agent found that it had not run for longer than a peer waits. */
  stalls = 0;

  /** It knows nothing of a director of the same name in another test, such as its maintenance. */
  constructor(name: DirectorName) {
    this.name = name;
    this.#state = `/run/vrrp-agent-${name}`;
    rmSync(this.#state, { recursive: true, force: true });
    this.#socket = `/run/vrrp-agent-${name}.sock`;
    this.#file = `/run/vrrp-agent-${name}.json`;
    this.#client = new ControlClient({ socket: this.#socket, timeoutMs: 60_000 });
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error(`no agent runs on ${this.name}`);
    return this.#child.pid;
  }

  /** The last lines of the agent's log. */
  get log(): string {
    return this.#log.map((line) => `${this.name}: ${line}\n`).join('');
  }

  /** `config` has no `control` and `state_dir`: the director adds its own. */
  start(config: object): void {
    this.#write(config);
    this.#run();
  }

  /** A new process takes over from the running one; returns the exit status of the former. */
  takeOver(): Promise<number | null> {
    const former = this.#child;
    if (former === undefined) throw new Error(`no agent runs on ${this.name}`);
    const ended = new Promise<number | null>((resolve) => former.once('exit', resolve));
    this.#run('--takeover');
    return ended;
  }

  #run(...more: readonly string[]): void {
    const child = start(this.name, ['node', PROGRAM, 'run', '--config', this.#file, ...more]);
    this.#child = child;
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      this.#log.push(line);
      if (line.includes('"code":"stall"')) this.stalls++;
      if (this.#log.length > LOG_LINES) this.#log.shift();
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    return this.#child === undefined ? null : end(this.#child, signal);
  }

  /** Fulfilled when the new configuration is in effect. */
  async reload(config: object): Promise<void> {
    this.#write(config);
    await this.#client.reload({ dryRun: false });
  }

  async instance(): Promise<InstanceDocument> {
    if (!this.isRunning) throw new Ended(`the agent of ${this.name} has ended\n${this.log}`);
    const [first] = (await this.#client.status()).instances;
    if (first === undefined) throw new Error(`${this.name} has no instance`);
    return first;
  }

  /** Waits until the first instance is in the state. */
  reached(state: string): Promise<void> {
    return until(`${this.name} is ${state}`, async () => (await this.instance()).state === state);
  }

  failover(): Promise<HandOverDocument> {
    return this.#client.operate('web', 'failover', { wait: '30s', force: false });
  }

  maintenance(request: MaintenanceRequest): Promise<MaintenanceAnswer> {
    return this.#client.operate('web', 'maintenance', request);
  }

  async drain(service: string, server: string): Promise<void> {
    await this.#client.drain({ service, server });
  }

  async undrain(service: string, server: string): Promise<void> {
    await this.#client.undrain({ service, server });
  }

  /** Allows preemption again, which an earlier failover inhibited beyond the life of the agent. */
  async release(): Promise<void> {
    await this.#client.operate('web', 'failover', { release: true });
  }

  ipvs(): Promise<IpvsDocument> {
    return this.#client.ipvs();
  }

  /** Runs one of our commands as an operator would. */
  command(...args: string[]): string {
    return inside(this.name, 'node', PROGRAM, ...args, '--socket', this.#socket);
  }

  async daemons(): Promise<string[]> {
    return ((await this.ipvs()).sync?.daemons ?? []).map(({ role }) => role);
  }

  /**
   * The named connections that the kernel's table has as live entries or templates. A name has the
   * protocol and the addresses of client and service, which earlier clients' entries do not share.
   */
  connections(names: ReadonlySet<string>): Set<string> {
    const table = inside(this.name, 'cat', '/proc/net/ip_vs_conn_sync');
    const present = table.split('\n').flatMap((line) => {
      const connection = decodeTableLine(line);
      if (connection === undefined) return [];
      // Live or not: the kernel sends a new template, but not when it becomes assured.
      if (!isLive(connection) && !isTemplate(connection)) return [];
      const { protocol, client, service } = connection;
      return [`${protocol} ${client.address} ${client.port} ${service.address} ${service.port}`];
    });
    return new Set(present.filter((name) => names.has(name)));
  }

  #write(config: object): void {
    const own = {
      router: this.name,
      control: { socket: this.#socket },
      state_dir: this.#state,
    };
    writeFileSync(this.#file, JSON.stringify({ ...own, ...config }));
  }
}

/** Connections that `from` has and `at` lacks. */
export function missing(from: Director, at: Director, names: ReadonlySet<string>): string[] {
  const there = at.connections(names);
  return [...from.connections(names)].filter((name) => !there.has(name));
}

/** A bundle of `scripts/bundle.ts` starts faster, most of all from memory. */
function programPath(bundle: string | undefined): string {
  if (bundle === undefined)
    return fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
  const copy = mkdtempSync('/run/vrrp-agent-bundle-');
  cpSync(bundle, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bundle/src/cli/main.js');
}
