import { describe, expect, test } from 'vitest';
import { ip } from '../../../../src/net/address.ts';
import { instant, seconds } from '../../../../src/net/time.ts';
import { METRICS } from '../../../../src/observe/metrics/metric-table.ts';
import { createMetrics } from '../../../../src/observe/metrics/metrics.ts';
import { AgentModel } from '../../../../src/observe/model.ts';
import { anchoredWallClock } from '../../../../src/observe/wall-clock.ts';
import {
  COUNTERS,
  CounterTable,
  countersLength,
} from '../../../../src/protocol/engine/counters.ts';
import { DISCARD_REASONS } from '../../../../src/protocol/engine/intake-reasons.ts';
import type { PeerProblem } from '../../../../src/protocol/engine/view.ts';
import {
  LATENESS_BOUNDS,
  LATENESS_LENGTH,
  LatenessHistogram,
} from '../../../../src/protocol/thread/lateness.ts';
import { AT, settingsOf, transition, viewOf } from '../samples.ts';

function agentOf(...names: string[]) {
  const counters = new CounterTable(new Float64Array(countersLength(names.length)));
  const lateness = new LatenessHistogram(new Float64Array(LATENESS_LENGTH));
  const model = new AgentModel({
    version: '0.1.0',
    pid: 812,
    startedAt: AT,
    settings: {
      ...settingsOf(...names),
      // Only with a peer link are its refusals shown.
      peerLink: {
        source: ip('198.51.100.139'),
        port: 8843,
        heartbeat: seconds(0.1),
        directors: [{ name: 'lb2', address: ip('198.51.100.140') }],
        services: 0,
      },
    },
    counters,
    wallClock: anchoredWallClock({ instant: instant(0), at: new Date('2026-03-01T09:00:00Z') }),
  });
  const metrics = createMetrics({
    status: () => model.status(),
    lastTransitionAt: (instance) => model.lastTransitionAt(instance),
    subscribe: (listener) => model.subscribe(listener),
    lateness: { bounds: LATENESS_BOUNDS, read: () => lateness.read() },
  });
  const lines = async (start: string) =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(start));
  return { counters, lateness, model, metrics, lines };
}

