import { describe, expect, test } from 'vitest';
import { errorsOf, instanceWith } from '../import-tool.ts';

const HEX = '0f'.repeat(32);
const RAW = 'a-passphrase-of-thirty-two-bytes';

const block = (...lines: readonly string[]) => `auth_hmac {\n ${lines.join('\n ')}\n}`;

describe('auth_hmac', () => {
  test('becomes authentication of type hmac, in version 2 and 3', () => {
    const lines = [`key 1 hex:${HEX}`, 'active_key 1', 'anti_replay time', 'time_window 5'];
    for (const version of ['version 2', 'version 3']) {
      const { instance, notes } = instanceWith(`${version}\n${block(...lines, 'mode permissive')}`);
      expect(instance.authentication).toEqual({
        ...{ type: 'hmac', keys: { 1: `hex:${HEX}` }, active_key: 1, mode: 'permissive' },
        ...{ anti_replay: 'time', window: '5s' },
      });
      expect(notes).toEqual([]);
    }
  });

  test.each([
    ['a passphrase', RAW, `hex:${Buffer.from(RAW).toString('hex')}`],
    ['a file', 'file:/etc/keepalived/keys/vrrp51', 'file:/etc/keepalived/keys/vrrp51'],
    ['a credential', 'file:/run/credentials/keepalived.service/vrrp51', 'credential:vrrp51'],
  ])('has %s as a key', (_, value, reference) => {
    const { instance } = instanceWith(block(`key 7 ${value}`));
    expect(instance.authentication).toEqual({ type: 'hmac', keys: { 7: reference } });
  });

  test('of mode receive-only and of monotonic is carried', () => {
    const { instance, of } = instanceWith(
      block(`key 1 hex:${HEX}`, 'mode receive-only', 'anti_replay monotonic', 'time_window 9'),
    );
    expect(instance.authentication).toMatchObject({
      ...{ mode: 'receive_only', anti_replay: 'monotonic' },
    });
    expect(of('ignored')).toEqual([expect.stringContaining('time_window has no effect')]);
  });

  test('replaces the older authentication', () => {
    const pass = 'authentication {\n auth_type PASS\n auth_pass x\n}';
    const { instance, of } = instanceWith(`${pass}\n${block(`key 1 hex:${HEX}`)}`);
    expect(instance.authentication?.type).toBe('hmac');
    expect(of('ignored')).toEqual([expect.stringContaining('auth_hmac replaces it')]);
  });

  test('with a key that cannot be used names it, and not the key', () => {
    const { instance, of } = instanceWith(block('key 1 hex:abcd', `key 2 hex:${HEX}`));
    expect(instance.authentication).toEqual({ type: 'hmac', keys: { 2: `hex:${HEX}` } });
    expect(of('lost')).toEqual([expect.stringContaining('auth_hmac: key 1')]);
    expect(of('lost').join()).not.toContain('abcd');
  });

  test('without a key that can be used is listed', () => {
    const { instance, of } = instanceWith(block('key 1 tooshort', 'active_key 1'));
    expect(instance.authentication).toBeUndefined();
    expect(of('lost')).toContainEqual(expect.stringContaining('has no key that can be used'));
  });

  test('with an unknown mode is listed', () => {
    const { of } = instanceWith(block(`key 1 hex:${HEX}`, 'mode strict'));
    expect(of('lost')).toEqual([expect.stringContaining('mode strict')]);
  });

  test('loads', () => {
    const { yaml } = instanceWith(block(`key 1 hex:${HEX}`, `key 2 hex:${HEX}`, 'active_key 2'));
    expect(errorsOf(yaml)).toEqual([]);
  });
});
