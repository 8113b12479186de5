/** A Debian machine in QEMU, by software emulation: its own kernel, systemd, and two cables that make one bond. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { basename, join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import type { LabProcess } from '../../../src/lab/topology/processes.ts';
import { waitFor } from '../../../src/lab/wait.ts';
import { CABLES, type Cable, MANAGEMENT, tapOf, VLAN } from './segment.ts';

const execute = promisify(execFile);

const BUILD_ROOT = fileURLToPath(new URL('../../../scripts/debian-root', import.meta.url));
const FOLDER = '/var/tmp/vrrp-agent-machine';
const IMAGE = join(FOLDER, 'director-trixie');

/** Without KVM a boot takes minutes on a busy host. */
const BOOT = { milliseconds: 600_000, everyMilliseconds: 1_000 };

export const INTERFACE = `bond0.${VLAN}`;

/** Does nothing if it has been built before. */
export async function buildImage(): Promise<void> {
  await execute(BUILD_ROOT, ['trixie', IMAGE, 'image'], { maxBuffer: 64 * 1024 * 1024 });
}

export class VirtualMachine {
  readonly #lab: Lab;
  readonly #number: number;
  readonly #disk: string;
  readonly #key: string;
  #qemu: LabProcess | undefined;

  private constructor(lab: Lab, number: number) {
    this.#lab = lab;
    this.#number = number;
    this.#disk = join(FOLDER, `${lab.layout.prefix}-lb${number}.ext4`);
    this.#key = lab.path(`lb${number}.key`);
  }