describe('the metrics', () => {
  test('say what an instance has from the witness, if it has one', async () => {
    const { model, lines } = agentOf('web', 'mail');
    const witness = { right: 'held', holds: true, holder: 'lb1', until: null } as const;
    model.apply({ kind: 'view', view: { ...viewOf('web'), witness } }, AT);
    model.apply({ kind: 'view', view: viewOf('mail') }, AT);
    expect(await lines('vrrp_witness_')).toEqual([
      'vrrp_witness_holds{instance="web"} 1',
      'vrrp_witness_right{instance="web",right="peers"} 0',
      'vrrp_witness_right{instance="web",right="held"} 1',
      'vrrp_witness_right{instance="web",right="went-on"} 0',
      'vrrp_witness_right{instance="web",right="none"} 0',
    ]);
  });

  test('have a series for each state of an instance, one of which is 1', async () => {
    const { model, lines } = agentOf('web');
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    const labels = 'instance="web",vrid="1",family="ipv4",interface="eth0"';
    expect(await lines('vrrp_instance_state')).toEqual([
      `vrrp_instance_state{${labels},state="INIT"} 0`,
      `vrrp_instance_state{${labels},state="BACKUP"} 0`,
      `vrrp_instance_state{${labels},state="MASTER"} 1`,
      `vrrp_instance_state{${labels},state="FAULT"} 0`,
    ]);
  });

  test('identify the agent and show its priority', async () => {
    const { model, lines } = agentOf('web');
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    expect(await lines('vrrp_agent_info')).toEqual([
      'vrrp_agent_info{router="lb1",version="0.1.0"} 1',
    ]);
    expect(await lines('vrrp_priority_effective')).toEqual([
      'vrrp_priority_effective{instance="web"} 140',
    ]);
  });

  test('show the time of the last transition, and nothing before the first', async () => {
    const { model, lines } = agentOf('web', 'mail');
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    expect(await lines('vrrp_last_transition')).toEqual([
      `vrrp_last_transition_timestamp_seconds{instance="web"} ${Date.parse('2026-03-01T09:00:05Z') / 1_000}`,
    ]);
  });

  test('count transitions by previous and new state', async () => {
    const { model, lines } = agentOf('web', 'mail');
    model.apply(transition('web'), AT);
    model.apply(transition('web'), AT);
    model.apply(transition('mail', 'FAULT'), AT);
    const moved = (await lines('vrrp_transitions_total')).filter((line) => !line.endsWith(' 0'));
    expect(moved).toEqual([
      'vrrp_transitions_total{instance="web",from="BACKUP",to="MASTER"} 2',
      'vrrp_transitions_total{instance="mail",from="BACKUP",to="FAULT"} 1',
    ]);
  });

  test('begin at zero, so that the first transition is an increase', async () => {
    const { lines } = agentOf('web');
    expect(await lines('vrrp_transitions_total')).toHaveLength(12);
    const reasons = await lines('vrrp_discarded_total{instance="web"');
    expect(reasons.every((line) => line.endsWith(' 0'))).toBe(true);
    expect(reasons).toContain('vrrp_discarded_total{instance="web",reason="checksum-error"} 0');
  });

  test('read the shared counters when scraped', async () => {
    const { counters, lines } = agentOf('web', 'mail');
    counters.add(2, 'advertisement-sent');
    counters.add(2, 'advertisement-sent');
    counters.add(1, 'dual-master-seconds', 0.25);
    counters.add(1, 'dual-master-seconds', 1);
    expect(await lines('vrrp_advertisements_sent_total')).toEqual([
      'vrrp_advertisements_sent_total{instance="web"} 0',
      'vrrp_advertisements_sent_total{instance="mail"} 2',
    ]);
    expect(await lines('vrrp_dual_master_seconds_total{instance="web"}')).toEqual([
      'vrrp_dual_master_seconds_total{instance="web"} 1.25',
    ]);
  });

  test('FR-F3 count the problems with peers, and none where there are none', async () => {
    const { model, lines } = agentOf('web', 'mail');
    const problem: PeerProblem = {
      ...{ peer: ip('192.0.2.12'), since: instant(5_000_000), code: 'version-error' as const },
      ...{ heard: '2', expected: '3', freeVrid: null },
    };
    model.apply({ kind: 'view', view: { ...viewOf('web'), problems: [problem] } }, AT);
    const of = (instance: string, code: string) =>
      lines(`vrrp_peer_problems{instance="${instance}",problem="${code}"}`);
    expect(await of('web', 'version-error')).toEqual([expect.stringMatching(/ 1$/)]);
    expect(await of('web', 'vrid-shared')).toEqual([expect.stringMatching(/ 0$/)]);
    expect(await of('mail', 'version-error')).toEqual([expect.stringMatching(/ 0$/)]);
    expect(model.status().instances[0]?.peer_problems).toEqual([
      {
        ...{ peer: '192.0.2.12', code: 'version-error', heard: '2', expected: '3' },
        ...{ free_vrid: null, since: expect.any(String) },
        message: expect.stringContaining('set the same "version" on both'),
      },
    ]);
  });

  test('accumulate what was counted since the last scrape', async () => {
    const { counters, lines } = agentOf('web');
    const seconds = [];
    for (const added of [0.1, 0.2, 0, 1e6]) {
      counters.add(1, 'dual-master-seconds', added);
      counters.add(1, 'advertisement-sent');
      seconds.push(...(await lines('vrrp_dual_master_seconds_total{')));
    }
    const series = 'vrrp_dual_master_seconds_total{instance="web"}';
    const totals = [0.1, 0.1 + 0.2, 0.1 + 0.2, 0.1 + 0.2 + 1e6];
    expect(seconds).toEqual(totals.map((total) => `${series} ${total}`));
    expect(await lines('vrrp_advertisements_sent_total')).toEqual([
      'vrrp_advertisements_sent_total{instance="web"} 4',
    ]);
  });

  test('follow a counter that restarted from zero, and drop series without a source', async () => {
    const { model, counters, lines } = agentOf('web', 'mail');
    counters.add(1, 'advertisement-sent', 5);
    counters.add(2, 'advertisement-sent', 7);
    expect(await lines('vrrp_advertisements_sent_total')).toHaveLength(2);
    counters.reset(1);
    counters.add(1, 'advertisement-sent', 3);
    model.replace(settingsOf('web'));
    model.apply({ kind: 'instance-removed', instance: 'mail' }, AT);
    expect(await lines('vrrp_advertisements_sent_total')).toEqual([
      'vrrp_advertisements_sent_total{instance="web"} 3',
    ]);
    expect((await lines('vrrp_')).filter((line) => line.includes('"mail"'))).toEqual([]);
  });

  test('count refused packets as discarded, but not accepted ones with a warning', async () => {
    const { counters, lines } = agentOf('web');
    counters.add(1, 'interval-errors');
    counters.add(1, 'interval-errors');
    counters.add(1, 'interval-discards');
    counters.add(0, 'vrid-errors');
    expect(await lines('vrrp_interval_errors_total{')).toEqual([
      'vrrp_interval_errors_total{instance="web"} 2',
    ]);
    expect((await lines('vrrp_discarded_total')).filter((line) => !line.endsWith(' 0'))).toEqual([
      'vrrp_discarded_total{instance="",reason="vrid-error"} 1',
      'vrrp_discarded_total{instance="web",reason="interval-error"} 1',
    ]);
  });

  test('have a histogram of lateness with cumulative buckets', async () => {
    const { lateness, lines } = agentOf('web');
    for (const microseconds of [10, 80, 90, 2_000_000]) lateness.add(microseconds);
    const found = await lines('vrrp_timer_lateness_seconds');
    expect(found).toHaveLength(LATENESS_BOUNDS.length + 3);
    expect(found).toEqual(
      expect.arrayContaining([
        'vrrp_timer_lateness_seconds_bucket{le="0.00005"} 1',
        'vrrp_timer_lateness_seconds_bucket{le="0.0001"} 3',
        'vrrp_timer_lateness_seconds_bucket{le="1"} 3',
        'vrrp_timer_lateness_seconds_bucket{le="+Inf"} 4',
        'vrrp_timer_lateness_seconds_sum 2.00018',
        'vrrp_timer_lateness_seconds_count 4',
      ]),
    );
  });

  test('have help and type once for each name', async () => {
    const { metrics } = agentOf('web');
    const text = await metrics.text();
    const typed = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(typed).toEqual([...METRICS.map(({ name }) => name), 'vrrp_timer_lateness_seconds']);
    expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  });

  test.each(COUNTERS)('show %s', async (name) => {
    const { counters, lines } = agentOf('web');
    const before = await lines('vrrp_');
    counters.add(0, name);
    counters.add(1, name);
    expect(await lines('vrrp_')).not.toEqual(before);
  });

  test('cover every reason for refusing a packet', async () => {
    const { lines } = agentOf('web');
    const text = (await lines('vrrp_discarded_total')).join();
    // A packet without addresses is an address-list-error here, as in RFC 8347.
    const expected = DISCARD_REASONS.filter((reason) => reason !== 'address-count-zero');
    expect(expected.filter((reason) => !text.includes(`reason="${reason}"`))).toEqual([]);
  });
});
