import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ServiceSettings } from '../../../../src/config/ipvs-settings.ts';
import {
  type ServiceHealth,
  serviceHealthDocument,
} from '../../../../src/ipvs/health/server-health.ts';
import { formatEndpoint } from '../../../../src/net/endpoint.ts';
import type { Server, ServiceKey } from '../../../../src/net/ipvs.ts';
import { probeName } from '../../../../src/net/probe.ts';
import { healthRig, server, service, tcpCheck, weightProbe } from './health-rig.ts';

const FIRST = server(11);
const SECOND = server(12, 3);
const SPARE = server(99);

function weights(rig: ReturnType<typeof healthRig>, settings: ServiceSettings) {
  return rig.health
    .serversOf(settings)
    .map((one: Server) => `${formatEndpoint(one)} ${one.weight}`);
}

describe('the servers of a service', () => {
  test('have their configured weights until there are results', () => {
    const web = service([FIRST, SECOND]);
    expect(weights(healthRig([web]), web)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
  });

  test('get no new connections while they are down, and an event says why', () => {
    const web = service([FIRST, SECOND]);
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), false);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0', '10.0.0.12:80 3']);
    expect(rig.changed).toEqual(['web']);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
    const about = { service: 'web', server: '10.0.0.11:80' };
    expect(rig.events).toEqual([
      { kind: 'ipvs-server-down', ...about, weight: 0, result: 'ECONNREFUSED' },
      { kind: 'ipvs-server-up', ...about, weight: 1, result: 'connected' },
    ]);
  });

  test('are removed from the table with `on_failure: remove`', () => {
    const web = service([FIRST, SECOND], { onFailure: 'remove' });
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), false);
    expect(weights(rig, web)).toEqual(['10.0.0.12:80 3']);
  });

  test('keep weight 0 after a restart until they are known to be up', () => {
    const web = service([FIRST, SECOND]);
    const rig = healthRig([web]);
    rig.health.recall(web, [server(11, 0), SECOND]);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0', '10.0.0.12:80 3']);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
  });

  test('FR-N10 stay out of the table after a restart until they are known to be up', () => {
    const web = service([FIRST, SECOND], { onFailure: 'remove' });
    const rig = healthRig([web]);
    rig.health.recall(web, [SECOND]);
    expect(weights(rig, web)).toEqual(['10.0.0.12:80 3']);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
  });

  test('FR-N10 stay out of the table when a reload replaces their check', () => {
    const web = service([FIRST, SECOND], { onFailure: 'remove' });
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), false);
    const checks = { [formatEndpoint(FIRST)]: [{ ...tcpCheck(FIRST), fall: 9 }] };
    const changed = service([FIRST, SECOND], { onFailure: 'remove', checks });
    rig.health.want([changed]);
    expect(weights(rig, changed)).toEqual(['10.0.0.12:80 3']);
  });

  test('FR-N10 that are new have their weight immediately, where those that fail stay in the table', () => {
    const web = service([FIRST, SECOND]);
    const rig = healthRig([web]);
    rig.health.recall(web, [FIRST]);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
  });

  test('FR-N13 keep the weight of a former run until the first reading', () => {
    const probe = weightProbe(FIRST);
    const web = service([FIRST], { weights: { [formatEndpoint(FIRST)]: probe } });
    const rig = healthRig([web]);
    rig.health.recall(web, [server(11, 40)]);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 40']);
    rig.result(probe, true, 70);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 70']);
  });

  test('FR-N13 keep their weight when a reload replaces the reading, until the first of the new', () => {
    const probe = weightProbe(FIRST);
    const web = service([FIRST], { weights: { [formatEndpoint(FIRST)]: probe } });
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), true);
    rig.result(probe, true, 40);
    const other = { ...probe, fall: 9 };
    const changed = service([FIRST], { weights: { [formatEndpoint(FIRST)]: other } });
    rig.health.want([changed]);
    expect(weights(rig, changed)).toEqual(['10.0.0.11:80 40']);
    rig.result(other, false);
    expect(weights(rig, changed)).toEqual(['10.0.0.11:80 1']);
  });

  test('FR-N10 stay out of service at a reload before the first check, though their load is known', () => {
    const load = weightProbe(FIRST);
    const web = service([FIRST], { weights: { [formatEndpoint(FIRST)]: load } });
    const rig = healthRig([web]);
    rig.health.recall(web, [server(11, 0)]);
    rig.result(load, true, 70);
    rig.health.want([web]);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0']);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 70']);
  });

  test('FR-N7 with several checks are up while all of them pass, and say which does not', () => {
    const ping = { ...tcpCheck(FIRST), kind: 'ping', address: FIRST.address } as const;
    const checks = { [formatEndpoint(FIRST)]: [tcpCheck(FIRST), ping] };
    const web = service([FIRST], { checks });
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), true);
    expect(rig.health.services()[0]?.count).toMatchObject({ healthy: 0, unknown: 1 });
    rig.result(ping, false);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0']);
    rig.result(ping, true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1']);
    rig.result(tcpCheck(FIRST), false);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0']);
    expect(rig.events.flatMap((one) => ('result' in one ? [one.result] : []))).toEqual([
      'ping: ECONNREFUSED',
      'ping: connected',
      'tcp: ECONNREFUSED',
    ]);
  });

  test('stay down when a reload replaces their check', () => {
    const web = service([FIRST, SECOND]);
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), false);
    const other = { ...tcpCheck(FIRST), fall: 9 };
    const changed = service([FIRST, SECOND], { checks: { [formatEndpoint(FIRST)]: [other] } });
    rig.health.want([changed]);
    expect(weights(rig, changed)).toEqual(['10.0.0.11:80 0', '10.0.0.12:80 3']);
    rig.result(other, true);
    expect(weights(rig, changed)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
  });

  test('follow their load as long as they report it', () => {
    const probe = weightProbe(FIRST);
    const web = service([FIRST], { weights: { [formatEndpoint(FIRST)]: probe } });
    const rig = healthRig([web]);
    rig.result(probe, true, 40);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 40']);
    rig.result(probe, false, 40);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1']);
  });

  test('are judged in each service that uses the same check', () => {
    const web = service([FIRST]);
    const shop = service([FIRST, SECOND], {}, 'shop');
    const rig = healthRig([web, shop]);
    rig.result(tcpCheck(FIRST), false);
    expect(rig.changed).toEqual(['web', 'shop']);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0']);
    expect(weights(rig, shop)).toEqual(['10.0.0.11:80 0', '10.0.0.12:80 3']);
  });
});

