import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { type ProbeReport, Prober, probeReport, probesIn } from '../../src/lab/probes/probe.ts';
import { HOST_INTERFACE, virtualAddress } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor, wallClock } from '../../src/lab/wait.ts';
import { ip } from '../../src/net/address.ts';
import { useLabs } from '../interop/harness/fresh-lab.ts';
import { lacks } from '../interop/harness/requirements.ts';

/** One probe interval, and a little for the answer. */
function longestPause({ spacing }: ProbeReport): number {
  return 2 * spacing.max + 50_000;
}

function commandOf(pid: string): string {
  return pid === '' ? '' : readFileSync(`/proc/${pid}/comm`, 'latin1').trim();
}

describe.skipIf(lacks())('the prober', () => {
  const labs = useLabs();

  test('measures an outage of the address', async () => {
    const lab = await labs.up();
    const director = lab.director(1);
    const vip = virtualAddress(0);
    await lab.addAddress(director, vip, 32);
    const prober = await Prober.start(lab, vip);
    const answersSince = (at: number) => () =>
      prober.probes().filter(({ answeredAt = 0 }) => answeredAt > at).length > 100;
    await waitFor('answers', answersSince(0));
    const deleting = wallClock();
    await lab.deleteAddress(director, vip, 32);
    const deleted = wallClock();
    await sleep(300);
    const adding = wallClock();
    await lab.addAddress(director, vip, 32);
    const added = wallClock();
    await waitFor('answers again', answersSince(added));
    const report = probeReport(probesIn(await prober.stop(), vip));
    const longest = report.longestOutage;
    expect(longest?.microseconds).toBeGreaterThan(adding - deleted);
    expect(longest?.from).toBeGreaterThan(deleting - longestPause(report));
    expect(longest?.to).toBeLessThan(added + longestPause(report));
    expect(report.lost).toBeGreaterThan(0);
  });

  test('counts no request as lost because the host did not let tcpdump run', async () => {
    const lab = await labs.up();
    const vip = virtualAddress(0);
    await lab.addAddress(lab.director(1), vip, 32);
    const prober = await Prober.start(lab, vip);
    await waitFor('an answer', () => prober.probes().some((probe) => probe.answeredAt));
    const pids = await run('ip', ['netns', 'pids', lab.client.namespace]);
    const capture = pids.split('\n').find((pid) => commandOf(pid) === 'tcpdump');
    process.kill(Number(capture), 'SIGSTOP');
    await sleep(500);
    process.kill(Number(capture), 'SIGCONT');
    await sleep(300);
    const probes = probesIn(await prober.stop(), vip);
    const last = probes.findLastIndex(({ answeredAt }) => answeredAt !== undefined);
    expect(last).toBeGreaterThan(200);
    expect(probes.slice(0, last).filter((one) => one.answeredAt === undefined)).toEqual([]);
  });

  test('also probes over IPv6', async () => {
    const lab = await labs.up();
    const vip = ip('2001:db8::100');
    const { namespace } = lab.director(1);
    await run('ip', [
      ...['-n', namespace, 'addr', 'add', `${vip}/64`],
      ...['dev', HOST_INTERFACE, 'nodad'],
    ]);
    const prober = await Prober.start(lab, vip);
    await waitFor('an answer', () => prober.probes().some((probe) => probe.answeredAt));
    await prober.stop();
  });
});
