/** Which director is MASTER, from its addresses and its packets. */
import { advertisementsIn } from '../../../src/lab/packets/capture.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import type { LabHost } from '../../../src/lab/topology/layout.ts';
import { sleep, waitFor } from '../../../src/lab/wait.ts';
import type { IpAddress } from '../../../src/net/address.ts';
import type { CapturedFrame } from '../../../src/wire/capture/pcap.ts';

/** Resolves once only this director has the address. */
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

/** Names of all directors that had the address at some time in the span, checked every 50 ms. */
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

/** Sources of advertisements at or after the time, without priority 0. */
export function advertisersAfter(frames: readonly CapturedFrame[], at: number): Set<IpAddress> {
  const adverts = advertisementsIn(frames).filter(
    (advert) => advert.at >= at && advert.advertisement.priority > 0,
  );
  return new Set(adverts.map(({ source }) => source));
}

/** True if the address answers an ICMP request of the client. */
export async function clientReaches(lab: Lab, address: IpAddress): Promise<boolean> {
  try {
    await lab.run(lab.client, 'ping', ['-n', '-q', '-c', '1', '-W', '1', address]);
    return true;
  } catch {
    return false;
  }
}
