/**
 * A capture that survives bursts. By default, tcpdump reserves a slot for the largest possible frame,
 * so that few slots fit its buffer; dropped frames then look like silence.
 */
import { readFileSync } from 'node:fs';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost, SWITCH_BRIDGE } from '../../src/lab/topology/layout.ts';
import type { LabProcess } from '../../src/lab/topology/processes.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { type CapturedFrame, readPcap } from '../../src/wire/capture/pcap.ts';

const BUFFER_KIBIBYTES = 16_384;
/** An advertisement of 255 addresses has 1,062 bytes. */
const SNAPSHOT_BYTES = 1_200;

/** Makes the names of log and file unique. */
let started = 0;

export class BurstCapture {
  readonly #process: LabProcess;
  readonly #file: string;
  readonly #log: string;

  private constructor(process: LabProcess, file: string, log: string) {
    this.#process = process;
    this.#file = file;
    this.#log = log;
  }

  /** Resolves once frames are being captured, on a host's interface or on the switch. */
  static async start(lab: Lab, host: LabHost | 'switch', filter: string): Promise<BurstCapture> {
    const label = `burst-${started++}`;
    const file = lab.path(`${label}.pcap`);
    const log = lab.path(`${label}.log`);
    const args = [
      ...['-i', host === 'switch' ? SWITCH_BRIDGE : HOST_INTERFACE, '-n', '-Z', 'root'],
      ...['-B', String(BUFFER_KIBIBYTES), '-s', String(SNAPSHOT_BYTES), '-w', file, filter],
    ];
    const process = await lab.spawn(host, 'tcpdump', args, { label, log: true });
    const listening = () => readFileSync(log, 'latin1').includes('listening on');
    await waitFor(label, listening, { unless: process.ended });
    return new BurstCapture(process, file, log);
  }

  /** Throws if the capture lost frames: they would count as not sent. */
  async stop(): Promise<CapturedFrame[]> {
    this.#process.signal('SIGINT');
    await this.#process.ended;
    const dropped = /(\d+) packets dropped by kernel/.exec(readFileSync(this.#log, 'latin1'))?.[1];
    if (dropped !== '0') throw new Error(`the capture lost ${dropped ?? 'unknown'} frames`);
    const read = readPcap(readFileSync(this.#file));
    if (!read.ok) throw new Error(`${this.#file}: ${read.error.code}`);
    return read.value;
  }
}
