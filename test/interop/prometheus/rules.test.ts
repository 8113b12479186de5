/** Alert and recording rules, judged by promtool. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { lacks } from '../harness/requirements.ts';
import { ALERT_CASES, type AlertCase } from './alert-cases.ts';

const RULES = fileURLToPath(new URL('../../../config/prometheus/', import.meta.url));
const ALERTS = join(RULES, 'alerts.yaml');
const RECORDING = join(RULES, 'recording.yaml');

interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules = (
  parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }
).groups.flatMap((group) => group.rules);

/** What promtool says about the cases; it exits with 1 if one is not as expected. */
function judged(ruleFile: string, tests: readonly object[], more: object = {}): string {
  const directory = mkdtempSync(join(tmpdir(), 'vrrp-agent-rules-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'cases.yaml');
  // JSON is YAML.
  writeFileSync(
    file,
    JSON.stringify({ rule_files: [ruleFile], evaluation_interval: '15s', tests, ...more }),
  );
  try {
    return execFileSync('promtool', ['test', 'rules', file], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    return `${stdout}${stderr}`;
  }
}

function ruleOf(alert: string): Rule {
  const rule = rules.find((one) => one.alert === alert);
  if (rule === undefined) throw new Error(`no alert ${alert}`);
  return rule;
}

function rendered(template: string, { labels, value = '?' }: AlertCase): string {
  return template
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? '')
    .replaceAll(/\{\{ \$value[^}]*\}\}/g, value);
}

function testOf(one: AlertCase, fires: boolean): object {
  const { labels, annotations } = ruleOf(one.alert);
  const expected = {
    exp_labels: { ...one.labels, ...labels },
    exp_annotations: Object.fromEntries(
      Object.entries(annotations).map(([key, text]) => [key, rendered(text, one)]),
    ),
  };
  return {
    name: `${one.alert} ${fires ? 'fires' : 'is quiet'}`,
    interval: '15s',
    input_series: (fires ? one.fires : one.quiet).map(([series, values]) => ({ series, values })),
    alert_rule_test: [
      { eval_time: one.at, alertname: one.alert, exp_alerts: fires ? [expected] : [] },
    ],
  };
}

describe.skipIf(lacks('promtool'))('rules for Prometheus', () => {
  test('every alert has a case', () => {
    expect(ALERT_CASES.map(({ alert }) => alert).sort()).toEqual(
      rules.map(({ alert }) => alert).sort(),
    );
  });

  test('every alert fires when it should, with the right words, and not otherwise', () => {
    const tests = ALERT_CASES.flatMap((one) => [testOf(one, true), testOf(one, false)]);
    expect(judged(ALERTS, tests)).toMatch(/SUCCESS\s*$/);
  });

  test('promtool notices an alert that does not fire', () => {
    const [first] = ALERT_CASES;
    if (first === undefined) throw new Error('no case');
    expect(judged(ALERTS, [testOf({ ...first, fires: first.quiet }, true)])).toMatch(/FAILED/);
  });

  test('availability is the time with a MASTER, over the time with an answer', () => {
    const state = (director: string, values: string) => ({
      series: `vrrp_instance_state{job="vrrp-agent",instance="${director}",exported_instance="web",vrid="55",family="ipv4",state="MASTER"}`,
      values,
    });
    const labels = '{exported_instance="web", family="ipv4", job="vrrp-agent", vrid="55"}';
    const asked = (record: string, at: string, value: number) => ({
      ...{ expr: record, eval_time: at },
      exp_samples: [{ labels: record + labels, value }],
    });
    const tests = [
      {
        interval: '1m',
        // Minutes 45 to 49 without MASTER; from minute 91 on no director answers.
        input_series: [state('lb1', '1x44 0x45'), state('lb2', '0x49 1x40')],
        promql_expr_test: [
          asked('vrrp_router:masters:sum', '10m', 1),
          asked('vrrp_router:served:bool', '44m', 1),
          asked('vrrp_router:served:bool', '45m', 0),
          asked('vrrp_router:availability:avg1h', '60m', 56 / 61),
          asked('vrrp_router:availability:avg1d', '60m', 56 / 61),
          asked('vrrp_router:outages:count1d', '60m', 1),
          // Stale after 5 minutes.
          asked('vrrp_router:served:bool', '100m', 0),
          asked('vrrp_router:outages:count30d', '100m', 2),
          // For more than an hour no director has answered.
          { expr: 'vrrp_router:served:bool', eval_time: '170m', exp_samples: [] },
        ],
      },
    ];
    const order = ['vrrp-agent-served', 'vrrp-agent-availability'];
    const more = { evaluation_interval: '1m', group_eval_order: order };
    expect(judged(RECORDING, tests, more)).toMatch(/SUCCESS\s*$/);
  });
});
