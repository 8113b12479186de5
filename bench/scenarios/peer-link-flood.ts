/** A stranger in the second network repeats and forges datagrams of the peer link. */
import { ControlClient } from '../../src/control/client.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { floodPeerLink } from '../../src/lab/run/peer-flood.ts';
import { advertsOf, takeovers } from '../harness/adverts.ts';
import { BurstCapture } from '../harness/capture.ts';
import { regularityOf } from '../harness/grid.ts';
import { besideBareLoop, floorText } from '../harness/noise-floor.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { ONE_ROUTER } from '../harness/routers.ts';
import { atMost, Samples } from '../harness/row.ts';
import { alternate, type Scenario } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';

const PER_SECOND = 20_000;
const INTERVAL = 10_000;
const KINDS = ['replayed', 'forged'] as const;
const SPEC = {
  routers: ONE_ROUTER,
  intervalMilliseconds: INTERVAL / 1_000,
  peerLink: { heartbeat: '50ms' },
};

export const peerLinkFlood: Scenario = {
  name: 'peer-link-flood',
  title: 'Peer link: forged and repeated datagrams',
  method:
    'Adverts every 10 ms, a heartbeat of 50 ms on a second network. There a stranger sends 20,000 ' +
    'datagrams a second for 10 s to the MASTER: one of the BACKUP, again and again; then the same ' +
    'with one bit changed. A bare loop at real-time priority runs in the same 10 s.',
  async run(context) {
    const found = {
      p99: new Samples(),
      missed: new Samples(),
      changes: new Samples(),
      downs: new Samples(),
      floor: new Samples(),
    };
    const seconds = context.quick ? 3 : 10;
    const only = { ...context, contenders: ['vrrp-agent'] as const };
    await alternate(only, context.repetitions, () =>
      withPair('vrrp-agent', SPEC, async (pair) => {
        await Promise.all([pair.linkUp(pair.master), pair.linkUp(pair.backup)]);
        for (const kind of KINDS) {
          const { value: seen, floor } = await besideBareLoop(() => under(pair, kind, seconds));
          found.p99.add('vrrp-agent', seen.p99);
          found.missed.add('vrrp-agent', seen.missed);
          found.changes.add('vrrp-agent', seen.changes);
          found.downs.add('vrrp-agent', seen.downs);
          if (floor !== undefined) {
            found.floor.add('vrrp-agent', (100 * floor.over[1]) / floor.wakeUps);
          }
          context.log(
            `${kind}: grid p99 ${seen.p99.toFixed(2)} ms, over 1 ms ${seen.overPercent.toFixed(2)} %, ` +
              `${seen.missed} missed; ${floor === undefined ? 'no bare loop' : floorText(floor)}`,
          );
        }
      }),
    );
    const rows = [
      found.p99.row('interval error of the MASTER, p99', 'ms', [atMost('median', 1)]),
      found.floor.row('wake-ups of the bare loop later than 1 ms', '%'),
      found.missed.row('missed adverts', '', [atMost('max', 0)]),
      found.changes.row('takeovers', '', [atMost('max', 0)]),
      found.downs.row('directors that went down', '', [atMost('max', 0)]),
    ];
    context.saveRows(rows);
    return rows;
  },
};

async function under(pair: Pair, datagram: (typeof KINDS)[number], seconds: number) {
  const { lab, master, backup } = pair;
  const capture = await BurstCapture.start(
    lab,
    'switch',
    `ip proto 112 and (src ${master.address} or src ${backup.address})`,
  );
  const flood = { datagram, sender: backup.name, node: master.name, perSecond: PER_SECOND };
  await floodPeerLink(lab, { ...flood, lasts: seconds * 1_000_000 });
  const frames = await capture.stop();
  const times = advertsOf(frames, master.address).map(({ at }) => at);
  const seen = regularityOf(times, INTERVAL);
  const late = seen.errors.filter((error) => error > 1).length;
  return {
    p99: quantile(seen.errors, 0.99) ?? Number.NaN,
    overPercent: (100 * late) / seen.errors.length,
    missed: seen.missed,
    changes: takeovers(advertsOf(frames, backup.address), 2 * INTERVAL),
    downs: await downsOf(pair),
  };
}

async function downsOf({ lab, master, backup }: Pair): Promise<number> {
  const lists = await Promise.all(
    [master, backup].map((host) => new ControlClient({ socket: agentSocket(lab, host) }).events()),
  );
  return lists.flatMap(({ events }) => events).filter(({ kind }) => kind === 'peer-down').length;
}