describe('the fallback', () => {
  test('is used while no server takes connections, and keeps its own until they have ended', () => {
    const web = service([FIRST], { fallback: SPARE });
    const rig = healthRig([web]);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1']);
    rig.result(tcpCheck(FIRST), false);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0', '10.0.0.99:80 1']);
    expect(rig.health.retiring).toEqual([]);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.99:80 0']);
    expect(rig.health.retiring).toEqual([web]);
    rig.health.retired(web);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1']);
  });

  const persistence = { seconds: 300, prefixLength: 32, engine: undefined };
  test.each([
    ['of a persistent service', { persistence }],
    ['of UDP', { key: { ...service([]).service.key, protocol: 'udp' } as ServiceKey }],
  ])('FR-N4 %s goes immediately: its clients would stay as long as they come', (_, more) => {
    const plain = service([FIRST], { fallback: SPARE });
    const web = { ...plain, service: { ...plain.service, ...more } };
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), false);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0', '10.0.0.99:80 1']);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1']);
    expect(rig.health.retiring).toEqual([]);
  });

  test.each([
    ['immediately', 'remove', {}, 'checked', []],
    ['immediately', 'remove', { expire_nodest_conn: '1' }, 'checked', []],
    ['after its connections', 'remove', { expire_nodest_conn: '0' }, 'checked', ['10.0.0.99:80 0']],
    ['after its connections', 'remove', {}, 'unchecked', ['10.0.0.99:80 0']],
    ['after its connections', 'quiesce', {}, 'checked', ['10.0.0.99:80 0']],
  ] as const)(
    'FR-N4 of a mark goes %s: on_failure %s, %j, %s',
    async (_, onFailure, sysctls, isChecked, left) => {
      const key: ServiceKey = { kind: 'mark', family: 'ipv4', mark: 7 };
      const unchecked = isChecked === 'checked' ? {} : { checks: {} };
      const plain = service([FIRST], { fallback: SPARE, onFailure, ...unchecked });
      const web = { ...plain, service: { ...plain.service, key } };
      const directory = mkdtempSync(join(tmpdir(), 'health-'));
      onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
      const rig = healthRig([web], directory);
      rig.health.want([web], sysctls);
      const about = { service: 'web', server: '10.0.0.11:80' };
      await rig.drains.add({ ...about, since: '', by: 'root' });
      rig.health.drainsChanged('web');
      expect(weights(rig, web)).toContain('10.0.0.99:80 1');
      await rig.drains.remove(about);
      rig.health.drainsChanged('web');
      expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', ...left]);
    },
  );

  test('FR-N15 keeps its connections when a reload renames the service', () => {
    const web = service([FIRST], { fallback: SPARE });
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), false);
    weights(rig, web);
    rig.result(tcpCheck(FIRST), true);
    const renamed = { ...web, name: 'shop' };
    rig.health.want([renamed]);
    expect(weights(rig, renamed)).toEqual(['10.0.0.11:80 1', '10.0.0.99:80 0']);
    expect(rig.health.retiring).toEqual([renamed]);
  });

  test('of a former run keeps its connections', () => {
    const web = service([FIRST], { fallback: SPARE });
    const rig = healthRig([web]);
    rig.health.recall(web, [FIRST, SPARE]);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.99:80 0']);
  });
});

