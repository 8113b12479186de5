import { describe, expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { instant } from '../../../src/net/time.ts';
import { AgentModel } from '../../../src/observe/model.ts';
import { anchoredWallClock } from '../../../src/observe/wall-clock.ts';
import { CounterTable, countersLength } from '../../../src/protocol/engine/counters.ts';
import { AT, settingsOf, transition, viewOf } from './samples.ts';

function modelOf(names: string[], historyLimit?: number) {
  const counters = new CounterTable(new Float64Array(countersLength(names.length)));
  const model = new AgentModel({
    version: '0.1.0',
    pid: 812,
    startedAt: new Date('2026-03-01T09:00:00Z'),
    settings: settingsOf(...names),
    counters,
    wallClock: anchoredWallClock({
      instant: instant(1_000_000),
      at: new Date('2026-03-01T09:00:01Z'),
    }),
    ...(historyLimit === undefined ? {} : { historyLimit }),
  });
  return { model, counters };
}

describe('the status document', () => {
  test('FR-O12 names the agent where it holds itself back, and no other', () => {
    const { model } = modelOf(['web']);
    const view = viewOf('web');
    const heldBackBy = () => model.status().instances[0]?.held_back?.by;
    model.apply({ kind: 'view', view: { ...view, heldBack: true } }, AT);
    expect(heldBackBy()).toBe('unknown');
    const { lastTransition } = view;
    if (lastTransition === null) throw new Error('the sample has a transition');
    for (const cause of ['unheard', 'cut-off'] as const) {
      const own = { ...lastTransition, cause };
      model.apply({ kind: 'view', view: { ...view, heldBack: true, lastTransition: own } }, AT);
      expect(heldBackBy()).toBe('vrrp-agent');
    }
  });

  test('has the shape that other programs rely on', () => {
    const { model } = modelOf(['web']);
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    const { counters, ietf_vrrp: _, ...instance } = model.status().instances[0] ?? {};
    expect(instance).toEqual({
      name: 'web',
      state: 'MASTER',
      releasing: false,
      since: '2026-03-01T09:00:05.000Z',
      faults: [],
      interface: 'eth0',
      vrf: null,
      virtual_mac: null,
      family: 'ipv4',
      vrid: 1,
      version: 3,
      priority: { configured: 150, effective: 140, override: null },
      addresses: ['203.0.113.100/32'],
      master: { address: '192.0.2.11', priority: 140, interval_ms: 1_000 },
      maintenance: null,
      held_back: null,
      awaiting_table: false,
      last_transition: {
        from: 'BACKUP',
        to: 'MASTER',
        at: '2026-03-01T09:00:05.000Z',
        event: 'master-timeout',
        cause: 'master-silent',
        reason: 'no advertisement for 3.414s',
      },
      group: null,
      tracks: [],
    });
    expect(counters).toMatchObject({ 'advertisement-rcvd': 0, 'master-transitions': 0 });
    expect(model.status()).toMatchObject({
      router: 'lb1',
      version: '0.1.0',
      pid: 812,
      started_at: '2026-03-01T09:00:00.000Z',
    });
  });

  test('has the leaves of RFC 8347 under their own names and in their units (K-01)', () => {
    const { model, counters } = modelOf(['web', 'mail']);
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    counters.add(1, 'advertisement-sent', 7);
    counters.add(1, 'checksum-errors', 2);
    counters.add(0, 'vrid-errors', 3);
    const { instances, ietf_vrrp: router } = model.status();
    expect(instances[0]?.ietf_vrrp).toMatchObject({
      state: 'master',
      'is-owner': false,
      'up-datetime': '2026-03-01T09:00:04.000Z',
      'master-down-interval': 341,
      'skew-time': 414_000,
      'last-event': 'vrrp-event-master-timeout',
      'new-master-reason': 'no-response',
      statistics: {
        'discontinuity-datetime': '2026-03-01T09:00:00.000Z',
        'advertisement-sent': 7,
        'advertisement-rcvd': 0,
      },
    });
    expect(instances[1]?.ietf_vrrp).toMatchObject({
      state: 'initialize',
      'last-event': 'vrrp-event-none',
      'new-master-reason': 'not-master',
    });
    expect(router).toEqual({
      'virtual-routers': 2,
      interfaces: 1,
      statistics: {
        'discontinuity-datetime': '2026-03-01T09:00:00.000Z',
        'checksum-errors': 2,
        'version-errors': 0,
        'vrid-errors': 3,
        'ip-ttl-errors': 0,
      },
    });
  });

  test('shows which MASTER a BACKUP last heard, and only event names of RFC 8347', () => {
    const { model } = modelOf(['web']);
    const lastTransition = { ...viewOf('web').lastTransition, event: 'stall' };
    const view = { ...viewOf('web', { state: 'BACKUP' }), lastTransition } as const;
    model.apply({ kind: 'view', view: view as ReturnType<typeof viewOf> }, AT);
    expect(model.status().instances[0]?.ietf_vrrp).toMatchObject({
      state: 'backup',
      'last-adv-source': '192.0.2.11',
      'last-event': 'vrrp-event-none',
    });
  });

  test('shows an instance as INIT before its first report', () => {
    const { model } = modelOf(['web']);
    expect(model.status().instances[0]).toMatchObject({
      state: 'INIT',
      since: '2026-03-01T09:00:00.000Z',
      priority: { configured: 150, effective: 150, override: null },
      addresses: ['203.0.113.100/32'],
      master: null,
      last_transition: null,
    });
  });

  test('reads each counter from the row of its instance, and the others from the global row', () => {
    const { model, counters } = modelOf(['web', 'mail']);
    counters.add(0, 'vrid-errors');
    counters.add(2, 'advertisement-rcvd');
    const status = model.status();
    expect(status.counters['vrid-errors']).toBe(1);
    expect(status.instances.map((one) => one.counters['advertisement-rcvd'])).toEqual([0, 1]);
  });

  test('keeps the order of the configuration, whichever instance reports first', () => {
    const { model } = modelOf(['web', 'mail']);
    model.apply({ kind: 'view', view: viewOf('mail') }, AT);
    expect(model.status().instances.map((one) => one.name)).toEqual(['web', 'mail']);
  });

  test('ignores an instance that is not configured', () => {
    const { model } = modelOf(['web']);
    model.apply({ kind: 'view', view: viewOf('other') }, AT);
    expect(model.status().instances.map((one) => one.name)).toEqual(['web']);
  });

  test('follows the configuration: names, order, counter rows and removed instances', () => {
    const { model, counters } = modelOf(['web', 'mail', 'ftp']);
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    counters.add(1, 'advertisement-rcvd', 7);
    model.replace(settingsOf('new', 'shop'), new Map([['shop', 'web']]));
    const rows = () => model.status().instances;
    expect(rows().map(({ name }) => name)).toEqual(['new', 'shop', 'mail', 'ftp']);
    expect(rows().map(({ counters: of }) => of['advertisement-rcvd'])).toEqual([0, 7, 0, 0]);
    model.apply({ kind: 'view', view: viewOf('new', { row: 2 }) }, AT);
    counters.add(2, 'advertisement-rcvd', 3);
    expect(rows()[0]?.counters['advertisement-rcvd']).toBe(3);
    for (const instance of ['mail', 'ftp', 'new']) {
      model.apply({ kind: 'instance-removed', instance }, AT);
    }
    expect(rows().map(({ name }) => name)).toEqual(['new', 'shop']);
  });

  test('is available in parts: the states of all instances, and one instance', () => {
    const { model } = modelOf(['web', 'mail']);
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    expect([...model.states()]).toEqual([
      ['web', 'MASTER'],
      ['mail', 'INIT'],
    ]);
    expect(model.instance('web')).toEqual(model.status().instances[0]);
    expect(model.instance('ftp')).toBeUndefined();
  });

  test('survives JSON', () => {
    const { model } = modelOf(['web']);
    model.apply({ kind: 'view', view: viewOf('web', { releasing: true }) }, AT);
    expect(JSON.parse(JSON.stringify(model.status()))).toEqual(model.status());
  });
});

describe('the history', () => {
  test('numbers events and keeps their times', () => {
    const { model } = modelOf(['web']);
    model.apply(transition('web'), AT);
    expect(model.eventsAfter(0)).toEqual([
      {
        seq: 1,
        at: '2026-03-01T10:00:00.250Z',
        kind: 'transition',
        instance: 'web',
        from: 'BACKUP',
        to: 'MASTER',
        event: 'master-timeout',
        cause: 'master-silent',
        reason: 'no advertisement for 3.414s',
        priority: 140,
        message: 'BACKUP to MASTER: no advertisement for 3.414s',
        notification: 'vrrp-new-master-event',
      },
    ]);
  });

  test('does not record a changed row as an event', () => {
    const { model } = modelOf(['web']);
    model.apply({ kind: 'view', view: viewOf('web') }, AT);
    expect(model.eventsAfter(0)).toEqual([]);
  });

  test('drops the oldest events, and the numbers show it', () => {
    const { model } = modelOf(['web'], 2);
    for (let i = 0; i < 5; i++) model.apply(transition('web'), AT);
    expect(model.eventsAfter(0).map((event) => event.seq)).toEqual([4, 5]);
    expect(model.eventsAfter(4).map((event) => event.seq)).toEqual([5]);
    expect(model.eventsAfter(5)).toEqual([]);
  });

  test('returns everything for a number from a previous run', () => {
    const { model } = modelOf(['web']);
    model.apply(transition('web'), AT);
    expect(model.eventsAfter(900).map((event) => event.seq)).toEqual([1]);
  });

  test('calls subscribers until they unsubscribe', () => {
    const { model } = modelOf(['web']);
    const heard: number[] = [];
    const stop = model.subscribe((event) => heard.push(event.seq));
    model.apply(transition('web'), AT);
    stop();
    model.apply(transition('web'), AT);
    expect(heard).toEqual([1]);
  });

  test('shows the errno of a refused address operation, and the explanation of the kernel', () => {
    const { model } = modelOf(['web']);
    const address = ip('203.0.113.100');
    const failed = { kind: 'address-failed', instance: 'web', address, operation: 'add' } as const;
    model.apply({ ...failed, errno: 13, text: undefined }, AT);
    model.apply({ ...failed, errno: 22, text: 'Invalid prefix length' }, AT);
    expect(model.eventsAfter(0)).toMatchObject([
      {
        errno: 'EACCES',
        detail: null,
        message: 'the kernel refused to add 203.0.113.100: EACCES',
      },
      {
        errno: 'EINVAL',
        detail: 'Invalid prefix length',
        message: 'the kernel refused to add 203.0.113.100: EINVAL (Invalid prefix length)',
      },
    ]);
  });
});
