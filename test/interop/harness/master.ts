/** Who is MASTER, judged from outside: by the addresses, and by what is on the wire. */
import { advertisementsIn } from '../../../src/lab/packets/capture.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import type { LabHost } from '../../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../../src/lab/wait.ts';
import type { IpAddress } from '../../../src/net/address.ts';
import type { CapturedFrame } from '../../../src/wire/capture/pcap.ts';

/** Resolves when the director alone has the address. */
export async function holdsAlone(
  lab: Lab,
  director: LabHost,
  address: IpAddress,
  milliseconds = 10_000,
): Promise<void> {
  const what = `${director.name} alone has ${address}`;
  const alone = async () => {
    const holders = await lab.holders(address);
    return holders.length === 1 && holders[0] === director;
  };
  await waitFor(what, alone, { milliseconds, everyMilliseconds: 20 });
}

/** The names of all that had the address at any time in the span; looked at every 50 ms. */
export async function holdersDuring(
  lab: Lab,
  address: IpAddress,
  milliseconds: number,
): Promise<Set<string>> {
  const seen = new Set<string>();
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {
    for (const { name } of await lab.holders(address)) seen.add(name);
    await sleep(50);
  }
  return seen;
}

/** Who advertised at or after the time, good-byes left out. */
export function advertisersAfter(frames: readonly CapturedFrame[], at: number): Set<IpAddress> {
  const adverts = advertisementsIn(frames).filter(
    (advert) => advert.at >= at && advert.advertisement.priority > 0,
  );
  return new Set(adverts.map(({ source }) => source));
}

/** ICMP from the client, the way a user of the address would find out. */
export async function clientReaches(lab: Lab, address: IpAddress): Promise<boolean> {
  try {
    await lab.run(lab.client, 'ping', ['-n', '-q', '-c', '1', '-W', '1', address]);
    return true;
  } catch {
    return false;
  }
}