describe('a quorum', () => {
  const THIRD = server(13);
  const quorum = { weight: 3, hysteresis: 1 };
  const web = service([FIRST, SECOND, THIRD], { fallback: SPARE, quorum });
  const all = ['10.0.0.11:80 1', '10.0.0.12:80 3', '10.0.0.13:80 1'];
  const none = ['10.0.0.11:80 0', '10.0.0.12:80 0', '10.0.0.13:80 0', '10.0.0.99:80 1'];

  test('that is lost gives new connections to the fallback, until it is reached again', () => {
    const rig = healthRig([web]);
    expect(weights(rig, web)).toEqual(all);
    rig.result(tcpCheck(FIRST), false);
    rig.result(tcpCheck(THIRD), false);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 0', '10.0.0.12:80 3', '10.0.0.13:80 0']);
    rig.result(tcpCheck(THIRD), true);
    rig.result(tcpCheck(SECOND), false);
    expect(weights(rig, web)).toEqual(none);
    rig.result(tcpCheck(FIRST), true);
    // Weight 2 of 3 keeps a quorum, but does not make one.
    expect(weights(rig, web)).toEqual(none);
    rig.result(tcpCheck(SECOND), true);
    expect(weights(rig, web)).toEqual([...all, '10.0.0.99:80 0']);
    const about = { service: 'web', needed: 4 };
    expect(rig.events.filter(({ kind }) => kind.startsWith('ipvs-quorum'))).toEqual([
      { kind: 'ipvs-quorum-lost', ...about, live: 1 },
      { kind: 'ipvs-quorum-reached', ...about, live: 5 },
    ]);
  });

  test('that is lost removes the servers with `on_failure: remove`', () => {
    const removing = service([FIRST, SECOND], { fallback: SPARE, quorum, onFailure: 'remove' });
    const rig = healthRig([removing]);
    rig.result(tcpCheck(SECOND), false);
    expect(weights(rig, removing)).toEqual(['10.0.0.99:80 1']);
  });

  test('without a fallback changes no weight, and is reported', () => {
    const plain = service([FIRST, SECOND], { quorum });
    const rig = healthRig([plain]);
    rig.result(tcpCheck(SECOND), false);
    expect(weights(rig, plain)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 0']);
    expect(rig.events.map(({ kind }) => kind)).toEqual(['ipvs-server-down', 'ipvs-quorum-lost']);
    expect(serviceHealthDocument(rig.health.services()[0] as ServiceHealth)).toMatchObject({
      quorum: { weight: 3, hysteresis: 1, live: 1, reached: false },
    });
  });

  test('that a former run lost is not reached by the weight that would have kept it', () => {
    const rig = healthRig([web]);
    rig.health.recall(web, [server(11, 0), server(12, 0), server(13, 0), SPARE]);
    rig.result(tcpCheck(SECOND), true);
    expect(weights(rig, web)).toEqual(none);
    rig.result(tcpCheck(FIRST), true);
    expect(weights(rig, web).slice(0, 2)).toEqual(all.slice(0, 2));
  });
});

describe('an instance that needs servers', () => {
  const web = service([FIRST, SECOND], { minimum: { count: 1, weight: undefined } });

  test('learns the first answer, and each change of it', () => {
    const rig = healthRig([web]);
    expect(rig.fed).toEqual([]);
    rig.result(tcpCheck(FIRST), false);
    expect(rig.fed).toEqual([]);
    rig.result(tcpCheck(SECOND), true);
    rig.result(tcpCheck(SECOND), false);
    expect(rig.fed).toEqual([
      {
        kind: 'probe.changed',
        probe: 'ipvs web',
        up: true,
        value: undefined,
        detail: '1 of 2 servers are healthy, 1 needed',
      },
      expect.objectContaining({ up: false, detail: '0 of 2 servers are healthy, 1 needed' }),
    ]);
  });

  test('learns the answer again when the service returns to the configuration', () => {
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), true);
    rig.health.want([]);
    rig.health.want([service([FIRST], { checks: {}, minimum: { count: 1, weight: undefined } })]);
    expect(rig.fed).toHaveLength(2);
  });

  test('has a reading for status', () => {
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), true);
    const result = '1 of 2 servers are healthy, 1 needed';
    expect(rig.health.minimumReading('ipvs web')).toMatchObject({ result, failures: 0 });
  });
});

