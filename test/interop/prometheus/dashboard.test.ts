/** Debian's Prometheus scrapes a pair through a failover; every query of the dashboard is asked. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { generate } from '../../../scripts/generators/grafana-dashboard.ts';
import { ROWS, VARIABLES } from '../../../scripts/generators/grafana-panels.ts';
import { programVersion } from '../../../src/files/package-files.ts';
import { type AgentPeer, startAgent } from '../../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../../src/lab/topology/lab.ts';
import { sleep, waitFor } from '../../../src/lab/wait.ts';
import { VIP } from '../harness/agent-story.ts';
import { useLabs } from '../harness/fresh-lab.ts';
import { lacks } from '../harness/requirements.ts';
import { DASHBOARD_VALUES, type PanelValues } from './dashboard-values.ts';
import { sampleMetrics } from './sample-director.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const DASHBOARD = `${ROOT}config/grafana/vrrp-agent.json`;
const PORT = 9090;
const KEY = `hex:${'0123456789abcdef'.repeat(4)}`;

/** Of the variables of Grafana. */
const CHOICES: Readonly<Record<string, string>> = {
  ...{ job: '.*', director: '.*', router: '.*', __rate_interval: '15s' },
};

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

const panels = ROWS.flatMap((row) => row.panels);

test('the dashboard is what `npm run gen` makes of its panels now', () => {
  expect(readFileSync(DASHBOARD, 'utf8')).toBe(generate());
});

test('every panel has values to be compared with', () => {
  expect(Object.keys(DASHBOARD_VALUES).sort()).toEqual(panels.map(({ title }) => title).sort());
});

function textOf(expr: string): string {
  return expr.replaceAll(/\$(\w+)/g, (whole, name: string) => CHOICES[name] ?? whole);
}

function legendOf(legend: string, { metric }: Sample): string {
  return legend
    .replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => metric[name] ?? '?')
    .replace(programVersion(), 'VERSION');
}

class Prometheus {
  readonly #lab: Lab;

  private constructor(lab: Lab) {
    this.#lab = lab;
  }

  static async start(lab: Lab): Promise<Prometheus> {
    const rules = ['alerts', 'recording'].map((name) => {
      const file = parse(readFileSync(`${ROOT}config/prometheus/${name}.yaml`, 'utf8')) as {
        groups: { interval?: string }[];
      };
      for (const group of file.groups) delete group.interval;
      writeFileSync(lab.path(`${name}.yaml`), stringify(file));
      return lab.path(`${name}.yaml`);
    });
    const target = (address: string, name: string) => ({
      targets: [address],
      labels: { instance: name },
    });
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
      rule_files: rules,
      scrape_configs: [
        {
          job_name: 'vrrp-agent',
          static_configs: [
            ...lab.layout.directors.map(({ address, name }) => target(`${address}:9112`, name)),
            target('127.0.0.1:9199', 'sample'),
          ],
        },
      ],
    };
    writeFileSync(lab.path('prometheus.yaml'), stringify(config));
    const args = [
      `--config.file=${lab.path('prometheus.yaml')}`,
      `--storage.tsdb.path=${lab.path('tsdb')}`,
      `--web.listen-address=127.0.0.1:${PORT}`,
    ];
    await lab.spawn(lab.client, 'prometheus', args, { label: 'prometheus', log: true });
    const prometheus = new Prometheus(lab);
    await waitFor('Prometheus', () => prometheus.ask('query', { query: 'up' }).catch(() => false));
    return prometheus;
  }

  async ask(path: string, parameters: Readonly<Record<string, string>>): Promise<unknown> {
    const url = `http://127.0.0.1:${PORT}/api/v1/${path}`;
    const data = Object.entries(parameters).flatMap(([key, value]) => [
      '--data-urlencode',
      `${key}=${value}`,
    ]);
    const text = await this.#lab.run(this.#lab.client, 'curl', ['-sG', url, ...data]);
    const answer = JSON.parse(text) as { status: string; error?: string; data: unknown };
    if (answer.status !== 'success') throw new Error(`${parameters['query']}: ${answer.error}`);
    return answer.data;
  }

  /** The samples of each query, asked by one process. */
  async queries(expressions: readonly string[]): Promise<(readonly Sample[])[]> {
    const url = `http://127.0.0.1:${PORT}/api/v1/query`;
    const parts = expressions.flatMap((expr) => [
      ...['--next', '-sG', '-w', '\\n', url, '--data-urlencode', `query=${textOf(expr)}`],
    ]);
    const text = await this.#lab.run(this.#lab.client, 'curl', parts.slice(1));
    return text
      .trimEnd()
      .split('\n')
      .map((line, at) => {
        const answer = JSON.parse(line) as { error?: string; data?: { result: Sample[] } };
        if (answer.data === undefined) throw new Error(`${expressions[at]}: ${answer.error}`);
        return answer.data.result;
      });
  }
}

