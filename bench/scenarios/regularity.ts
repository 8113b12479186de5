/** 255 routers, or one, at the shortest interval under load. */
import { readFileSync } from 'node:fs';
import { HOST_INTERFACE } from '../../src/lab/topology/layout.ts';
import { sleep } from '../../src/lab/wait.ts';
import type { CapturedFrame } from '../../src/wire/capture/pcap.ts';
import { advertsOf, byVrid, takeovers } from '../harness/adverts.ts';
import { underLoad } from '../harness/busy-load.ts';
import { BurstCapture } from '../harness/capture.ts';
import { mergeRegularity, regularityOf } from '../harness/grid.ts';
import { type Pair, withPair } from '../harness/pair.ts';
import { manyRouters } from '../harness/routers.ts';
import { atMost, type ContenderName, keepalivedPlus, type Row, Samples } from '../harness/row.ts';
import { alternate, type Scenario, type ScenarioContext } from '../harness/scenario.ts';
import { quantile } from '../harness/statistics.ts';
import { programPids, usageOf } from '../harness/usage.ts';

const INTERVAL = 10_000;
const REPETITIONS = 3;
const COUNTS = [255, 1] as const;
/** A capture of all routers would use the CPU time that is measured. */
const WATCHED = [1, 64, 128, 192, 255];

export const regularity: Scenario = {
  name: 'regularity',
  title: 'Adverts every 10 ms under load',
  method:
    'Two directors on one cable, one busy loop per core at the same niceness. First 20 s with a ' +
    'capture at the BACKUP of five routers (or the one) and of everything that the BACKUP sends; ' +
    'then 10 s without a capture for CPU time (schedstat of all threads) and packets (interface ' +
    'counters). ' +
    `${REPETITIONS} repetitions.`,
  async run(context) {
    const rows: Row[] = [];
    for (const count of COUNTS) rows.push(...(await measured(context, count)));
    return rows;
  },
};

type Columns = ReturnType<typeof columns>;

function columns() {
  return {
    takeovers: new Samples(),
    missed: new Samples(),
    errorMedian: new Samples(),
    errorP99: new Samples(),
    errorMax: new Samples(),
    meanError: new Samples(),
    sending: new Samples(),
    receiving: new Samples(),
    memory: new Samples(),
  };
}

async function measured(context: ScenarioContext, count: number): Promise<Row[]> {
  const found = columns();
  const spec = {
    routers: manyRouters(count),
    intervalMilliseconds: INTERVAL / 1_000,
    direct: true,
  };
  await alternate(context, Math.min(REPETITIONS, context.repetitions), (contender) =>
    withPair(contender, spec, async (pair) => {
      await sleep(1_000);
      await underLoad(async () => {
        await watch(pair, contender, context.quick ? 5_000 : 20_000, found);
        await weigh(pair, contender, context.quick ? 3_000 : 10_000, found);
      });
      context.log(`${contender}: ${count} routers every 10 ms under load: done`);
    }),
  );
  return rowsOf(found, count);
}

function rowsOf(found: Columns, count: number): Row[] {
  const of = count === 1 ? '1 router' : `${count} routers`;
  return [
    found.takeovers.row(`${of}: takeovers by the BACKUP`, '', [atMost('max', 0)]),
    found.missed.row(`${of}: missed adverts of those watched`, '', [atMost('max', 0)]),
    found.errorMedian.row(`${of}: interval error, p50`, 'ms'),
    found.errorP99.row(`${of}: interval error, p99`, 'ms', [atMost('median', 1)]),
    found.errorMax.row(`${of}: interval error, max`, 'ms'),
    found.meanError.row(`${of}: error of the mean period`, '%', [atMost('max', 0.1)]),
    found.sending.row(`${of}: CPU per 1,000 adverts sent`, 'ms', [
      atMost('median', 5),
      keepalivedPlus('median'),
    ]),
    found.receiving.row(`${of}: CPU per 1,000 adverts received`, 'ms', [
      atMost('median', 2),
      keepalivedPlus('median'),
    ]),
    found.memory.row(`${of}: RSS of the MASTER`, 'MB', [atMost('max', 120)]),
  ];
}

async function watch(
  pair: Pair,
  contender: ContenderName,
  milliseconds: number,
  found: Columns,
): Promise<void> {
  const vrids = WATCHED.map((vrid) => `ip[21] == ${vrid}`).join(' or ');
  const [master, backup] = [pair.master.address, pair.backup.address];
  const capture = await BurstCapture.start(
    pair.lab,
    pair.backup,
    `ip proto 112 and (src ${backup} or (src ${master} and (${vrids})))`,
  );
  await sleep(milliseconds);
  judge(await capture.stop(), pair, contender, found);
}

function judge(
  frames: readonly CapturedFrame[],
  pair: Pair,
  contender: ContenderName,
  found: Columns,
): void {
  const silence = pair.masterDownMilliseconds * 1_000;
  found.takeovers.add(contender, takeovers(advertsOf(frames, pair.backup.address), silence));
  const routers = [...byVrid(advertsOf(frames, pair.master.address)).values()];
  const seen = mergeRegularity(
    routers.map((router) =>
      regularityOf(
        router.map(({ at }) => at),
        INTERVAL,
      ),
    ),
  );
  found.missed.add(contender, seen.missed);
  found.meanError.add(contender, seen.meanErrorPercent);
  found.errorMedian.add(contender, quantile(seen.errors, 0.5) ?? Number.NaN);
  found.errorP99.add(contender, quantile(seen.errors, 0.99) ?? Number.NaN);
  found.errorMax.add(contender, quantile(seen.errors, 1) ?? Number.NaN);
}

async function weigh(
  pair: Pair,
  contender: ContenderName,
  milliseconds: number,
  found: Columns,
): Promise<void> {
  const pids = await Promise.all([programPids(pair.master), programPids(pair.backup)]);
  const reading = () => ({ packets: packetsOf(pids[0][0] ?? 0), usage: pids.map(usageOf) });
  const before = reading();
  await sleep(milliseconds);
  const now = reading();
  const thousands = (now.packets - before.packets) / 1_000;
  const perThousand = (at: 0 | 1) =>
    ((now.usage[at]?.cpuNanoseconds ?? Number.NaN) - (before.usage[at]?.cpuNanoseconds ?? 0)) /
    1_000_000 /
    thousands;
  found.sending.add(contender, perThousand(0));
  found.receiving.add(contender, perThousand(1));
  found.memory.add(contender, (now.usage[0]?.residentBytes ?? Number.NaN) / 1_000_000);
}

/** Packets sent by the interface in the namespace of the process: almost only advertisements. */
function packetsOf(pid: number): number {
  const table = readFileSync(`/proc/${pid}/net/dev`, 'latin1');
  const line = table.split('\n').find((one) => one.trim().startsWith(`${HOST_INTERFACE}:`)) ?? '';
  return Number(line.split(':')[1]?.trim().split(/\s+/)[9] ?? Number.NaN);
}