describe('FR-N1 after a takeover', () => {
  const load = weightProbe(FIRST);
  const quorum = { weight: 3, hysteresis: 1 };
  const more = { weights: { [formatEndpoint(FIRST)]: load }, fallback: SPARE, quorum };
  const web = service([FIRST, SECOND, server(13)], more);

  /** As JSON, which is how it travels. */
  function successorOf(former: ReturnType<typeof healthRig>, services = [web]) {
    const snapshot = JSON.parse(JSON.stringify(former.health.capture()));
    return healthRig(services, undefined, snapshot);
  }

  function formerRig() {
    const former = healthRig([web]);
    former.result(tcpCheck(FIRST), false);
    former.result(tcpCheck(SECOND), true);
    former.result(tcpCheck(server(13)), true);
    former.result(load, true, 40);
    return former;
  }

  test('servers are what they were, and a failure counts as one of several', () => {
    const former = formerRig();
    const rig = successorOf(former);
    expect(weights(rig, web)).toEqual(weights(former, web));
    const states = rig.health.services()[0]?.servers.map(({ status }) => status);
    expect(states).toEqual(['down', 'up', 'up']);
    // The checker starts from these: a first result would decide alone.
    expect(rig.remembered.get(probeName(tcpCheck(SECOND)))).toMatchObject({ up: true });
    expect(rig.remembered.get(probeName(load))).toMatchObject({ up: true, value: 40 });
  });

  test('what was reported is not reported again, and what changes is', () => {
    const rig = successorOf(formerRig());
    rig.health.sweep();
    expect([rig.events, rig.notified]).toEqual([[], []]);
    rig.result(tcpCheck(FIRST), true);
    expect(rig.events).toMatchObject([{ kind: 'ipvs-server-up', server: '10.0.0.11:80' }]);
    expect(rig.notified).toMatchObject([{ isUp: true }]);
  });

  test('what is down stays down in the history', () => {
    const former = healthRig([service([FIRST, SECOND])]);
    former.result(tcpCheck(FIRST), false);
    const first = { kind: 'ipvs-server-down', server: '10.0.0.11:80', result: 'ECONNREFUSED' };
    const one = successorOf(former, [service([FIRST, SECOND])]);
    expect([one.events, one.notified]).toEqual([[], []]);
    expect(one.kept).toMatchObject([first]);
    former.result(tcpCheck(SECOND), false);
    const other = successorOf(former, [service([FIRST, SECOND])]);
    expect([other.events, other.notified]).toEqual([[], []]);
    expect(other.kept).toMatchObject([
      first,
      { kind: 'ipvs-server-down', server: '10.0.0.12:80' },
      { kind: 'ipvs-service-down', service: 'web' },
    ]);
  });

  test('what the new file breaks is reported', () => {
    const former = healthRig([service([FIRST, SECOND])]);
    former.result(tcpCheck(FIRST), false);
    former.result(tcpCheck(SECOND), true);
    const rig = successorOf(former, [service([FIRST])]);
    expect(rig.events).toMatchObject([{ kind: 'ipvs-service-down', service: 'web' }]);
    expect(rig.notified).toMatchObject([{ server: undefined, isUp: false }]);
    const heavier = service([FIRST, SECOND], { quorum: { weight: 9, hysteresis: 0 } });
    expect(successorOf(former, [heavier]).events).toMatchObject([{ kind: 'ipvs-quorum-lost' }]);
    expect(successorOf(former, []).events).toMatchObject([{ kind: 'ipvs-removed' }]);
  });

  test('a quorum between its bounds stays reached, or lost', () => {
    const former = formerRig();
    former.result(tcpCheck(FIRST), true);
    former.result(load, false);
    former.result(tcpCheck(server(13)), false);
    former.result(tcpCheck(FIRST), false);
    // Weight 3: 2 keep it, 4 make it.
    expect(weights(successorOf(former), web)).toEqual(weights(former, web));
    expect(former.health.services()[0]?.quorum.isReached).toBe(true);
    former.result(tcpCheck(SECOND), false);
    former.result(tcpCheck(SECOND), true);
    expect(former.health.services()[0]?.quorum.isReached).toBe(false);
    expect(weights(successorOf(former), web)).toEqual(weights(former, web));
  });

  test('a check that the new file changes is unknown', () => {
    const checks = { [formatEndpoint(FIRST)]: [{ ...tcpCheck(FIRST), fall: 9 }] };
    const changed = service([FIRST], { checks });
    const rig = successorOf(formerRig(), [changed]);
    expect(rig.health.services()[0]?.servers[0]?.status).toBe('unknown');
  });
});

