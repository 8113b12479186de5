import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeProbe } from '../../../../src/checker/probes/make-probe.ts';
import { PatternMatcher } from '../../../../src/checker/probes/pattern-matcher.ts';
import { TcpProbe } from '../../../../src/checker/probes/tcp.ts';
import { WeightProbe } from '../../../../src/checker/probes/weight-probe.ts';
import type { ProbeOutcome, WeightScale } from '../../../../src/net/probe.ts';
import { server, tcpCheck, weightProbe } from '../../ipvs/health/health-rig.ts';

const SCALE: WeightScale = { reads: 'load', smoothing: 0.5, minimum: 1, maximum: 101 };
const REFUSED: ProbeOutcome = { passed: false, detail: 'ECONNREFUSED' };

function loadOf(value: number): ProbeOutcome {
  return { passed: true, detail: `${value}`, value };
}

/** A probe with these outcomes in turn. */
function probeOf(...outcomes: ProbeOutcome[]) {
  let closed = 0;
  const run = async () => outcomes.shift() ?? REFUSED;
  const close = () => {
    closed++;
  };
  return { probe: new WeightProbe({ run, close }, SCALE), closed: () => closed };
}

test('A reading becomes a weight, smoothed with the previous one', async () => {
  const { probe } = probeOf(loadOf(0), loadOf(1));
  expect(await probe.run(1_000)).toEqual({ passed: true, detail: 'load 0', value: 101 });
  expect(await probe.run(1_000)).toEqual({ passed: true, detail: 'load 1', value: 51 });
});

test('A failed reading keeps the weight; before the first reading there is none', async () => {
  const { probe } = probeOf(REFUSED, loadOf(0), REFUSED);
  expect(await probe.run(1_000)).toEqual(REFUSED);
  await probe.run(1_000);
  expect(await probe.run(1_000)).toEqual({ ...REFUSED, value: 101 });
});

test('Settings with a weight scale make a weight probe, others a plain probe', () => {
  const patterns = new PatternMatcher();
  const surroundings = {
    reactor: () => undefined as never,
    patterns,
    onChange: () => {},
    last: undefined,
  };
  expect(makeProbe(weightProbe(server(11)), surroundings)).toBeInstanceOf(WeightProbe);
  expect(makeProbe(tcpCheck(server(11)), surroundings)).toBeInstanceOf(TcpProbe);
});

test('FR-O11 A probe that starts again keeps the number that was known', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'known-number-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'number');
  writeFileSync(path, '');
  const patterns = new PatternMatcher();
  const context = { reactor: () => undefined as never, patterns, onChange: () => {}, last: 40 };
  const { interval, timeout, rise, fall } = tcpCheck(server(11));
  const timing = { interval, timeout, rise, fall };
  const file = makeProbe({ kind: 'file', path, reads: 'number', ...timing }, context);
  onTestFinished(() => file.close());
  expect(await file.run(1_000)).toMatchObject({ passed: true, value: 40 });
  const load = { ...weightProbe(server(11)), argv: ['/nonexistent/load'] };
  expect(await makeProbe(load, context).run(1_000)).toMatchObject({ passed: false, value: 40 });
});

test('Closing it closes its probe', () => {
  const { probe, closed } = probeOf();
  probe.close();
  expect(closed()).toBe(1);
});
