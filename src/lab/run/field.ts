/**
 * Performs the steps of `scenario/field-steps.ts` on one director. What a step finds broken is its error,
 * which fails the run.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { IpAddress } from '../../net/address.ts';
import { CommandError, LabError, run } from '../command.ts';
import { agentText } from '../peers/vrrp-agent.ts';
import { builtProgram } from '../program.ts';
import type { FieldAction } from '../scenario/steps.ts';
import type { Lab } from '../topology/lab.ts';
import { HOST_INTERFACE } from '../topology/layout.ts';
import { sleep } from '../wait.ts';
import { type LabNode, trackedFile } from './lab-node.ts';
import { fillPipe, makeFifo, replaceByFile } from './pipes.ts';
import { limitDescriptors } from './process-limits.ts';

const BRIDGE = 'br0';

/** How long a second agent may take to start and to find the first, on a busy host. */
const REFUSES_WITHIN_MILLISECONDS = 20_000;

/** How much of its log an error quotes. */
const SAID_MAX = 2_000;

/** A MAC address is locally administered, and that of no other machine of the lab. */
const MAC_PREFIX = '02:00:5e:20';

export class Field {
  readonly #lab: Lab;
  readonly #node: LabNode;
  /** The own address, with its prefix length. */
  #own: string;
  #macs = 0;

  constructor(lab: Lab, node: LabNode) {
    this.#lab = lab;
    this.#node = node;
    this.#own = `${node.host.address}/24`;
  }

  perform(action: FieldAction): Promise<void> {
    switch (action.kind) {
      case 'renumber':
        return this.#renumber(action.to ?? `${this.#node.host.address}/24`);
      case 'change_mac':
        return this.#changeMac();
      case 'bridge_port':
        return this.#becomePort();
      case 'bridge_release':
        return this.#ip('link', 'set', HOST_INTERFACE, 'nomaster');
      case 'second_agent':
        return this.#startSecond();
      case 'stall_log':
        return this.#stallLog();
      case 'read_log':
        this.#node.logReader?.signal('SIGCONT');
        return Promise.resolve();
      case 'tracked_file':
        return this.#replaceTracked(action.as);
      case 'descriptors':
        return this.#limit(action.spare);
    }
  }

  /** Not the address that the agent adds: the mark in the kernel tells them apart. */
  async addToLoopback(address: IpAddress): Promise<void> {
    await this.#sysctl('net.ipv4.conf.all.arp_ignore=1');
    await this.#ip('address', 'add', `${address}/32`, 'dev', 'lo');
  }

  /** Fails if it is not there any more: the agent leaves what it has not added. */
  deleteFromLoopback(address: IpAddress): Promise<void> {
    return this.#ip('address', 'del', `${address}/32`, 'dev', 'lo');
  }

  async #renumber(to: string): Promise<void> {
    const before = this.#own;
    if (!(await this.#ownAddresses()).includes(before)) {
      throw new LabError(
        'command-failed',
        `${this.#node.spec.name} has lost its address ${before}`,
      );
    }
    if (to === before) return;
    await this.#sysctl('net.ipv4.conf.all.promote_secondaries=1');
    await this.#ip('address', 'add', to, 'dev', HOST_INTERFACE);
    await this.#ip('address', 'del', before, 'dev', HOST_INTERFACE);
    this.#own = to;
    if ((await this.#ownAddresses()).includes(to)) return;
    throw new LabError('command-failed', `${this.#node.spec.name} has lost its new address ${to}`);
  }

  async #ownAddresses(): Promise<string[]> {
    const text = await run('ip', [
      ...['-n', this.#node.host.namespace, '-json', '-4', 'address', 'show', HOST_INTERFACE],
    ]);
    const links = JSON.parse(text) as readonly {
      readonly addr_info?: readonly { readonly local: string; readonly prefixlen: number }[];
    }[];
    return links.flatMap(({ addr_info = [] }) =>
      addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
    );
  }

  #changeMac(): Promise<void> {
    this.#macs = (this.#macs + 1) % 256;
    const [number = ''] = /\d+$/.exec(this.#node.spec.name) ?? [];
    const last = [Number(number), this.#macs].map((byte) => byte.toString(16).padStart(2, '0'));
    return this.#ip('link', 'set', HOST_INTERFACE, 'address', `${MAC_PREFIX}:${last.join(':')}`);
  }

  async #becomePort(): Promise<void> {
    const names = await run('ip', ['-n', this.#node.host.namespace, '-brief', 'link', 'show']);
    if (!names.includes(`${BRIDGE} `)) {
      await this.#ip('link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0');
      await this.#ip('link', 'set', BRIDGE, 'up');
    }
    await this.#ip('link', 'set', HOST_INTERFACE, 'master', BRIDGE);
  }

  async #startSecond(): Promise<void> {
    const { host, spec } = this.#node;
    const label = `${host.name}-second`;
    const file = this.#lab.path(`${label}.yaml`);
    const more = {
      ...{ router: label, control: { socket: this.#lab.path(`${label}.sock`) } },
      state_dir: this.#lab.path(`${label}-state`),
    };
    writeFileSync(file, agentText({ instances: spec.instances, more }));
    const args = ['run', '--config', file];
    const second = await this.#lab.spawn(host, builtProgram('src/cli/main.js'), args, {
      ...{ label, log: true },
    });
    const status = await Promise.race([second.ended, sleep(REFUSES_WITHIN_MILLISECONDS)]);
    second.signal('SIGKILL');
    if (typeof status === 'number' && status !== 0) return;
    const what = status === undefined ? 'runs beside the first' : `ended with ${status}`;
    const said = readFileSync(this.#lab.path(`${label}.log`), 'utf8')
      .slice(-SAID_MAX)
      .trim();
    throw new LabError('command-failed', `the second agent on ${spec.name} ${what}: ${said}`);
  }

  async #stallLog(): Promise<void> {
    this.#node.logReader?.signal('SIGSTOP');
    fillPipe(this.#node.logFile);
    await this.#answers();
  }

  async #replaceTracked(as: 'fifo' | 'file'): Promise<void> {
    const file = trackedFile(this.#lab, this.#node.host);
    if (as === 'fifo') await makeFifo(file);
    else replaceByFile(file, '0\n');
    await this.#answers();
  }

  async #limit(spare: 'none' | 'many'): Promise<void> {
    const pid = this.#node.peer?.pid;
    if (pid === undefined || this.#node.peer?.running !== true) return;
    try {
      await limitDescriptors(pid, spare);
    } catch (error) {
      // It may have ended meanwhile.
      if (!(error instanceof CommandError) || this.#node.peer.running) throw error;
    }
  }

  /** Throws a `ControlError` if the agent does not answer in time. Nothing to ask if none runs. */
  async #answers(): Promise<void> {
    await this.#node.status();
  }

  async #ip(...args: readonly string[]): Promise<void> {
    await run('ip', ['-n', this.#node.host.namespace, ...args]);
  }

  async #sysctl(setting: string): Promise<void> {
    await this.#lab.run(this.#node.host, 'sysctl', ['-q', '-w', setting]);
  }
}
