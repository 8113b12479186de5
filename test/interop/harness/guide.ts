/**
 * The pages of docs/guide-*.md as tests: their commands run on directors of a lab that have files of their
 * own. A code block names its place after its language: ```sh lb1, ```sh both, ```yaml lb2 FILE. Blocks
 * without a place are not run. A comment `<!-- then: VIP on lb1 -->` waits for that.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageFile } from '../../../src/files/package-files.ts';
import { builtProgram } from '../../../src/lab/program.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import type { LabHost } from '../../../src/lab/topology/layout.ts';
import { waitFor } from '../../../src/lab/wait.ts';

export interface GuideStep {
  /** Line of the page. */
  readonly line: number;
  readonly kind: 'run' | 'write' | 'then';
  readonly hosts: readonly string[];
  /** Commands, the content of the file, or the VIP. */
  readonly text: string;
  readonly file?: string;
}

const DIRECTORS = ['lb1', 'lb2'];
const BLOCK = /^```(\w+) (lb1|lb2|both|client)(?: (\/\S+))?$/;
const THEN = /^<!-- then: (\S+) on (lb1|lb2) -->$/;

export function stepsOf(page: string): GuideStep[] {
  const lines = page.split('\n');
  return lines.flatMap((text, at): GuideStep[] => {
    const then = THEN.exec(text);
    if (then?.[1] !== undefined && then[2] !== undefined) {
      return [{ line: at + 1, kind: 'then', hosts: [then[2]], text: then[1] }];
    }
    const block = BLOCK.exec(text);
    if (block === null) return [];
    const end = lines.indexOf('```', at + 1);
    const hosts = block[2] === 'both' ? DIRECTORS : [block[2] ?? ''];
    const step = { line: at + 1, hosts, text: `${lines.slice(at + 1, end).join('\n')}\n` };
    const file = block[3];
    return [file === undefined ? { ...step, kind: 'run' } : { ...step, kind: 'write', file }];
  });
}

/** A director, or a client, whose /etc, /run and /var/lib are its own. */
export class GuideHost {
  readonly host: LabHost;
  readonly #pid: number;

  private constructor(host: LabHost, pid: number) {
    this.host = host;
    this.#pid = pid;
  }

  static async start(lab: Lab, host: LabHost, folder: string): Promise<GuideHost> {
    const etc = join(folder, host.name);
    const script = [
      ...['mount --make-rprivate /', `cp -a /etc/. ${etc}`, `mount --bind ${etc} /etc`],
      ...['mkdir -p /etc/vrrp-agent /etc/keepalived', 'mount -t tmpfs tmpfs /run'],
      ...[
        'mount -t tmpfs tmpfs /var/lib',
        'mkdir -p /run/lock /run/vrrp-agent /var/lib/vrrp-agent',
      ],
      ...['touch /run/ready', 'exec sleep 600'],
    ];
    mkdirSync(etc);
    const command = ['--mount', 'sh', '-euc', script.join('\n')];
    const { identity } = await lab.spawn(host, 'unshare', command, { label: `${host.name}-files` });
    const started = new GuideHost(host, identity.pid);
    await waitFor(`the files of ${host.name}`, () =>
      started.run('test -e /run/ready').then(
        () => true,
        () => false,
      ),
    );
    return started;
  }

  /** Runs commands as a shell does with `set -e`; a failure shows what they printed. */
  async run(text: string, programs = '/usr/bin'): Promise<string> {
    const path = `PATH=${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
    const enter = ['--target', String(this.#pid), '--mount', '--net', 'env', path];
    try {
      const { stdout } = await promisify(execFile)('nsenter', [...enter, 'sh', '-euc', text]);
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      throw new Error(`${this.host.name}: ${text}\n${stdout}${stderr}`, { cause: error });
    }
  }
}

export class Guide {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #hosts: Map<string, GuideHost>;

  private constructor(lab: Lab, folder: string, hosts: Map<string, GuideHost>) {
    this.#lab = lab;
    this.#folder = folder;
    this.#hosts = hosts;
  }

  static async start(lab: Lab): Promise<Guide> {
    const folder = mkdtempSync(join(tmpdir(), 'vrrp-agent-guide-'));
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const program = `#!/bin/sh\nexec ${builtProgram('src/cli/main.js')} "$@"\n`;
    writeFileSync(join(bin, 'vrrp-agent'), program);
    writeFileSync(join(bin, 'systemctl'), SYSTEMCTL);
    for (const name of ['vrrp-agent', 'systemctl']) chmodSync(join(bin, name), 0o755);
    const hosts = new Map<string, GuideHost>();
    for (const host of [...lab.layout.directors, lab.client]) {
      hosts.set(host.name, await GuideHost.start(lab, host, folder));
    }
    return new Guide(lab, folder, hosts);
  }