/** What is not as it should be, panel by panel. */
async function deviations(prometheus: Prometheus, when: PanelValues['when']): Promise<string[]> {
  const found: string[] = [];
  const expressions = panels.flatMap(({ queries }) => queries.map(({ expr }) => expr));
  const asked = await prometheus.queries(expressions);
  const answers = new Map(expressions.map((expr, at) => [expr, asked[at]]));
  for (const { title, queries } of panels) {
    const wanted = DASHBOARD_VALUES[title]?.find((one) => one.when === when);
    if (wanted === undefined) continue;
    const values = new Map<string, number>();
    for (const { expr, legend } of queries) {
      const samples = answers.get(expr) ?? [];
      if (samples.length === 0 && when === 'before') found.push(`${title}: no data for ${expr}`);
      for (const sample of samples) values.set(legendOf(legend, sample), Number(sample.value[1]));
    }
    found.push(...compared(title, wanted, values));
  }
  return found;
}

function compared(title: string, wanted: PanelValues, values: ReadonlyMap<string, number>) {
  const names = new Set([...Object.keys(wanted.values), ...values.keys()]);
  return [...names].flatMap((name) => {
    const range = wanted.values[name] ?? wanted.others;
    const value = values.get(name);
    const [least, most] = typeof range === 'number' ? [range, range] : (range ?? []);
    const isRight =
      value !== undefined && least !== undefined && value >= least && value <= (most ?? least);
    return isRight ? [] : [`${title}: "${name}" is ${value}, not ${range ?? 'expected'}`];
  });
}

const SERVER = `
require('node:http').createServer((_, response) => {
  response.setHeader('Content-Type', 'text/plain; version=0.0.4');
  response.end(require('node:fs').readFileSync(process.argv[1]));
}).listen(9199, '127.0.0.1');
`;

function startDirector(lab: Lab, number: 1 | 2, priority: number): Promise<AgentPeer> {
  const host = lab.director(number);
  const other = lab.director(number === 1 ? 2 : 1);
  return startAgent(lab, host, {
    instances: [{ addresses: [`${VIP}/32`], priority }],
    more: {
      http: { listen: `${host.address}:9112` },
      peer_link: {
        source: host.address,
        key: KEY,
        directors: [{ name: other.name, address: other.address }],
      },
    },
  });
}

describe.skipIf(lacks('prometheus', 'curl'))('the dashboard', () => {
  const labs = useLabs();

  test('shows every panel with the right values through a failover', async () => {
    const lab = await labs.up(2);
    writeFileSync(lab.path('sample'), await sampleMetrics(1_000, 0));
    const args = ['-e', SERVER, lab.path('sample')];
    await lab.spawn(lab.client, process.execPath, args, { label: 'sample', log: true });
    const first = await startDirector(lab, 1, 150);
    await waitFor('lb1 MASTER', async () => (await first.state()) === 'MASTER');
    const second = await startDirector(lab, 2, 100);
    await second.ready();
    const prometheus = await Prometheus.start(lab);
    const isAsExpected = async (when: PanelValues['when']) => {
      let left: string[] = [];
      for (let attempt = 0; attempt < 12; attempt++) {
        if (when === 'after') {
          // One takeover after another, so that every window has some.
          const [served, lost] = [1_100 + 100 * attempt, 5 + 5 * attempt];
          writeFileSync(lab.path('sample'), await sampleMetrics(served, lost));
        }
        await sleep(1_500);
        left = await deviations(prometheus, when);
        if (left.length === 0) break;
      }
      expect(left).toEqual([]);
    };
    await sleep(3_000);
    await isAsExpected('before');
    for (const { name, series, of } of VARIABLES) {
      const choices = await prometheus.ask(`label/${of}/values`, { 'match[]': textOf(series) });
      expect([name, choices]).toEqual([name, expect.arrayContaining([expect.any(String)])]);
    }

    await first.kill();
    await waitFor('lb2 MASTER', async () => (await second.state()) === 'MASTER');
    await sleep(4_000);
    await isAsExpected('after');
  });
});
