/** The report as JUnit XML for CI systems: one suite for each scenario and program. */
import type { Verdict } from '../judge/record.ts';
import { escaped } from './escape.ts';
import type { ContenderReport, LabReport, ScenarioReport } from './report.ts';

export function renderJunit({ scenarios }: LabReport): string {
  const suites = scenarios.flatMap((scenario) =>
    // A comparison is not a test: it may fail.
    scenario.contenders.filter((one) => !one.is_comparison).map((one) => suite(scenario, one)),
  );
  return ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>', ...suites, '</testsuites>', '']
    .flat()
    .join('\n');
}

function suite({ name }: ScenarioReport, { runs }: ContenderReport): string {
  const cases = runs.flatMap((run, at) => {
    const which = runs.length === 1 ? '' : ` (run ${at + 1})`;
    const time = ((run.duration + run.set_up + run.tear_down) / 1_000_000).toFixed(3);
    return run.verdicts.map((verdict) => testCase(name, verdict, which, time));
  });
  const failures = runs.flatMap(({ verdicts }) => verdicts.filter(({ holds }) => !holds)).length;
  const counts = `tests="${cases.length}" failures="${failures}"`;
  return [`<testsuite name="${escaped(name)}" ${counts}>`, ...cases, '</testsuite>'].join('\n');
}

function testCase(suiteName: string, verdict: Verdict, which: string, time: string): string {
  const name = escaped(`${verdict.expectation}${which}`);
  const head = `<testcase classname="lab.${escaped(suiteName)}" name="${name}" time="${time}"`;
  if (verdict.holds) return `${head}/>`;
  const message = `expected ${verdict.expectation}, seen: ${verdict.seen}`;
  return `${head}><failure message="${escaped(message)}">${escaped(verdict.why)}</failure></testcase>`;
}
