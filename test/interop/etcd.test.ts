/**
 * The witness of the checker process in front of etcd itself, Debian's etcd-server: what the unit tests
 * assume of it is asked here.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { FromWitness, WitnessOrders } from '../../src/checker/channel/witness-messages.ts';
import { Witness } from '../../src/checker/etcd/witness.ts';
import { seconds } from '../../src/net/time.ts';
import type { WitnessAnswer, WitnessAsk } from '../../src/protocol/engine/witness-messages.ts';
import { Certificates, Etcd, type EtcdOptions } from './harness/etcd.ts';
import { lacks } from './harness/requirements.ts';

const ACQUIRE: WitnessAsk = { type: 'acquire', ttl: seconds(2) };
const RENEW: WitnessAsk = { type: 'renew', ttl: seconds(2) };

const opened: { close(): void | Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0).toReversed()) await one.close();
});

async function etcdOf(options?: EtcdOptions): Promise<Etcd> {
  const etcd = await Etcd.start(options);
  opened.push(etcd);
  return etcd;
}

interface Director {
  readonly said: FromWitness[];
  readonly ask: (ask: WitnessAsk) => Promise<WitnessAnswer>;
}

function director(name: string, etcd: Etcd, orders: Partial<WitnessOrders> = {}): Director {
  const said: FromWitness[] = [];
  const witness = new Witness(
    {
      endpoints: etcd.endpoints,
      prefix: '/pair/',
      ...{ ca: undefined, cert: undefined, key: undefined, user: undefined },
      ...{
        ttlSeconds: 2,
        director: name,
        host: `host-of-${name}`,
        instances: [['web', 'ipv4 55']],
      },
      ...orders,
    },
    { send: (message) => said.push(message), onError: (error) => expect(error).toBeUndefined() },
  );
  opened.push(witness);
  let id = 0;
  const answerTo = (own: number) =>
    said.find(
      (one): one is Extract<FromWitness, { kind: 'witness-answer' }> =>
        one.kind === 'witness-answer' && one.id === own,
    );
  return {
    said,
    ask: async (ask) => {
      const own = ++id;
      const ttl = seconds(orders.ttlSeconds ?? 2);
      const asked = 'ttl' in ask ? { ...ask, ttl } : ask;
      witness.request({ id: own, instance: 'web', ask: asked });
      await expect.poll(() => answerTo(own), { timeout: 20_000, interval: 5 }).toBeDefined();
      return answerTo(own)?.answer ?? { outcome: 'lost', holder: null };
    },
  };
}

async function condition({ said }: Director) {
  const found = () => said.findLast((one) => one.kind === 'witness-condition')?.condition;
  await expect.poll(found, { timeout: 10_000 }).toBeDefined();
  return found();
}

const LACKS = lacks('etcd', 'etcdctl', 'curl', 'openssl');

describe.skipIf(LACKS)('one member of etcd', () => {
  test('gives the key to one director at a time, and to the next after the ttl', async () => {
    const etcd = await etcdOf();
    const [lb1, lb2] = [director('lb1', etcd), director('lb2', etcd)];
    expect(await condition(lb1)).toMatchObject({ up: true, problems: [] });
    expect(etcd.etcdctl('get', '--prefix', '/pair/')).toBe('');
    const took = performance.now();
    expect(await lb1.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(etcd.etcdctl('get', '/pair/web')).toContain('"director":"lb1"');
    expect(await lb2.ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb1' });
    expect(await lb1.ask(RENEW)).toEqual({ outcome: 'renewed' });
    const renewed = performance.now();
    // It is not renewed any more: the watch says when the key has gone.
    await expect
      .poll(() => lb2.said.some(({ kind }) => kind === 'witness-freed'), {
        timeout: 10_000,
        interval: 5,
      })
      .toBe(true);
    expect(performance.now() - renewed).toBeGreaterThan(2_000 - (renewed - took));
    expect(await lb2.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(await lb1.ask(RENEW)).toEqual({ outcome: 'lost', holder: 'lb2' });
    // Handed over without waiting.
    expect(await lb1.ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb2' });
    expect(await lb2.ask({ type: 'hand-over', to: 'lb1' })).toEqual({ outcome: 'handed-over' });
    expect(await lb1.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(await lb1.ask({ type: 'release' })).toEqual({ outcome: 'released' });
    expect(etcd.etcdctl('get', '--prefix', '/pair/')).toBe('');
  });

  test('keeps the key while it restarts', async () => {
    const etcd = await etcdOf({ host: '[::1]' });
    const lb1 = director('lb1', etcd, { ttlSeconds: 10 });
    await lb1.ask(ACQUIRE);
    etcd.signal(0, 'SIGKILL');
    await sleep(200);
    expect(await lb1.ask(RENEW)).toMatchObject({ outcome: 'failed', reason: 'unreachable' });
    etcd.run(0);
    await etcd.ready();
    expect(await lb1.ask(RENEW)).toEqual({ outcome: 'renewed' });
  });

  test('that is full says so, and still renews', async () => {
    const etcd = await etcdOf({ args: ['--quota-backend-bytes', '200000'] });
    const lb1 = director('lb1', etcd, { ttlSeconds: 10 });
    await lb1.ask(ACQUIRE);
    const value = 'x'.repeat(60_000);
    // etcd measures itself ten times a second: how many values fit is not certain.
    const put = () => {
      for (let count = 0; count < 100; count++) etcd.etcdctl('put', `key-${count}`, value);
    };
    expect(put).toThrow();
    expect(await lb1.ask(RENEW)).toEqual({ outcome: 'renewed' });
    const lb2 = director('lb2', etcd);
    expect(await condition(lb2)).toMatchObject({
      up: false,
      detail: expect.stringMatching(/etcd is full.*alarm disarm/),
    });
    // Holding is possible, taking is not.
    await lb1.ask({ type: 'release' });
    expect(await lb2.ask(ACQUIRE)).toMatchObject({ outcome: 'failed', reason: 'rejected' });
  });

  test('with users wants a name, a password and a permission', async () => {
    const etcd = await etcdOf({ args: ['--auth-token-ttl', '1'] });
    etcd.etcdctl('user', 'add', 'root', '--new-user-password=r');
    etcd.etcdctl('user', 'add', 'pair', '--new-user-password=p');
    etcd.etcdctl('role', 'add', 'pair');
    etcd.etcdctl('user', 'grant-role', 'root', 'root');
    etcd.etcdctl('user', 'grant-role', 'pair', 'pair');
    etcd.etcdctl('auth', 'enable');
    const user = { name: 'pair', password: 'p' };
    expect(await director('lb1', etcd).ask(ACQUIRE)).toMatchObject({
      message: expect.stringMatching(/etcd wants a user/),
    });
    expect(
      // Passwords are hashed, which takes etcd a while on a busy host.
      await director('lb1', etcd, { user: { ...user, password: 'q' }, ttlSeconds: 60 }).ask(
        ACQUIRE,
      ),
    ).toMatchObject({ message: expect.stringMatching(/check "username" and "password"/) });
    const lb1 = director('lb1', etcd, { user, ttlSeconds: 60 });
    expect(await lb1.ask(ACQUIRE)).toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(/grant-permission/),
    });
    expect(await condition(lb1)).toMatchObject({ up: false });
    etcd.etcdctl(
      '--user=root:r',
      'role',
      'grant-permission',
      'pair',
      'readwrite',
      '--prefix=true',
      '/pair/',
    );
    expect(await lb1.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    // The token lives a second.
    await sleep(2_500);
    expect(await lb1.ask(RENEW)).toEqual({ outcome: 'renewed' });
    expect(await lb1.ask({ type: 'release' })).toEqual({ outcome: 'released' });
  });

  test('with TLS wants a client certificate, and has one that is checked', async () => {
    const tls = new Certificates();
    opened.push({ close: () => tls.remove() });
    const etcd = await etcdOf({ tls });
    const own = {
      ca: tls.text('ca.pem'),
      cert: tls.text('client.pem'),
      key: tls.text('client.key'),
      // Time for four round trips with TLS on a busy host.
      ttlSeconds: 60,
    };
    expect(await director('lb1', etcd, own).ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    expect(
      await director('lb2', etcd, { ...own, ca: tls.text('other.pem') }).ask(ACQUIRE),
    ).toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(/not signed by the authority of "ca"/),
    });
    expect(await director('lb2', etcd, { ca: own.ca }).ask(ACQUIRE)).toMatchObject({
      reason: 'rejected',
      message: expect.stringMatching(/refuses the client certificate/),
    });
    const strange = { ca: own.ca, cert: tls.text('stranger.pem'), key: tls.text('stranger.key') };
    expect(await director('lb2', etcd, strange).ask(ACQUIRE)).toMatchObject({
      message: expect.stringMatching(/refuses the client certificate/),
    });
    const named = etcd.endpoints.map((one) => one.replace('127.0.0.1', 'localhost'));
    expect(await director('lb2', etcd, { ...own, endpoints: named }).ask(ACQUIRE)).toMatchObject({
      message: expect.stringMatching(/does not name localhost: it needs that DNS name/),
    });
    const plain = etcd.endpoints.map((one) => one.replace('https:', 'http:'));
    expect(await director('lb2', etcd, { endpoints: plain }).ask(ACQUIRE)).toMatchObject({
      reason: 'unreachable',
      message: expect.stringMatching(/if it speaks TLS, write https:/),
    });
  });
});

describe.skipIf(LACKS)('three members of etcd', () => {
  test('go on when the leader is killed, and stop without a majority', async () => {
    const etcd = await etcdOf({ members: 3 });
    const [lb1, lb2] = [director('lb1', etcd, { ttlSeconds: 5 }), director('lb2', etcd)];
    await lb1.ask(ACQUIRE);
    const leader = etcd.leader();
    etcd.signal(leader, 'SIGKILL');
    const killed = performance.now();
    await expect
      .poll(async () => (await lb1.ask(RENEW)).outcome, { timeout: 10_000, interval: 20 })
      .toBe('renewed');
    expect(performance.now() - killed).toBeLessThan(8_000);
    expect(await lb2.ask(ACQUIRE)).toEqual({ outcome: 'refused', holder: 'lb1' });
    etcd.signal((leader + 1) % 3, 'SIGKILL');
    await sleep(1_500);
    expect(await lb1.ask(RENEW)).toMatchObject({ outcome: 'failed', reason: 'unreachable' });
    etcd.run(leader);
    await expect
      .poll(async () => (await lb1.ask(RENEW)).outcome, { timeout: 15_000, interval: 100 })
      .toMatch(/renewed|lost/);
  });

  test('of which the leader is frozen and thawed give no renewal that the others do not know', async () => {
    const etcd = await etcdOf({ members: 3 });
    const leader = etcd.leader();
    const frozen = etcd.endpoints[leader] ?? '';
    const others = etcd.endpoints.filter((one) => one !== frozen);
    const lb1 = director('lb1', etcd, { endpoints: [frozen], ttlSeconds: 4 });
    const lb2 = director('lb2', etcd, { endpoints: others, ttlSeconds: 4 });
    const asked = performance.now();
    expect(await lb1.ask(ACQUIRE)).toEqual({ outcome: 'acquired' });
    let right = asked + 4_000;
    etcd.signal(leader, 'SIGSTOP');
    // lb1 reaches the frozen leader only, and asks it all the time; lb2 the others.
    const end = performance.now() + 12_000;
    let isTaken = false;
    const thaw = setTimeout(() => etcd.signal(leader, 'SIGCONT'), 3_000);
    while (!isTaken && performance.now() < end) {
      const at = performance.now();
      const [own, other] = await Promise.all([lb1.ask(RENEW), lb2.ask(ACQUIRE)]);
      if (own.outcome === 'renewed') right = at + 4_000;
      if (other.outcome === 'acquired') {
        isTaken = true;
        // By then the right of lb1, counted from its question, has ended.
        expect(performance.now()).toBeGreaterThan(right);
      } else if (own.outcome === 'renewed') break;
    }
    clearTimeout(thaw);
    etcd.signal(leader, 'SIGCONT');
  });
});
