/** A Debian machine with its own systemd on a director of a lab. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { LabHost } from '../../../src/lab/topology/layout.ts';
import { waitFor } from '../../../src/lab/wait.ts';

const execute = promisify(execFile);

const BOOT = fileURLToPath(new URL('boot', import.meta.url));
const BUILD_ROOT = fileURLToPath(new URL('../../../scripts/debian-root', import.meta.url));

/** On a disk: an overlay cannot lie on another one. */
const ROOTS = '/var/tmp/vrrp-agent-machine';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const PATIENT = { milliseconds: 40_000 };

export type Release = 'bookworm' | 'trixie';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  /** With the errors. */
  readonly output: string;
}

export function rootOf(release: Release): string {
  return join(ROOTS, `root-${release}`);
}

/** Does nothing if it has been built before. */
export async function buildRoot(release: Release): Promise<void> {
  await execute(BUILD_ROOT, [release, rootOf(release)], { maxBuffer: 64 * 1024 * 1024 });
}

export class Machine {
  readonly #layer: string;
  readonly #root: string;
  readonly #name: string;
  #init = 0;

  private constructor(host: LabHost, release: Release) {
    this.#root = rootOf(release);
    this.#name = host.namespace;
    this.#layer = join(ROOTS, this.#name);
    mkdirSync(this.#layer, { recursive: true });
  }

  static async boot(host: LabHost, release: Release): Promise<Machine> {
    const machine = new Machine(host, release);
    await machine.boot();
    return machine;
  }

  /** Again, after `off`: what it has written is still there. */
  async boot(): Promise<void> {
    const outer = spawn(BOOT, [this.#name, this.#root, this.#layer], { stdio: 'ignore' });
    outer.unref();
    this.#init = await waitFor('PID 1', () => initBelow(outer.pid ?? 0), PATIENT);
    await waitFor(
      'the machine is up',
      async () => {
        const { output } = await this.run('systemctl', 'is-system-running');
        return /running|degraded/.test(output);
      },
      PATIENT,
    );
  }

  /** Never rejects for a status that is not zero. */
  async run(...command: readonly string[]): Promise<Outcome> {
    const into = ['-t', `${this.#init}`, '-m', '-u', '-i', '-n', '-p', '-C'];
    try {
      const { stdout, stderr } = await execute('nsenter', [...into, 'env', '-i', PATH, ...command]);
      return { status: 0, stdout, output: `${stdout}${stderr}` };
    } catch (error) {
      const {
        code,
        stdout = '',
        stderr = '',
      } = error as {
        code?: number;
        stdout?: string;
        stderr?: string;
      };
      const status = typeof code === 'number' ? code : -1;
      return { status, stdout, output: `${stdout}${stderr}` };
    }
  }

  /** Fails if the command does. */
  async must(...command: readonly string[]): Promise<string> {
    const { status, stdout, output } = await this.run(...command);
    if (status !== 0) throw new Error(`${command.join(' ')}: status ${status}\n${output}`);
    return stdout;
  }

  async property(name: string): Promise<string> {
    return (await this.must('systemctl', 'show', '-P', name, 'vrrp-agent')).trim();
  }

  async write(path: string, text: string): Promise<void> {
    const script = `mkdir -p "$(dirname "$1")" && printf %s "$2" > "$1"`;
    await this.must('sh', '-c', script, 'sh', path, text);
  }

  /** Copies a file of this host to /var/tmp; returns its path there. */
  put(file: string): string {
    const folder = join(this.#layer, 'up/var/tmp');
    mkdirSync(folder, { recursive: true });
    copyFileSync(file, join('/proc', `${this.#init}`, 'root/var/tmp', basename(file)));
    return `/var/tmp/${basename(file)}`;
  }

  /** `lines` at most, of the unit. */
  journal(...flags: readonly string[]): Promise<string> {
    return this.must('journalctl', '-u', 'vrrp-agent', '-o', 'cat', '--no-pager', ...flags);
  }

  /** The orderly shutdown of a machine. */
  async off(): Promise<void> {
    // SIGRTMIN+3: halt (systemd(1)).
    await execute('kill', ['-s', 'RTMIN+3', `${this.#init}`]);
    await waitFor('the machine is off', () => !existsSync(`/proc/${this.#init}`), PATIENT);
  }

  /** Ends it and forgets what it has written. */
  async remove(): Promise<void> {
    if (this.#init > 0 && existsSync(`/proc/${this.#init}`)) process.kill(this.#init, 'SIGKILL');
    await waitFor('the machine is gone', () => !existsSync(`/proc/${this.#init}`), PATIENT);
    await waitFor('its files are free', () => removed(this.#layer), PATIENT);
    removeGroups(this.#name);
  }
}

function removed(folder: string): boolean {
  try {
    rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** Deepest first. */
function removeGroups(name: string): void {
  const top = existsSync('/sys/fs/cgroup/cgroup.controllers')
    ? '/sys/fs/cgroup'
    : '/sys/fs/cgroup/unified';
  try {
    const { stdout } = spawnSync('find', [join(top, name), '-depth', '-type', 'd'], {
      encoding: 'utf8',
    });
    for (const folder of stdout.split('\n').filter((one) => one !== '')) rmdirSync(folder);
  } catch {
    // An empty group does no harm.
  }
}

/** systemd, the child of unshare below `ip netns exec`. */
function initBelow(outer: number): number | undefined {
  for (const child of childrenOf(outer)) {
    if (commandOf(child) === 'systemd') return child;
    const found = initBelow(child);
    if (found !== undefined) return found;
  }
  return undefined;
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1');
    return text
      .split(' ')
      .filter((one) => one !== '')
      .map(Number);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
}