  /** With a fresh disk; `boot` has to follow. */
  static async make(lab: Lab, number: number): Promise<VirtualMachine> {
    const machine = new VirtualMachine(lab, number);
    await execute('cp', ['--sparse=always', `${IMAGE}.ext4`, machine.#disk]);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', machine.#key]);
    return machine;
  }

  /** Resolves when its systemd has started everything. */
  async boot(): Promise<void> {
    const network = CABLES.flatMap((cable) => {
      const id = `net${cable}`;
      const tap = `tap,id=${id},ifname=${tapOf(this.#number, cable)},script=no,downscript=no,vnet_hdr=off`;
      return ['-netdev', tap, '-device', `virtio-net-pci,netdev=${id},mac=${this.#mac(cable)}`];
    });
    const credentials = Object.entries(this.#credentials()).flatMap(([name, text]) => {
      const file = this.#lab.path(`lb${this.#number}.${name}`);
      writeFileSync(file, text);
      return ['-fw_cfg', `name=opt/io.systemd.credentials/${name},file=${file}`];
    });
    const words = [
      'root=/dev/vda rw console=ttyS0 quiet mitigations=off random.trust_cpu=on no_timer_check',
      // Emulation on a busy host is slower than systemd expects of a machine.
      'systemd.default_timeout_start_sec=900 systemd.default_device_timeout_sec=900',
      `systemd.hostname=lb${this.#number}`,
    ].join(' ');
    this.#qemu = await this.#lab.spawn(
      'switch',
      'qemu-system-x86_64',
      [
        ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35'],
        ...['-accel', 'tcg,thread=multi,tb-size=512', '-cpu', 'max', '-smp', '1', '-m', '1024'],
        ...['-kernel', `${IMAGE}.vmlinuz`, '-initrd', `${IMAGE}.initrd`],
        ...['-append', words],
        ...['-serial', `file:${this.#console}`],
        ...['-monitor', `unix:${this.#monitor},server,nowait`],
        ...['-drive', `file=${this.#disk},if=virtio,format=raw,cache=unsafe`],
        ...['-device', 'virtio-rng-pci'],
        ...network,
        ...credentials,
      ],
      { label: this.#label, log: true },
    );
    await this.untilUp();
  }

  /** Everything that starts at boot has been started. */
  async untilUp(): Promise<void> {
    const isUp = async () => {
      const { output } = await this.run('systemctl', 'is-system-running');
      return /running|degraded/.test(output);
    };
    const unless = this.#qemu?.ended;
    await waitFor(`lb${this.#number} to boot`, isUp, {
      ...BOOT,
      ...(unless === undefined ? {} : { unless }),
    }).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.console()}`);
    });
  }

  /** The end of what QEMU, the kernel and systemd have written. */
  console(): string {
    return [this.#lab.path(`${this.#label}.log`), this.#console]
      .filter((file) => existsSync(file))
      .map((file) => readFileSync(file, 'latin1').split('\n').slice(-20).join('\n'))
      .join('\n');
  }

  /** Never rejects for a status that is not zero; 255: the machine does not answer (ssh(1)). */
  async run(...command: readonly string[]): Promise<{ status: number; output: string }> {
    try {
      const { stdout, stderr } = await this.#remotely('ssh', [
        this.#address,
        command.map(quoted).join(' '),
      ]);
      return { status: 0, output: `${stdout}${stderr}` };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as Partial<Record<string, string>>;
      return { status: Number(code ?? -1), output: `${stdout}${stderr}` };
    }
  }

  /** Fails if the command does. */
  async must(...command: readonly string[]): Promise<string> {
    const { status, output } = await this.run(...command);
    if (status !== 0) throw new Error(`${command.join(' ')}: status ${status}\n${output}`);
    return output;
  }

  /** Copies a file of this host to /var/tmp; resolves with its path there. */
  async put(file: string): Promise<string> {
    const path = `/var/tmp/${basename(file)}`;
    await this.#remotely('scp', [file, `${this.#address}:${path}`]);
    return path;
  }

  /** The host of the machine dies without a word. */
  async crash(): Promise<void> {
    this.#qemu?.signal('SIGKILL');
    await this.#qemu?.ended;
  }

  /** Pulls a cable, or puts it back: the machine's card loses its carrier. */
  async cable(cable: Cable, state: 'on' | 'off'): Promise<void> {
    const monitor = createConnection(this.#monitor);
    monitor.end(`set_link net${cable} ${state}\n`);
    await finished(monitor.resume());
  }

  async remove(): Promise<void> {
    await this.crash();
    rmSync(this.#disk, { force: true });
  }

  get #address(): string {
    return `root@${MANAGEMENT}.1${this.#number}`;
  }

  get #label(): string {
    return `machine-lb${this.#number}`;
  }

  get #console(): string {
    return this.#lab.path(`lb${this.#number}.console`);
  }

  get #monitor(): string {
    return this.#lab.path(`lb${this.#number}.monitor`);
  }

  #mac(cable: Cable): string {
    return `02:00:5e:10:0${this.#number}:0${CABLES.indexOf(cable)}`;
  }

  #remotely(program: 'ssh' | 'scp', args: readonly string[]) {
    const options = [
      ...['-i', this.#key, '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
      ...['-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=5'],
    ];
    const namespace = this.#lab.layout.switchNamespace;
    return execute('ip', ['netns', 'exec', namespace, program, ...options, ...args]);
  }

  /** Of systemd.system-credentials(7). */
  #credentials(): Record<string, string> {
    const ports = [this.#mac('a'), this.#mac('b')].join(' ');
    const address = `192.0.2.1${this.#number}/24`;
    return {
      'ssh.authorized_keys.root': readFileSync(`${this.#key}.pub`, 'utf8'),
      'network.netdev.10-bond':
        '[NetDev]\nName=bond0\nKind=bond\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n',
      'network.netdev.20-vlan': `[NetDev]\nName=${INTERFACE}\nKind=vlan\n[VLAN]\nId=${VLAN}\n`,
      'network.network.10-ports': `[Match]\nPermanentMACAddress=${ports}\n[Network]\nBond=bond0\n`,
      'network.network.20-bond': `[Match]\nName=bond0\n[Network]\nVLAN=${INTERFACE}\nLinkLocalAddressing=no\n`,
      'network.network.30-vlan': `[Match]\nName=${INTERFACE}\n[Network]\nAddress=${address}\n`,
      'network.network.40-own': `[Match]\nPermanentMACAddress=${this.#mac('m')}\n[Network]\nAddress=${MANAGEMENT}.1${this.#number}/24\n`,
    };
  }
}

/** For the shell that sshd(8) starts. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