  /** Runs commands on a host before or after those of the page. */
  on(host: string, commands: string): Promise<string> {
    const found = this.#hosts.get(host);
    if (found === undefined) throw new Error(`no host ${host}`);
    return found.run(commands, join(this.#folder, 'bin'));
  }

  /** Follows the page to its end. A failure names the line. */
  async follow(page: string): Promise<number> {
    const steps = stepsOf(readFileSync(packageFile(`docs/${page}`), 'utf8'));
    for (const step of steps) {
      try {
        await this.#do(step);
      } catch (error) {
        const logs = await this.#logs();
        throw new Error(`docs/${page}:${step.line}: ${String(error)}\n${logs}`, { cause: error });
      }
    }
    return steps.length;
  }

  async #do({ kind, hosts, text, file }: GuideStep): Promise<void> {
    if (kind === 'then') {
      await this.#holdsAlone(hosts[0] ?? '', text);
      return;
    }
    const commands =
      file === undefined ? text : `cat > ${file} <<'END OF FILE'\n${text}END OF FILE\n`;
    for (const host of hosts) await this.on(host, commands);
  }

  #holdsAlone(wanted: string, vip: string): Promise<unknown> {
    return waitFor(`${vip} on ${wanted} alone`, async () => {
      const holders: string[] = [];
      for (const host of this.#lab.layout.directors) {
        const addresses = await this.#lab.addresses(host);
        if (addresses.some(({ address }) => address === vip)) holders.push(host.name);
      }
      return holders.join() === wanted;
    });
  }

  async #logs(): Promise<string> {
    const names = this.#lab.layout.directors.map(({ name }) => name);
    const read = (name: string) =>
      this.on(name, 'tail -n 6 /run/*.log').catch((error: unknown) => String(error));
    return (await Promise.all(names.map(read))).join('\n');
  }

  async end(): Promise<void> {
    for (const { name } of this.#lab.layout.directors) {
      await this.on(name, 'systemctl stop vrrp-agent; systemctl stop keepalived').catch(() => {});
    }
    await this.#lab.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Does to processes what systemd does to the two services. */
const SYSTEMCTL = `#!/bin/sh
set -eu
action= unit= now= signal=
for word; do
  case $word in
    --now) now=yes ;;
    --signal=*) signal=\${word#--signal=} ;;
    --*) ;;
    *) if [ -z "$action" ]; then action=$word; else unit=\${word%.service}; fi ;;
  esac
done
case $action$now in
  enable | disable | daemon-reload) exit 0 ;;
  enableyes) action=start ;;
  disableyes) action=stop ;;
esac
pid() {
  if [ "$unit" = keepalived ]; then cat /run/keepalived.pid 2>/dev/null || true
  else vrrp-agent status --json 2>/dev/null | sed -n 's/^  "pid": \\([0-9]*\\),$/\\1/p'; fi
}
runs() { [ -n "$1" ] && [ -e "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null; }
start() {
  if [ "$unit" = keepalived ]; then
    setsid keepalived -n -P -f /etc/keepalived/keepalived.conf -p /run/keepalived.pid -r /run/vrrp.pid \\
      >/run/keepalived.log 2>&1 </dev/null &
  else
    setsid vrrp-agent run >>/run/vrrp-agent.log 2>&1 </dev/null &
  fi
  left=100
  until [ -n "$(pid)" ]; do
    left=$((left - 1))
    [ "$left" -gt 0 ] || { cat /run/*.log >&2; exit 1; }
    sleep 0.2
  done
}
stop() {
  old=$(pid)
  [ -n "$old" ] || return 0
  kill -TERM "$old" || true
  while runs "$old"; do sleep 0.1; done
}
case $action in
  start) start ;;
  stop) stop ;;
  restart) stop; start ;;
  reload) vrrp-agent reload ;;
  kill) kill "-\${signal#SIG}" "$(pid)" ;;
  *) echo "systemctl $action: not known here" >&2; exit 1 ;;
esac
`;
