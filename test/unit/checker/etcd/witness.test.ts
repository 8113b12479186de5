import { afterEach, describe, expect, test } from 'vitest';
import { seconds } from '../../../../src/net/time.ts';
import { FakeCluster, FakeMember } from './fake-etcd.ts';
import { ACQUIRE, KEY, ownerOf, type Rig, rigIn, rigOf } from './rig.ts';

const RENEW = { type: 'renew', ttl: seconds(5) } as const;

let open: Rig | undefined;

async function rig(...given: Parameters<typeof rigOf>): Promise<Rig> {
  open = await rigOf(...given);
  return open;
}

afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function inspecting() {
  const made = await rig();
  let id = 0;
  const inspect = async (removes: string | null) => {
    const own = ++id;
    await made.witness.inspect({ kind: 'witness-inspect', id: own, instance: 'web', removes });
    return made.until('witness-inspected', (one) => one.id === own);
  };
  return { ...made, inspect };
}

describe('the key of an instance', () => {
  test('is taken if nothing has it, with a lease of the ttl', async () => {
    const { ask, cluster } = await rig();
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    const stored = cluster.keys.get(KEY);
    expect(cluster.leases.get(stored?.lease ?? '')).toBe(5);
    const value = JSON.parse(Buffer.from(stored?.value ?? '', 'base64').toString());
    expect(value).toMatchObject({ program: 'vrrp-agent', director: 'lb1', router: 'ipv4 55' });
  });

  test('of another director is refused, and nothing is left in etcd', async () => {
    const { ask, cluster, until, members } = await rig();
    cluster.put(KEY, ownerOf('lb2'));
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb2' });
    await until('witness-condition');
    await expect.poll(() => cluster.leases.size).toBe(0);
    const writes = () => members[0]?.asked.filter((path) => path === '/v3/lease/grant').length;
    const before = writes();
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb2' });
    expect(writes()).toBe(before);
  });

  test('with a value of another program is refused, and that is said', async () => {
    const { ask, cluster, another } = await rig();
    cluster.put(KEY, Buffer.from('{"leader":"x"}').toString('base64'));
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: null });
    const other = another();
    const { condition } = await other.until('witness-condition');
    other.witness.close();
    expect(condition.problems).toEqual([
      expect.stringMatching(/the key \/pair\/web is of another program, .*etcdctl del \/pair\/web/),
    ]);
  });

  test('of an earlier process of this host is taken over, with a new lease', async () => {
    const { ask, cluster, another } = await rig();
    await ask(ACQUIRE);
    const former = cluster.keys.get(KEY)?.lease;
    const next = another();
    expect(await next.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(cluster.keys.get(KEY)?.lease).not.toBe(former);
    next.witness.close();
  });

  test('is taken over one connection, and renewed over another: a round trip saved for each question', async () => {
    const { ask, members, until } = await rig();
    const [member] = members;
    await until('witness-condition');
    const before = member?.connections ?? 0;
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(member?.connections).toBe(before + 1);
    expect(await ask({ type: 'renew', ttl: seconds(5) })).toEqual({ outcome: 'renewed' });
    expect(member?.connections).toBe(before + 2);
  });

  test('of another host with the same name is refused, and that is said', async () => {
    const { ask, cluster, another } = await rig();
    cluster.put(KEY, ownerOf('lb1', { host: 'another' }));
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb1' });
    const other = another();
    const { condition } = await other.until('witness-condition');
    other.witness.close();
    expect(condition.problems.join()).toMatch(/another host, or of an earlier boot/);
  });

  test('is taken by the attempt whose answer was lost', async () => {
    const { ask, cluster, members } = await rig(2);
    const [first] = members;
    // The first member takes it, and its answer never arrives; the second one is asked as well.
    first?.faults.set('/v3/kv/txn', { hang: true });
    const asked = ask(ACQUIRE);
    await expect.poll(() => first?.asked.includes('/v3/kv/txn')).toBe(true);
    const [lease = ''] = cluster.leases.keys();
    cluster.put(KEY, ownerOf('lb1', { host: 'host-1' }), lease);
    expect(await asked).toEqual({ outcome: 'acquired' });
    expect(cluster.keys.get(KEY)?.lease).toBe(lease);
  });

  test('is renewed, together with those of other instances', async () => {
    const { witness, ask, members, until } = await rig();
    await ask(ACQUIRE);
    await ask(ACQUIRE, 'mail');
    const before = members[0]?.asked.length ?? 0;
    witness.request({ id: 71, instance: 'web', ask: RENEW });
    witness.request({ id: 72, instance: 'mail', ask: RENEW });
    const answers = await Promise.all(
      [71, 72].map((id) => until('witness-answer', (one) => one.id === id)),
    );
    expect(answers.map(({ answer }) => answer.outcome)).toEqual(['renewed', 'renewed']);
    const asked = members[0]?.asked.slice(before);
    expect(asked).toEqual(['/v3/lease/grant', '/v3/kv/txn', '/v3/kv/txn']);
  });

  test('is renewed with a new lease each time, so that the end of an old one has no effect', async () => {
    const { ask, cluster } = await rig();
    await ask(ACQUIRE);
    const first = cluster.keys.get(KEY)?.lease ?? '';
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
    cluster.expire(first);
    expect(cluster.keys.has(KEY)).toBe(true);
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
  });

  test('has a lease of the ttl that is asked for, which a reload may have changed since', async () => {
    const { ask, witness, cluster, until } = await rig(1, { ttlSeconds: 2 });
    const ttlOf = (instance: string) => {
      const key = Buffer.from(`/pair/${instance}`).toString('base64');
      return cluster.leases.get(cluster.keys.get(key)?.lease ?? '');
    };
    await ask({ type: 'acquire', ttl: seconds(7) });
    await ask({ type: 'acquire', ttl: seconds(3) }, 'mail');
    expect([ttlOf('web'), ttlOf('mail')]).toEqual([7, 3]);
    witness.request({ id: 81, instance: 'web', ask: { type: 'renew', ttl: seconds(8) } });
    witness.request({ id: 82, instance: 'mail', ask: { type: 'renew', ttl: seconds(4) } });
    await Promise.all([81, 82].map((id) => until('witness-answer', (one) => one.id === id)));
    expect([ttlOf('web'), ttlOf('mail')]).toEqual([8, 4]);
  });

  test('is renewed by the attempt after one whose answer was lost', async () => {
    const { ask, members, cluster } = await rig();
    await ask(ACQUIRE);
    let transactions = 0;
    const [member] = members;
    if (member !== undefined) {
      member.before = (path) => {
        if (path !== '/v3/kv/txn' || ++transactions !== 2) return;
        const [, lease = ''] = [...cluster.leases.keys()];
        cluster.put(KEY, cluster.keys.get(KEY)?.value ?? '', lease);
        member.faults.set(path, { destroy: true });
      };
    }
    expect(await ask(RENEW)).toMatchObject({ outcome: 'failed' });
    member?.faults.clear();
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
  });

  test('in a full etcd is not renewed by a leader that has been replaced in the meantime', async () => {
    const { ask, cluster, members } = await rig();
    await ask(ACQUIRE);
    cluster.isFull = true;
    const [member] = members;
    if (member !== undefined) {
      member.before = (path) => {
        if (path === '/v3/kv/txn') cluster.term++;
      };
    }
    expect(await ask(RENEW)).toMatchObject({
      outcome: 'failed',
      reason: 'unreachable',
    });
  });

  test('is lost when its lease has expired, and when another director has it', async () => {
    const { ask, cluster } = await rig();
    await ask(ACQUIRE);
    cluster.expire(cluster.keys.get(KEY)?.lease ?? '');
    expect(await ask(RENEW)).toEqual({ outcome: 'lost', holder: null });
    cluster.put(KEY, ownerOf('lb2'));
    expect(await ask(RENEW)).toEqual({ outcome: 'lost', holder: 'lb2' });
  });

  test('is renewed by a checker process that did not take it', async () => {
    const { ask, another } = await rig();
    await ask(ACQUIRE);
    const next = another();
    expect(await next.ask(RENEW)).toEqual({ outcome: 'renewed' });
    expect(await next.ask({ type: 'release' })).toEqual({ outcome: 'released' });
    next.witness.close();
  });

  test('is given back, and only the own one', async () => {
    const { ask, cluster } = await rig();
    await ask(ACQUIRE);
    expect(await ask({ type: 'release' })).toEqual({ outcome: 'released' });
    expect(cluster.keys.size).toBe(0);
    cluster.put(KEY, ownerOf('lb2'));
    expect(await ask({ type: 'release' })).toEqual({ outcome: 'released' });
    expect(cluster.keys.size).toBe(1);
  });

  test('is handed over to a named director, which need not wait', async () => {
    const { ask, cluster, another } = await rig();
    await ask(ACQUIRE);
    const second = another({ director: 'lb2', host: 'host-2' });
    const third = another({ director: 'lb3', host: 'host-3' });
    expect(await second.ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb1' });
    expect(await third.ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb1' });
    await expect.poll(() => cluster.watchers.size).toBe(2);
    expect(await ask({ type: 'hand-over', to: 'lb2' })).toEqual({ outcome: 'handed-over' });
    await second.until('witness-freed');
    expect(await third.ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb1' });
    expect(await second.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(third.said.some(({ kind }) => kind === 'witness-freed')).toBe(false);
    expect(await ask(RENEW)).toEqual({ outcome: 'lost', holder: 'lb2' });
    second.witness.close();
    third.witness.close();
  });

  test('that was refused is watched until it is free', async () => {
    const { ask, cluster, until } = await rig();
    cluster.put(KEY, ownerOf('lb2'));
    await ask(ACQUIRE);
    await expect.poll(() => cluster.watchers.size).toBe(1);
    cluster.remove(KEY);
    expect(await until('witness-freed')).toMatchObject({ instance: 'web' });
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    await expect.poll(() => cluster.watchers.size).toBe(0);
  });

  test('can be looked at and deleted by an operator', async () => {
    const { inspect, cluster } = await inspecting();
    cluster.put(KEY, ownerOf('lb2'));
    const { revision, ...looked } = await inspect(null);
    expect(looked).toMatchObject({
      ...{ failure: null, removed: false },
      key: { director: 'lb2', isOwn: false },
    });
    expect(await inspect(revision)).toMatchObject({ removed: true });
    expect(cluster.keys.size).toBe(0);
  });

  test('that has changed since it was looked at is not deleted, nor is the own one', async () => {
    const { inspect, ask, cluster, members } = await inspecting();
    cluster.put(KEY, ownerOf('lb2'));
    const { revision } = await inspect(null);
    cluster.put(KEY, ownerOf('lb3'));
    const changed = await inspect(revision);
    expect(changed).toMatchObject({ removed: false, key: { director: 'lb3' } });
    // Between the look and the deletion.
    let questions = 0;
    const [member] = members;
    if (member !== undefined) {
      member.before = (path) => {
        if (path === '/v3/kv/txn' && ++questions === 2) cluster.put(KEY, ownerOf('lb4'));
      };
    }
    expect(await inspect(changed.revision)).toMatchObject({
      ...{ removed: false, key: { director: 'lb4' } },
    });
    cluster.remove(KEY);
    await ask(ACQUIRE);
    const own = await inspect(null);
    expect(await inspect(own.revision)).toMatchObject({ removed: false, key: { isOwn: true } });
    expect(cluster.keys.size).toBe(1);
  });
});

describe('the members', () => {
  test('are asked in turn: one that is gone costs no time', async () => {
    const { ask, members } = await rig(3);
    members[0]?.faults.set('*', { destroy: true });
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(members[1]?.asked).toContain('/v3/lease/grant');
    // The one that answered is asked first the next time.
    const before = members[0]?.asked.length;
    await ask(RENEW);
    expect(members[0]?.asked.length).toBe(before);
  });

  test.each(['*', '/v3/kv/txn'])(
    'of which none answers %s in time are said to be slow',
    async (path) => {
      const { ask, members } = await rig(1, { ttlSeconds: 2 });
      members[0]?.faults.set(path, { hang: true });
      expect(await ask(ACQUIRE)).toMatchObject({
        outcome: 'failed',
        reason: 'unreachable',
        message: expect.stringMatching(/has not answered within 500 ms: is its disk/),
      });
    },
  );

  test('of two clusters are no witness', async () => {
    const one = await FakeMember.start();
    const cluster = new FakeCluster();
    cluster.clusterId = '9002';
    open = rigIn(one.cluster, [one, await FakeMember.start(cluster)]);
    await open.until('witness-condition', ({ condition }) => condition.up);
    one.faults.set('*', { destroy: true });
    expect(await open.ask(ACQUIRE)).toMatchObject({
      outcome: 'failed',
      reason: 'rejected',
      message: expect.stringMatching(/different etcd clusters/),
    });
  });
});

test('a cluster that was made again is one, without the members that are gone', async () => {
  const { ask, members, cluster } = await rig(2);
  const [one, two] = members;
  expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
  one?.faults.set('*', { destroy: true });
  expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
  one?.faults.clear();
  two?.faults.set('*', { destroy: true });
  cluster.clusterId = '9003';
  expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
});

describe('what etcd refuses is said in words', () => {
  test.each([
    [
      'html',
      { status: 200, body: '<html>login</html>' },
      'malformed',
      /no answer of etcd's JSON gateway/,
    ],
    ['404', { status: 404, body: 'Not Found' }, 'malformed', /enable-grpc-gateway=false/],
    ['a redirection', { status: 302, body: '' }, 'malformed', /HTTP status 302/],
    [
      'JSON of another kind',
      { status: 200, body: '{"hello":1}' },
      'malformed',
      /JSON that etcd does not send/,
    ],
    [
      'TLS',
      { status: 400, body: 'Client sent an HTTP request to an HTTPS server.\n' },
      'malformed',
      /write https:/,
    ],
    [
      'no leader',
      {
        status: 503,
        body: '{"error":"etcdserver: no leader","code":14,"message":"etcdserver: no leader"}',
      },
      'unreachable',
      /has no leader/,
    ],
    [
      'a missing permission, without a user',
      { status: 403, body: '{"error":"etcdserver: permission denied","code":7}' },
      'rejected',
      /wants a user/,
    ],
    [
      'a client certificate with a CommonName beside users',
      {
        status: 400,
        body: 'CommonName of client sending a request against gateway will be ignored and not used as expected\n',
      },
      'rejected',
      /refuses a client certificate with a CommonName/,
    ],
    [
      'a corrupt member',
      { status: 500, body: '{"error":"etcdserver: corrupt cluster","code":15}' },
      'rejected',
      /alarm CORRUPT/,
    ],
    ['nonsense', { status: 500, body: '{"error":"boom","code":2}' }, 'rejected', /refuses: "boom"/],
  ])('%s', async (_, fault, reason, message) => {
    const { ask, members, errors } = await rig();
    members[0]?.faults.set('*', fault);
    expect(await ask(ACQUIRE)).toMatchObject({
      outcome: 'failed',
      reason,
      message: expect.stringMatching(message),
    });
    expect(errors).toEqual([]);
  });

  test('a full database, and a holder keeps its key all the same', async () => {
    const { ask, cluster } = await rig();
    await ask(ACQUIRE);
    cluster.isFull = true;
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
    expect(await ask(ACQUIRE, 'mail')).toMatchObject({
      outcome: 'failed',
      reason: 'rejected',
      message: expect.stringMatching(/etcd is full .*etcdctl alarm disarm/),
    });
  });

  test('an answer without an end', async () => {
    const { ask, members } = await rig();
    members[0]?.faults.set('*', { status: 200, body: `{"x":"${'x'.repeat(300_000)}"}` });
    expect(await ask(ACQUIRE)).toMatchObject({ outcome: 'failed', reason: 'malformed' });
  });

  test('a port that nothing listens on', async () => {
    const { ask, members } = await rig();
    await members[0]?.close();
    expect(await ask(ACQUIRE)).toMatchObject({
      outcome: 'failed',
      reason: 'unreachable',
      message: expect.stringMatching(/cannot be reached \(ECONNREFUSED\)/),
    });
  });
});

describe('a user of etcd', () => {
  const USER = { name: 'pair', password: 'secret' };

  test('is reported once, and again when the token has expired', async () => {
    const { ask, cluster, members } = await rig(1, { user: USER });
    cluster.user = USER;
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    cluster.token = 'token.2';
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
    const logins = members[0]?.asked.filter((path) => path === '/v3/auth/authenticate') ?? [];
    expect(logins.length).toBeLessThanOrEqual(4);
  });

  test('with a wrong password is refused', async () => {
    const { ask, cluster } = await rig(1, { user: { ...USER, password: 'wrong' } });
    cluster.user = USER;
    expect(await ask(ACQUIRE)).toMatchObject({
      outcome: 'failed',
      reason: 'rejected',
      message: expect.stringMatching(/check "username" and "password"/),
    });
  });

  test('without the permission is named so', async () => {
    const { ask, cluster, members } = await rig(1, { user: USER });
    cluster.user = USER;
    const body = '{"error":"etcdserver: permission denied","code":7}';
    members[0]?.faults.set('/v3/lease/grant', { status: 403, body });
    members[0]?.faults.set('/v3/kv/txn', { status: 403, body });
    expect(await ask(ACQUIRE)).toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(/grant-permission/),
    });
  });

  test('is missing', async () => {
    const { ask, cluster } = await rig();
    cluster.user = USER;
    expect(await ask(ACQUIRE)).toMatchObject({
      message: 'etcd wants a user: set "username" and "password"',
    });
  });

  test('is reported as soon as etcd has its users turned on', async () => {
    const { ask, cluster, until } = await rig(1, { user: USER });
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    await until('witness-condition');
    cluster.user = USER;
    expect(await ask(RENEW)).toEqual({ outcome: 'renewed' });
  });

  test('that etcd does not need is reported', async () => {
    const { until, ask } = await rig(1, { user: USER });
    expect(await ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    const { condition } = await until('witness-condition');
    expect(condition.problems.join()).toMatch(/users turned off/);
  });
});

describe('the condition', () => {
  test('of a healthy etcd takes two questions at the start', async () => {
    const { until, members, cluster } = await rig();
    const { condition } = await until('witness-condition');
    expect(condition).toMatchObject({ up: true, detail: null, version: '3.4.23', keys: [] });
    expect(members[0]?.asked).toEqual(['/v3/kv/txn', '/v3/maintenance/status']);
    expect(cluster.keys.size).toBe(0);
  });

  test('names the member that is down, and is up as long as another one answers', async () => {
    const cluster = new FakeCluster();
    const [one, two] = [await FakeMember.start(cluster), await FakeMember.start(cluster)];
    one.faults.set('*', { destroy: true });
    open = rigIn(cluster, [one, two]);
    const { condition } = await open.until('witness-condition');
    expect(condition.up).toBe(true);
    expect(condition.endpoints.map(({ state }) => state)).toEqual(['down', 'up']);
  });

  test('says that the clocks are minutes apart, and what that means', async () => {
    const cluster = new FakeCluster();
    const member = await FakeMember.start(cluster);
    member.date = new Date(Date.now() - 300_000);
    open = rigIn(cluster, [member]);
    const { condition } = await open.until('witness-condition');
    expect(condition).toMatchObject({ up: true });
    expect(condition.problems.join()).toMatch(/is (299|300|301) s behind that of this host/);
  });

  test('says that another pair uses the prefix', async () => {
    const cluster = new FakeCluster();
    cluster.put(KEY, ownerOf('lb7', { router: 'ipv4 60' }));
    open = rigIn(cluster, [await FakeMember.start(cluster)]);
    const { condition } = await open.until('witness-condition');
    expect(condition.problems.join()).toMatch(/lb7 with ipv4 60, and web is ipv4 55: another pair/);
    expect(condition.keys).toMatchObject([{ instance: 'web', director: 'lb7', isOwn: false }]);
  });

  test('is down while etcd is full, although it could still be read', async () => {
    const cluster = new FakeCluster();
    cluster.isFull = true;
    open = rigIn(cluster, [await FakeMember.start(cluster)]);
    const { condition } = await open.until('witness-condition');
    expect(condition).toMatchObject({ up: false, detail: expect.stringMatching(/NOSPACE/) });
  });

  test('learns from the answers to instances', async () => {
    const { ask, until, members } = await rig();
    await until('witness-condition', ({ condition }) => condition.up);
    members[0]?.faults.set('*', { destroy: true });
    await ask(ACQUIRE);
    await until('witness-condition', ({ condition }) => !condition.up);
  });

  test('does not show the member down that has answered an instance since', async () => {
    const cluster = new FakeCluster();
    const member = await FakeMember.start(cluster);
    member.faults.set('*', { destroy: true });
    open = rigIn(cluster, [member]);
    await open.until('witness-condition', ({ condition }) => !condition.up);
    member.faults.clear();
    expect(await open.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    const { condition } = await open.until('witness-condition', (one) => one.condition.up);
    expect(condition.endpoints.map(({ state }) => state)).toEqual(['up']);
  });
});
