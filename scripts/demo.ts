/**
 * A demonstration on one host: two directors and a client in network namespaces, a MASTER that dies,
 * and a MASTER that is stopped for maintenance.
 */
import { masterDownInterval, skewTime } from '../fsm/vrrp/timing.ts';
import { type AgentPeer, startAgent } from '../src/lab/peers/vrrp-agent.ts';
import { Prober, probeReport, probesIn } from '../src/lab/probes/probe.ts';
import { Lab } from '../src/lab/topology/lab.ts';
import { type LabHost, virtualAddress } from '../src/lab/topology/layout.ts';
import { sleep, waitFor, wallClock } from '../src/lab/wait.ts';
import { milliseconds } from '../src/net/time.ts';
import { type Failover, failoverIn } from './observed-failover.ts';

const ADDRESS = virtualAddress(0);
const PRIORITIES = [150, 100] as const;
/** Time in a steady state before each change. */
const STEADY_MILLISECONDS = 1_200;

let lab: Lab | undefined;

function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

function seconds(microseconds: number): string {
  return `${(microseconds / 1_000_000).toFixed(3)} s`;
}

class Timeline {
  readonly #start = wallClock();

  at(time: number, what: string): void {
    print(`  ${seconds(time - this.#start).padStart(9)}  ${what}`);
  }

  now(what: string): void {
    this.at(wallClock(), what);
  }
}

async function holdsAlone(on: Lab, director: LabHost, milliseconds: number): Promise<void> {
  await waitFor(
    `${director.name} as the only MASTER`,
    async () => {
      const holders = await on.holders(ADDRESS);
      return holders.length === 1 && holders[0] === director;
    },
    { milliseconds, everyMilliseconds: 5 },
  );
}

function startDirector(on: Lab, at: 1 | 2, intervalMilliseconds: number): Promise<AgentPeer> {
  const instance = {
    priority: PRIORITIES[at - 1] ?? 100,
    advertisement_interval: `${intervalMilliseconds}ms`,
    addresses: [`${ADDRESS}/32`],
  };
  return startAgent(on, on.director(at), { instances: [instance] });
}

/** Performs a change while the client probes the address. */
async function change(on: Lab, from: LabHost, to: LabHost, patience: number, act: () => unknown) {
  const prober = await Prober.start(on, ADDRESS);
  await sleep(STEADY_MILLISECONDS);
  const began = wallClock();
  await act();
  await holdsAlone(on, to, patience);
  await sleep(STEADY_MILLISECONDS / 2);
  const frames = await prober.stop();
  const query = { address: ADDRESS, formerMaster: from.address, successor: to.address };
  const failover = failoverIn(frames, query);
  return { began, failover, report: probeReport(probesIn(frames, ADDRESS)) };
}

/** Prints the moments by time: the last advertisement is before a crash. */
function printFailover(
  timeline: Timeline,
  began: readonly [number, string],
  to: LabHost,
  seen: Failover,
) {
  const lastAdvert = seen.resigned ? 'resigns (priority 0)' : 'advertises for the last time';
  const moments: (readonly [number | undefined, string])[] = [
    began,
    [seen.lastAdvertisement, `lb1 ${lastAdvert}`],
    [seen.firstAdvertisement, `${to.name} is MASTER: its first advertisement`],
    [seen.firstAnnouncement, `${to.name} announces ${ADDRESS} by gratuitous ARP`],
    [seen.firstAnswer, `${to.name} answers the client`],
  ];
  const known = moments.flatMap(([at, what]) => (at === undefined ? [] : [{ at, what }]));
  for (const { at, what } of known.sort((a, b) => a.at - b.at)) timeline.at(at, what);
}

async function round(intervalMilliseconds: number): Promise<boolean> {
  const interval = milliseconds(intervalMilliseconds);
  const patience = 10 * intervalMilliseconds + 5_000;
  print(`\nAdvertisements every ${intervalMilliseconds} ms`);
  const timeline = new Timeline();
  const on = await Lab.up({ prefix: `demo${process.pid}` });
  lab = on;
  const [first, second] = [on.director(1), on.director(2)];
  const agents = await Promise.all([
    startDirector(on, 1, intervalMilliseconds),
    startDirector(on, 2, intervalMilliseconds),
  ]);
  timeline.now(`lb1 (priority ${PRIORITIES[0]}) and lb2 (priority ${PRIORITIES[1]}) are up`);
  await holdsAlone(on, first, patience);
  timeline.now(`lb1 is MASTER of ${ADDRESS}; the client sends a request every millisecond`);

  const crash = await change(on, first, second, patience, () =>
    Promise.all([on.cut(first), agents[0].kill()]),
  );
  const { failover } = crash;
  if (failover?.firstAnswer === undefined) {
    print('  lb2 did not take over');
    return false;
  }
  printFailover(timeline, [crash.began, 'lb1 dies: agent killed, cable pulled'], second, failover);
  const gap = failover.firstAnswer - failover.lastAdvertisement;
  print(`  last advertisement to first answer: ${seconds(gap)}`);
  print(
    `  Master_Down_Interval of RFC 9568:   ${seconds(masterDownInterval(3, PRIORITIES[1], interval))}`,
  );
  print(`  client outage:                       ${seconds(failover.outageMicroseconds ?? 0)}`);

  await on.restore(first);
  const returned = await startDirector(on, 1, intervalMilliseconds);
  await holdsAlone(on, first, patience);
  timeline.now('lb1 is back and MASTER again');

  const stop = await change(on, first, second, patience, () => returned.stop());
  if (stop.failover === undefined) {
    print('  lb2 did not take over');
    return false;
  }
  printFailover(timeline, [stop.began, 'lb1 is stopped for maintenance'], second, stop.failover);
  const skew = seconds(skewTime(3, PRIORITIES[1], interval));
  const { lost, sent, longestOutage } = stop.report;
  print(`  Skew_Time of RFC 9568:              ${skew}`);
  print(`  client outage:                       ${seconds(longestOutage?.microseconds ?? 0)}`);
  print(`  ${lost} of ${sent} requests were not answered`);
  await on.down();
  lab = undefined;
  return true;
}

async function cleanUp(): Promise<void> {
  const left = lab;
  lab = undefined;
  await left?.down();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cleanUp().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  });
}

// The reader of the output may end first, as `head` does; the lab must not outlive it.
process.stdout.once('error', () => {
  void cleanUp().finally(() => process.exit(1));
});

try {
  const slow = await round(1_000);
  const fast = slow && (await round(100));
  process.exitCode = slow && fast ? 0 : 1;
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await cleanUp();
}