test('commands of checks that wait too long are a problem until they no longer do', () => {
  const rig = healthRig([service([FIRST])]);
  rig.prober.wait = 2_500;
  rig.health.sweep();
  rig.health.sweep();
  expect(rig.lines).toEqual([expect.stringContaining('run later than their interval')]);
  rig.prober.wait = 0;
  rig.health.sweep();
  rig.prober.wait = 2_500;
  rig.health.sweep();
  expect(rig.lines).toHaveLength(2);
});

describe('FR-O11 servers whose checks have had no result for long', () => {
  const web = service([FIRST, SECOND], { minimum: { count: 1, weight: undefined } });

  test('are unknown, keep their weights, and take no instance out of service', () => {
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), true);
    rig.result(tcpCheck(SECOND), false);
    const before = [weights(rig, web), rig.fed.length, rig.events.length];
    for (const one of [FIRST, SECOND]) rig.health.lost(probeName(tcpCheck(one)));
    expect([weights(rig, web), rig.fed.length, rig.events.length]).toEqual(before);
    const states = rig.health.services()[0]?.servers.map(({ status }) => status);
    expect(states).toEqual(['unknown', 'unknown']);
  });

  test('follow the next result', () => {
    const rig = healthRig([web]);
    rig.result(tcpCheck(FIRST), true);
    rig.result(tcpCheck(SECOND), false);
    rig.health.lost(probeName(tcpCheck(SECOND)));
    rig.result(tcpCheck(SECOND), true);
    expect(weights(rig, web)).toEqual(['10.0.0.11:80 1', '10.0.0.12:80 3']);
  });

  test('keep the weight that follows their load', () => {
    const load = weightProbe(FIRST);
    const rig = healthRig([service([FIRST], { weights: { '10.0.0.11:80': load } })]);
    rig.result(load, true, 40);
    rig.health.lost(probeName(load));
    expect(rig.health.services()[0]?.servers[0]?.weight).toBe(40);
  });

  test.each([
    ['quiesce', ['10.0.0.11:80 0', '10.0.0.12:80 3']],
    ['remove', ['10.0.0.12:80 3']],
  ] as const)(
    'stay out of service with `on_failure: %s` though their load is known',
    (onFailure, kept) => {
      const load = weightProbe(FIRST);
      const health = { onFailure, weights: { '10.0.0.11:80': load } };
      const dead = service([FIRST, SECOND], health);
      const rig = healthRig([dead]);
      rig.result(load, true, 40);
      rig.result(tcpCheck(FIRST), false);
      for (const probe of [tcpCheck(FIRST), load, tcpCheck(SECOND)])
        rig.health.lost(probeName(probe));
      expect(weights(rig, dead)).toEqual(kept);
      rig.health.want([dead]);
      expect(weights(rig, dead)).toEqual(kept);
      rig.result(tcpCheck(FIRST), true);
      expect(weights(rig, dead)).toContain('10.0.0.11:80 40');
    },
  );

  test('cost no more than their own servers when all are lost at once', () => {
    const servers = Array.from({ length: 100 }, (_, index) => server(index + 1));
    const rig = healthRig([service(servers), service(servers.slice(50), {}, 'shop')]);
    const read = vi.spyOn(rig.prober, 'reading');
    for (const one of servers) rig.health.lost(probeName(tcpCheck(one)));
    expect(read.mock.calls.length).toBeLessThanOrEqual(2 * 150);
  });
});
