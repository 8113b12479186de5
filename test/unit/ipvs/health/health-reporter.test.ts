import { describe, expect, test } from 'vitest';
import { formatEndpoint } from '../../../../src/net/endpoint.ts';
import { healthRig, server, service, tcpCheck, weightProbe } from './health-rig.ts';

const FIRST = server(11);
const SECOND = server(12);
const ABOUT_FIRST = { service: 'web', server: '10.0.0.11:80' };
const MINUTE = 60_000;

/** Checked servers that can all be brought down. */
function manyServers(count: number) {
  const servers = Array.from({ length: count }, (_, at) => server(at + 1));
  const rig = healthRig([service(servers, { fallback: server(200) })]);
  const setAll = (up: boolean) => {
    for (const one of servers) rig.result(tcpCheck(one), up);
  };
  return { ...rig, setAll };
}

function weighed() {
  const probe = weightProbe(FIRST);
  const web = service([FIRST], { checks: {}, weights: { [formatEndpoint(FIRST)]: probe } });
  const rig = healthRig([web]);
  const weigh = (weight: number, after = 2_000) => {
    rig.clock.now += after;
    rig.result(probe, true, weight);
    rig.health.sweep();
  };
  return { ...rig, weigh, fail: () => rig.result(probe, false) };
}

describe('a server has an event', () => {
  test('when it is down from the start, but not when it is up from the start', () => {
    const rig = healthRig([service([FIRST, SECOND])]);
    rig.result(tcpCheck(FIRST), false);
    rig.result(tcpCheck(SECOND), true);
    expect(rig.events.map(({ kind }) => kind)).toEqual(['ipvs-server-down']);
  });

  test('without a weight when it is down and removed from the table', () => {
    const rig = healthRig([service([FIRST, SECOND], { onFailure: 'remove' })]);
    rig.result(tcpCheck(FIRST), false);
    expect(rig.events).toEqual([
      { kind: 'ipvs-server-down', ...ABOUT_FIRST, weight: null, result: 'ECONNREFUSED' },
    ]);
  });

  test('when it was down and comes up with another check, or without one', () => {
    const rig = healthRig([service([FIRST, SECOND])]);
    rig.result(tcpCheck(FIRST), false);
    rig.result(tcpCheck(SECOND), false);
    rig.events.length = 0;
    const other = { ...tcpCheck(FIRST), fall: 9 };
    rig.health.want([service([FIRST, SECOND], { checks: { [formatEndpoint(FIRST)]: [other] } })]);
    rig.result(other, true);
    expect(rig.events.filter(({ kind }) => kind === 'ipvs-server-up')).toEqual([
      expect.objectContaining({ server: '10.0.0.12:80', result: 'it is no longer checked' }),
      expect.objectContaining({ server: '10.0.0.11:80', result: 'connected' }),
    ]);
  });

  test('when it left the configuration while it was down, and again when it is back', () => {
    const rig = healthRig([service([FIRST, SECOND])]);
    rig.result(tcpCheck(FIRST), false);
    rig.health.want([service([SECOND])]);
    rig.health.want([service([FIRST, SECOND])]);
    rig.result(tcpCheck(FIRST), false);
    expect(rig.events.map(({ kind }) => kind)).toEqual([
      ...['ipvs-server-down', 'ipvs-removed', 'ipvs-server-down'],
    ]);
    expect(rig.events[1]).toEqual({ kind: 'ipvs-removed', ...ABOUT_FIRST });
  });
});

describe('a service has an event', () => {
  test('when it left the configuration while it was down', () => {
    const rig = healthRig([service([FIRST])]);
    rig.result(tcpCheck(FIRST), false);
    rig.health.want([]);
    expect(rig.events.slice(2)).toEqual([
      { kind: 'ipvs-removed', ...ABOUT_FIRST },
      { kind: 'ipvs-removed', service: 'web', server: null },
    ]);
  });

  test('when its fallback is used, and when it no longer is', () => {
    const rig = healthRig([service([FIRST], { fallback: server(99) })]);
    rig.result(tcpCheck(FIRST), false);
    rig.result(tcpCheck(FIRST), true);
    const about = { service: 'web', server: '10.0.0.99:80' };
    expect(rig.events.filter(({ kind }) => kind.startsWith('ipvs-fallback'))).toEqual([
      { kind: 'ipvs-fallback-on', ...about },
      { kind: 'ipvs-fallback-off', ...about },
    ]);
  });

  test('not because it has no servers', () => {
    const { events, notified } = healthRig([service([], { fallback: server(99) })]);
    expect([...events, ...notified]).toEqual([]);
  });

  test('when no server serves it, and when one does again', () => {
    const rig = healthRig([service([FIRST, SECOND])]);
    for (const up of [false, true]) {
      rig.result(tcpCheck(FIRST), up);
      rig.result(tcpCheck(SECOND), up);
    }
    expect(rig.events.map(({ kind }) => kind)).toEqual([
      'ipvs-server-down',
      'ipvs-server-down',
      'ipvs-service-down',
      'ipvs-server-up',
      'ipvs-service-up',
      'ipvs-server-up',
    ]);
  });
});

