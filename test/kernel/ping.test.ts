/** Echo requests to a host in another namespace. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Ping } from '../../src/kernel/reachability/ping.ts';
import { ip as address } from '../../src/net/address.ts';
import { inNamespace } from './namespace.ts';
import { kernelSuite, NamespacePair, until } from './support.ts';

kernelSuite('a ping', () => {
  let pair: NamespacePair;

  beforeAll(async () => {
    pair = await new NamespacePair().settled();
  });

  afterAll(() => pair.remove());

  function asked(target: string): Ping {
    return inNamespace(pair.a, () => {
      const ping = new Ping(address(target));
      ping.ask();
      return ping;
    });
  }

  describe.each(['192.0.2.2', '2001:db8::2'])('to %s', (target) => {
    test('is answered', async () => {
      const ping = asked(target);
      await until(() => ping.isAnswered());
      ping.close();
    });
  });

  test('ignores the answer of another host', async () => {
    const silent = asked('192.0.2.77');
    const alive = asked('192.0.2.2');
    await until(() => alive.isAnswered());
    expect(silent.isAnswered()).toBe(false);
    silent.close();
    alive.close();
  });

  test('reports that there is no route', () => {
    expect(() => asked('198.51.100.1')).toThrow('ENETUNREACH');
  });
});
