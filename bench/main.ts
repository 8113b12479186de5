/** Measures vrrp-agent and keepalived side by side, in network namespaces of this host. */
import { save, savedResults } from './harness/files.ts';
import { tearDownLive } from './harness/live-labs.ts';
import { machineFacts } from './harness/machine.ts';
import { besideBareLoop, floorText } from './harness/noise-floor.ts';
import { type Options, optionsFrom } from './harness/options.ts';
import { merged, partlyMerged, type ScenarioResult, tableOf } from './harness/report.ts';
import { CONTENDERS, holds, type Row } from './harness/row.ts';
import type { Scenario } from './harness/scenario.ts';
import { bfd } from './scenarios/bfd.ts';
import { bundle } from './scenarios/bundle.ts';
import { control } from './scenarios/control.ts';
import { crash } from './scenarios/crash.ts';
import { deletedAddress } from './scenarios/deleted-address.ts';
import { failover } from './scenarios/failover.ts';
import { forged } from './scenarios/forged.ts';
import { freeze } from './scenarios/freeze.ts';
import { health } from './scenarios/health.ts';
import { ipv6 } from './scenarios/ipv6.ts';
import { large } from './scenarios/large.ts';
import { lease } from './scenarios/lease.ts';
import { many } from './scenarios/many.ts';
import { memory } from './scenarios/memory.ts';
import { notified } from './scenarios/notified.ts';
import { peerLinkCost } from './scenarios/peer-link-cost.ts';
import { peerLinkFlood } from './scenarios/peer-link-flood.ts';
import { peerLinkHold } from './scenarios/peer-link-hold.ts';
import { peerLinkPlanned } from './scenarios/peer-link-planned.ts';
import { peerLinkTakeover } from './scenarios/peer-link-takeover.ts';
import { planned, plannedIpv6 } from './scenarios/planned.ts';
import { probes } from './scenarios/probes.ts';
import { punctuality } from './scenarios/punctuality.ts';
import { regularity } from './scenarios/regularity.ts';
import { reload } from './scenarios/reload.ts';
import { restart } from './scenarios/restart.ts';
import { split } from './scenarios/split.ts';
import { start } from './scenarios/start.ts';
import { virtualMac, virtualMacStop } from './scenarios/virtual-mac.ts';
import { witnessPlanned } from './scenarios/witness-planned.ts';

const SCENARIOS: readonly Scenario[] = [
  ...[crash, planned, plannedIpv6, virtualMac, virtualMacStop, failover, restart, reload, lease],
  ...[
    many,
    large,
    ipv6,
    regularity,
    punctuality,
    forged,
    freeze,
    deletedAddress,
    split,
    peerLinkTakeover,
    peerLinkHold,
    peerLinkPlanned,
    peerLinkFlood,
    peerLinkCost,
    memory,
    start,
    bundle,
    control,
    notified,
    probes,
    bfd,
    health,
    witnessPlanned,
  ],
];
const NAMES = SCENARIOS.map(({ name }) => name);

function progress(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function measure(options: Options): Promise<ScenarioResult[]> {
  const machine = await machineFacts();
  const contenders = CONTENDERS.filter(
    (name) => name !== 'keepalived' || machine.keepalived !== 'not installed',
  );
  const { repetitions, quick, soak } = options;
  const results: ScenarioResult[] = [];
  for (const { name, title, method, run } of SCENARIOS) {
    if (options.only !== undefined && !options.only.includes(name)) continue;
    progress(`${name}: ${title}`);
    const log = (line: string) => progress(`  ${line}`);
    const resultOf = (rows: readonly Row[]) => {
      return { name, title, method, measuredAt: new Date().toISOString(), machine, rows };
    };
    const soFar: Row[] = [];
    const saveRows = (rows: readonly Row[]) => {
      soFar.push(...rows);
      const known = savedResults();
      if (!quick) save(merged(known, [partlyMerged(known, resultOf(soFar))], NAMES));
    };
    const { value: rows, floor } = await besideBareLoop(() =>
      run({ repetitions, quick, soak, contenders, log, saveRows }),
    );
    if (floor !== undefined) log(floorText(floor));
    results.push({ ...resultOf(rows), floor });
    if (!quick) save(merged(savedResults(), results, NAMES));
  }
  return results;
}

async function main(): Promise<number> {
  const options = optionsFrom(process.argv.slice(2), NAMES);
  if (options.list) {
    for (const { name, title } of SCENARIOS) process.stdout.write(`${name}: ${title}\n`);
    return 0;
  }
  if (process.getuid?.() !== 0) throw new Error('network namespaces need root');
  const results = await measure(options);
  process.stdout.write(`${tableOf(results)}\n`);
  return results.every(({ rows }) => rows.every(holds)) ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void tearDownLive().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  });
}

try {
  process.exitCode = await main();
} catch (error) {
  progress(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
} finally {
  await tearDownLive();
}
