/**
 * One capture at all ports of the switch, with the kernel's time stamps: what each director sends,
 * before the switch filters it, and what reaches the clients. The port identifies the sender:
 * source addresses may be forged.
 */
import { readFileSync } from 'node:fs';
import { LINK_TYPE_LINUX_SLL2 } from '../../wire/capture/link-type.ts';
import { readPcap } from '../../wire/capture/pcap.ts';
import { LabError, run } from '../command.ts';
import type { Lab } from '../topology/lab.ts';
import { PEER_BRIDGE, SWITCH_BRIDGE } from '../topology/layout.ts';
import type { LabProcess } from '../topology/processes.ts';
import { waitFor } from '../wait.ts';
import { decodeCooked } from './cooked-frame.ts';

export interface SwitchFrame {
  /** Microseconds since 1970. */
  readonly at: number;
  /** Name of the machine at the port; both interfaces of a director map to the director. */
  readonly machine: string;
  /** From the machine to the switch. */
  readonly isFromMachine: boolean;
  readonly bytes: Uint8Array;
}

const BUFFER_KIBIBYTES = 32_768;
/** An advertisement of 255 addresses has 1,062 bytes. */
const SNAPSHOT_BYTES = 1_600;

interface IpLinkOutput {
  readonly ifindex: number;
  readonly ifname: string;
}

export class SwitchCapture {
  readonly #process: LabProcess;
  readonly #log: string;
  readonly #machines: ReadonlyMap<number, string>;
  readonly file: string;

  private constructor(
    process: LabProcess,
    file: string,
    log: string,
    machines: ReadonlyMap<number, string>,
  ) {
    this.#process = process;
    this.file = file;
    this.#log = log;
    this.#machines = machines;
  }

  /** Returns once frames are being captured. */
  static async start(lab: Lab): Promise<SwitchCapture> {
    const text = await run('ip', ['-n', lab.layout.switchNamespace, '-json', 'link', 'show']);
    const links = JSON.parse(text) as IpLinkOutput[];
    const [file, log] = [lab.path('switch.pcap'), lab.path('switch.log')];
    const args = [
      ...['-i', 'any', '-y', 'LINUX_SLL2', '-n', '-Z', 'root'],
      // Without it, tcpdump loses the frames of the last second when it ends.
      ...['--immediate-mode', '--time-stamp-precision=micro'],
      ...['-B', String(BUFFER_KIBIBYTES), '-s', String(SNAPSHOT_BYTES), '-w', file],
      filterFor(
        links,
        lab.clients.map(({ name }) => name),
      ),
    ];
    const process = await lab.spawn('switch', 'tcpdump', args, { label: 'switch', log: true });
    const listening = () => readFileSync(log, 'latin1').includes('listening on');
    await waitFor('tcpdump on the switch', listening, { unless: process.ended });
    const machines = new Map(links.map((one) => [one.ifindex, one.ifname.replace(/-eth1$/, '')]));
    return new SwitchCapture(process, file, log, machines);
  }

  /** `lost` counts frames that the kernel had no buffer for. */
  async stop(): Promise<{ readonly frames: SwitchFrame[]; readonly lost: number }> {
    this.#process.signal('SIGINT');
    await this.#process.ended;
    const log = readFileSync(this.#log, 'latin1');
    const dropped = /(\d+) packets? dropped by kernel/.exec(log)?.[1];
    const read = readPcap(readFileSync(this.file), LINK_TYPE_LINUX_SLL2);
    if (!read.ok) throw new LabError('lab-state-error', `${this.file}: ${read.error.code}`);
    const frames = read.value.flatMap(({ at, bytes }): SwitchFrame[] => {
      const cooked = decodeCooked(bytes);
      const machine = cooked && this.#machines.get(cooked.interfaceIndex);
      if (cooked === undefined || machine === undefined) return [];
      return [{ at, machine, isFromMachine: !cooked.isOutgoing, bytes: cooked.ethernet }];
    });
    // Each port has a queue: frames of several ports come out of order.
    frames.sort((a, b) => a.at - b.at);
    return { frames, lost: Number(dropped ?? 0) };
  }
}

/**
 * pcap-filter(7): each frame where it enters the switch, and at the clients' ports where it leaves.
 * The first client's flood is left out: it would be most of the file, and is known from the steps.
 */
function filterFor(links: readonly IpLinkOutput[], clients: readonly string[]): string {
  const indexOf = (name: string) => links.find(({ ifname }) => ifname === name)?.ifindex;
  const bridges = [SWITCH_BRIDGE, PEER_BRIDGE].flatMap((name) => indexOf(name) ?? []);
  const ports = clients.flatMap((name) => indexOf(name) ?? []);
  const notBridge = bridges.map((index) => `not ifindex ${index}`).join(' and ');
  const flood = `(ifindex ${ports[0]} and proto 112)`;
  const toClients = ports.map((port) => `ifindex ${port}`).join(' or ');
  return `(inbound and ${notBridge} and not ${flood}) or (outbound and (${toClients}))`;
}
