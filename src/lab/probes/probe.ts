/**
 * Outages of a virtual address as the client sees them: a prober sends echo requests, and a capture on
 * the client's interface shows when each was sent and answered.
 */
import type { IpAddress } from '../../net/address.ts';
import type { CapturedFrame } from '../../wire/capture/pcap.ts';
import { LabError } from '../command.ts';
import { Capture } from '../packets/capture.ts';
import { decodeEcho } from '../packets/echo.ts';
import { nodeProgram } from '../program.ts';
import type { Lab } from '../topology/lab.ts';
import type { LabProcess } from '../topology/processes.ts';

/** Times in microseconds since 1970, like those of captured frames. */
export interface Probe {
  readonly sentAt: number;
  readonly answeredAt: number | undefined;
}

/** From the last answer before it to the first answer after it. */
interface Outage {
  readonly from: number;
  readonly to: number;
  readonly microseconds: number;
}

export interface ProbeReport {
  readonly sent: number;
  readonly lost: number;
  /** Undefined: fewer than two answers. */
  readonly longestOutage: Outage | undefined;
  /** Real distances between requests: the precision of an outage. */
  readonly spacing: { readonly median: number; readonly p99: number; readonly max: number };
}

export class Prober {
  readonly #address: IpAddress;
  readonly #process: LabProcess;
  readonly #capture: Capture;

  private constructor(address: IpAddress, process: LabProcess, capture: Capture) {
    this.#address = address;
    this.#process = process;
    this.#capture = capture;
  }

  static async start(lab: Lab, address: IpAddress, intervalMicroseconds = 1_000): Promise<Prober> {
    const capture = await Capture.start(lab, {
      host: lab.client,
      label: `probe-${address.replaceAll(':', '-')}`,
      filter: 'icmp or icmp6 or arp or proto 112 or ip6 proto 112',
    });
    const program = [
      ...nodeProgram('src/lab/probes/prober.js'),
      address,
      String(intervalMicroseconds),
    ];
    const process = await lab.spawn(lab.client, globalThis.process.execPath, program, {
      label: `prober-${address.replaceAll(':', '-')}`,
      log: true,
    });
    return new Prober(address, process, capture);
  }

  /** Results so far; the last requests may still be answered. */
  probes(): Probe[] {
    return probesIn(this.#capture.frames(), this.#address);
  }

  frames(): CapturedFrame[] {
    return this.#capture.frames();
  }

  /** Throws if the capture has lost frames: a request whose answer is missing in it would count as lost. */
  async stop(): Promise<CapturedFrame[]> {
    this.#process.signal('SIGKILL');
    await this.#process.ended;
    const frames = await this.#capture.stop();
    const lost = this.#capture.lost();
    if (lost > 0)
      throw new LabError('lab-state-error', `the capture of probes lost ${lost} frames`);
    return frames;
  }
}

/** Pairs requests with answers; duplicate answers are ignored. */
export function probesIn(frames: readonly CapturedFrame[], address: IpAddress): Probe[] {
  const probes: { sentAt: number; answeredAt: number | undefined }[] = [];
  const open = new Map<string, { answeredAt: number | undefined }>();
  for (const { at, bytes } of frames) {
    const echo = decodeEcho(bytes);
    if (echo === undefined) continue;
    const key = `${echo.identifier}/${echo.counter}`;
    if (echo.kind === 'request' && echo.destination === address) {
      const probe = { sentAt: at, answeredAt: undefined };
      open.set(key, probe);
      probes.push(probe);
    }
    const request = echo.kind === 'reply' && echo.source === address ? open.get(key) : undefined;
    if (request !== undefined) {
      request.answeredAt = at;
      open.delete(key);
    }
  }
  return probes;
}

export function firstAnswerAfter(probes: readonly Probe[], at: number): number | undefined {
  return answersOf(probes).find((answeredAt) => answeredAt > at);
}

export function longestOutage(probes: readonly Probe[]): Outage | undefined {
  const answers = answersOf(probes);
  let longest: Outage | undefined;
  for (const [index, to] of answers.entries()) {
    const from = answers[index - 1];
    if (from === undefined) continue;
    if (to - from > (longest?.microseconds ?? -1)) longest = { from, to, microseconds: to - from };
  }
  return longest;
}

export function probeReport(probes: readonly Probe[]): ProbeReport {
  const spacings = probes
    .slice(1)
    .map(({ sentAt }, index) => sentAt - (probes[index]?.sentAt ?? sentAt))
    .sort((a, b) => a - b);
  const quantile = (part: number) => spacings[Math.floor((spacings.length - 1) * part)] ?? 0;
  return {
    sent: probes.length,
    lost: probes.filter(({ answeredAt }) => answeredAt === undefined).length,
    longestOutage: longestOutage(probes),
    spacing: { median: quantile(0.5), p99: quantile(0.99), max: quantile(1) },
  };
}

function answersOf(probes: readonly Probe[]): number[] {
  return probes.flatMap(({ answeredAt }) => answeredAt ?? []).sort((a, b) => a - b);
}
