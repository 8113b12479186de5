import { describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { HOST_INTERFACE, virtualAddress } from '../../src/lab/layout.ts';
import { Prober, probeReport, probesIn } from '../../src/lab/probe.ts';
import { sleep } from '../../src/lab/wait.ts';
import { ip } from '../../src/net/address.ts';
import { useLabs } from '../interop/harness/fresh-lab.ts';
import { lacks } from '../interop/harness/requirements.ts';

describe.skipIf(lacks())('the prober', () => {
  const labs = useLabs();

  test('measures an outage of the address', async () => {
    const lab = await labs.up();
    const director = lab.director(1);
    const vip = virtualAddress(0);
    await lab.addAddress(director, vip, 32);
    const prober = await Prober.start(lab, vip);
    await sleep(300);
    await lab.deleteAddress(director, vip, 32);
    await sleep(300);
    await lab.addAddress(director, vip, 32);
    await sleep(300);
    const report = probeReport(probesIn(await prober.stop(), vip));
    expect(report.longestOutage?.microseconds).toBeGreaterThan(290_000);
    expect(report.longestOutage?.microseconds).toBeLessThan(600_000);
    expect(report.lost).toBeGreaterThan(200);
    expect(report.spacing.median).toBeLessThan(1_500);
  });

  test('asks over IPv6 too', async () => {
    const lab = await labs.up();
    const vip = ip('2001:db8::100');
    const { namespace } = lab.director(1);
    await run('ip', [
      ...['-n', namespace, 'addr', 'add', `${vip}/64`],
      ...['dev', HOST_INTERFACE, 'nodad'],
    ]);
    const prober = await Prober.start(lab, vip);
    await expect.poll(() => prober.probes().some((probe) => probe.answeredAt)).toBe(true);
    await prober.stop();
  });
});
