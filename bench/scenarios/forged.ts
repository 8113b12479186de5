/** A host on the segment sends advertisements for the VRID that directors must refuse. */

import { type Forgery, forgedFrame } from '../../src/lab/packets/forged-frame.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { HOST_INTERFACE } from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import { mac } from '../../src/net/address.ts';
import { advertsOf, takeovers } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, type ContenderName, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';

const RATES = [4, 20_000] as const;
const INTERVAL = 1_000_000;
const V3_KINDS: readonly Forgery[] = ['ttl', 'checksum', 'version', 'truncated'];
const V2_KINDS: readonly Forgery[] = ['password'];

export const forged: Scenario = {
  name: 'forged',
  title: 'Adverts that must be refused',
  method:
    'The client sends adverts of priority 255 for the VRID, for 8 s each: TTL 64, bad checksum, ' +
    'wrong version, truncated (version 3), wrong password (version 2). Adverts every second; one ' +
    'sample for each of the five.',
  async run(context) {
    const found = RATES.map((rate) => ({
      rate,
      error: new Samples(),
      missed: new Samples(),
      changes: new Samples(),
    }));
    const seconds = context.quick ? 4 : 8;
    const judge = async (pair: Pair, contender: ContenderName, kind: Forgery) => {
      for (const { rate, error, missed, changes } of found) {
        const seen = await under(pair, kind, rate, seconds);
        error.add(contender, seen.error);
        missed.add(contender, seen.missed);
        changes.add(contender, seen.changes);
        context.log(
          `${contender}: ${kind} at ${rate}/s: error ${seen.error.toFixed(1)} ms, ` +
            `${seen.missed} missed, ${seen.changes} takeovers`,
        );
        await pair.settled(pair.master);
      }
    };
    const base = { routers: ONE_ROUTER, intervalMilliseconds: INTERVAL / 1_000 };
    await alternate(context, 1, async (contender) => {
      await withPair(contender, base, async (pair) => {
        for (const kind of V3_KINDS) await judge(pair, contender, kind);
      });
      const secret = { ...base, version: 2 as const, password: 'secret12' };
      await withPair(contender, secret, async (pair) => {
        for (const kind of V2_KINDS) await judge(pair, contender, kind);
      });
    });
    return found.flatMap(({ rate, error, missed, changes }) => [
      error.row(`${rate.toLocaleString('en')}/s: worst interval error of the MASTER`, 'ms', [
        atMost('max', 5),
      ]),
      missed.row(`${rate.toLocaleString('en')}/s: missed adverts`, '', [atMost('max', 0)]),
      changes.row(`${rate.toLocaleString('en')}/s: takeovers`, '', [atMost('max', 0)]),
    ]);
  },
};

async function under(pair: Pair, kind: Forgery, perSecond: number, seconds: number) {
  const { lab, master, backup, spec } = pair;
  const client = lab.client;
  const text = await lab.run(client, 'cat', [`/sys/class/net/${HOST_INTERFACE}/address`]);
  const target = { version: spec.version ?? 3, vrid: 55, address: pair.address };
  const frame = forgedFrame(kind, target, { host: client, mac: mac(text.trim()) });
  const capture = await BurstCapture.start(
    lab,
    'switch',
    `ip proto 112 and (src ${master.address} or src ${backup.address})`,
  );
  const began = performance.now();
  const forger = await lab.spawn(
    client,
    process.execPath,
    [
      builtProgram('src/lab/packets/forger.js'),
      ...[HOST_INTERFACE, String(perSecond), String(seconds)],
      Buffer.from(frame).toString('hex'),
    ],
    { label: 'forger', log: true },
  );
  const status = await forger.ended;
  if (status !== 0) throw new Error(`the forger ended with status ${status}`);
  const left = seconds * 1_000 - (performance.now() - began);
  if (left > 0) await sleep(left);
  const frames = await capture.stop();
  const times = advertsOf(frames, master.address).map(({ at }) => at);
  const seen = regularityOf(times, INTERVAL);
  return {
    error: quantile(seen.errors, 1) ?? seconds * 1_000,
    missed: Math.max(seen.missed, seconds - 1 - times.length),
    changes: takeovers(advertsOf(frames, backup.address), 2 * INTERVAL),
  };
}
