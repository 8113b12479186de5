/** Which director answers ARP for a virtual address, as another host sees it at every moment. */
import { Capture } from '../../../src/lab/packets/capture.ts';
import { nodeProgram } from '../../../src/lab/program.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../../../src/lab/topology/layout.ts';
import { waitFor } from '../../../src/lab/wait.ts';
import type { IpAddress } from '../../../src/net/address.ts';
import { ARP_REPLY } from '../../../src/wire/arp.ts';
import { decodeFrame } from '../../../src/wire/frame.ts';

/** Milliseconds between two requests. */
const EVERY = 10;

interface Answer {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The name of the director. */
  readonly by: string;
}

export class OwnerWatch {
  readonly #address: IpAddress;
  readonly #capture: Capture;
  /** The names of the directors by their MAC addresses. */
  readonly #names: ReadonlyMap<string, string>;

  private constructor(address: IpAddress, capture: Capture, names: ReadonlyMap<string, string>) {
    this.#address = address;
    this.#capture = capture;
    this.#names = names;
  }

  /** Resolves with the first answer. */
  static async start(lab: Lab, address: IpAddress): Promise<OwnerWatch> {
    const names = new Map<string, string>();
    for (const host of lab.layout.directors) names.set(await macOf(lab, host), host.name);
    const capture = await Capture.start(lab, { host: lab.client, label: 'owner', filter: 'arp' });
    const plan = { number: 0, probes: [{ type: 'arp', address, every: EVERY * 1_000 }] };
    const program = nodeProgram('src/lab/probes/client-program.js');
    const args = [...program, lab.path('owner.json'), JSON.stringify(plan)];
    await lab.spawn(lab.client, process.execPath, args, { label: 'owner', log: true });
    const watch = new OwnerWatch(address, capture, names);
    await waitFor(`an answer for ${address}`, () => watch.answers().length > 0);
    return watch;
  }

  answers(): Answer[] {
    return this.#capture.frames().flatMap(({ at, bytes }) => {
      const frame = decodeFrame(bytes);
      if (frame.kind !== 'arp') return [];
      const { operation, senderIp, senderMac } = frame.arp;
      if (operation !== ARP_REPLY || senderIp !== this.#address) return [];
      return [{ at: at / 1_000, by: this.#names.get(senderMac) ?? senderMac }];
    });
  }

  /** The last answer of this director, in milliseconds since 1970; undefined: it has given none. */
  lastOf({ name }: LabHost): number | undefined {
    return this.answers().findLast(({ by }) => by === name)?.at;
  }

  /** The first answer of this director after the time. */
  firstOf({ name }: LabHost, after: number): number | undefined {
    return this.answers().find(({ by, at }) => by === name && at > after)?.at;
  }
}

async function macOf(lab: Lab, host: LabHost): Promise<string> {
  return (await lab.run(host, 'cat', [`/sys/class/net/${HOST_INTERFACE}/address`])).trim();
}