describe('when very many servers fail', () => {
  test('the first have events, the others are kept, and the service always has its event', () => {
    const { setAll, events, kept } = manyServers(100);
    setAll(false);
    expect(events.filter(({ kind }) => kind === 'ipvs-server-down')).toHaveLength(20);
    expect(kept).toHaveLength(80);
    expect(events.at(-1)?.kind).toBe('ipvs-fallback-on');
  });

  test('each of them is notified, the servers before their service', () => {
    const { setAll, notified } = manyServers(100);
    setAll(false);
    expect(notified.filter(({ server: one, isUp }) => one !== undefined && !isUp)).toHaveLength(
      100,
    );
    expect(notified.at(-1)).toEqual({
      ...{ service: 'web', key: service([]).service.key, server: undefined, isUp: false },
      ...{ weight: 0, reason: 'the servers have weight 0, 1 needed' },
    });
    setAll(true);
    expect(notified.slice(101, 103)).toMatchObject([
      { server: { address: '10.0.0.1', port: 80 }, isUp: true, weight: 1, reason: 'connected' },
      { server: undefined, isUp: true, weight: 1 },
    ]);
    expect(notified).toHaveLength(202);
  });

  test('one event counts the others as soon as the budget allows', () => {
    const { setAll, events, clock, health } = manyServers(100);
    setAll(false);
    clock.now += 2_000;
    health.sweep();
    expect(events.at(-1)?.kind).toBe('ipvs-fallback-on');
    clock.now += 2_000;
    health.sweep();
    health.sweep();
    expect(events.at(-1)).toEqual({ kind: 'ipvs-left-out', count: 80 });
    expect(events.filter(({ kind }) => kind === 'ipvs-left-out')).toHaveLength(1);
  });

  test('that event is not delayed by more failures', () => {
    const { setAll, events, clock, health } = manyServers(100);
    setAll(false);
    clock.now += 4_000;
    setAll(true);
    health.sweep();
    expect(events.at(-1)).toEqual({ kind: 'ipvs-left-out', count: 180 });
  });

  test('the budget is full again a minute later', () => {
    const { setAll, events, kept, clock, health } = manyServers(10);
    setAll(false);
    setAll(true);
    expect(kept).toEqual([]);
    setAll(false);
    expect(kept).toHaveLength(10);
    clock.now += MINUTE;
    health.sweep();
    clock.now += MINUTE;
    events.length = 0;
    setAll(true);
    expect(events).toHaveLength(11);
  });
});

describe('a weight that follows the load', () => {
  test('has an event when it moved by a fifth, at most once a minute, with its current value', () => {
    const { weigh, events } = weighed();
    weigh(40);
    weigh(43, MINUTE);
    weigh(60);
    weigh(80);
    weigh(80, MINUTE);
    expect(events).toEqual([
      { kind: 'ipvs-weight', ...ABOUT_FIRST, from: 1, to: 40, result: 'connected' },
      { kind: 'ipvs-weight', ...ABOUT_FIRST, from: 40, to: 60, result: 'connected' },
      { kind: 'ipvs-weight', ...ABOUT_FIRST, from: 60, to: 80, result: 'connected' },
    ]);
  });

  test('has its event when the minute is over, even if it no longer changes', () => {
    const { weigh, events, clock, health } = weighed();
    weigh(40);
    weigh(10);
    expect(events).toHaveLength(1);
    clock.now += MINUTE;
    health.sweep();
    expect(events.at(-1)).toMatchObject({ kind: 'ipvs-weight', from: 40, to: 10 });
  });

  test('has an event when it becomes unknown, and when it is known again', () => {
    const { weigh, fail, events } = weighed();
    weigh(40);
    fail();
    fail();
    weigh(30);
    expect(events.slice(1)).toEqual([
      { kind: 'ipvs-weight-unknown', ...ABOUT_FIRST, weight: 1, result: 'ECONNREFUSED' },
      { kind: 'ipvs-weight-known', ...ABOUT_FIRST, weight: 30, result: 'connected' },
    ]);
  });

  test('leaves part of the budget to servers that fail', () => {
    const servers = Array.from({ length: 20 }, (_, at) => server(at + 1));
    const weights = Object.fromEntries(
      servers.map((one) => [formatEndpoint(one), weightProbe(one)]),
    );
    const rig = healthRig([service(servers, { weights })]);
    for (const one of servers) rig.result(weightProbe(one), true, 50);
    rig.health.sweep();
    expect(rig.events).toHaveLength(10);
    for (const one of servers) rig.result(tcpCheck(one), false);
    expect(rig.events.filter(({ kind }) => kind === 'ipvs-server-down')).toHaveLength(10);
  });
});
