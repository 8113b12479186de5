import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { checkerNeeds, checkerUserWarnings } from '../../../src/daemon/checker-needs.ts';

function needsOf(keys: string, top = '') {
  const instance = `{ name: web, interface: eth0, vrid: 1, addresses: [203.0.113.1]${keys} }`;
  const loaded = loadConfig(`instances: [${instance}]\n${top}`, { hostName: 'lb1' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return checkerNeeds(loaded.value.agent);
}

const track = (entry: string) => `, track: [${entry}]`;

const SERVICE = (check: string) => `ipvs:
  services:
    - { name: shop, address: '203.0.113.100:80', check: ${check}, servers: ['10.0.0.11:80'] }`;

describe('the checker process', () => {
  test.each([
    ['nothing', '', ''],
    ['the links of the agent itself', track('{ interface: eth1 }'), ''],
    ['commands of notifications', ', notify: { master: [/bin/true] }', ''],
    ['services without a check', '', SERVICE('none')],
  ])('is not needed for %s', (_, keys, top) => {
    expect(needsOf(keys, top)).toBeUndefined();
  });

  test.each([
    ['a tracked service', track('{ tcp: "10.0.0.9:80" }'), '', []],
    ['a check of a server', '', SERVICE('tcp'), []],
    [
      'a webhook of services',
      '',
      'ipvs: { notify: { webhooks: [{ url: "http://192.0.2.9/" }] } }',
      [],
    ],
    ['a webhook', '', 'notify: { webhooks: [{ url: "http://192.0.2.9/" }] }', []],
    ['a gateway', track('{ gateway: 192.0.2.1 }'), '', ['NET_RAW']],
    ['a ping', '', SERVICE('ping'), ['NET_RAW']],
  ])('has no privilege but what %s needs', (_, keys, top, capabilities) => {
    expect(needsOf(keys, top)).toEqual({
      user: undefined,
      capabilities,
      keepsForPrograms: false,
      noNewPrivileges: true,
    });
  });

  test('can become the user of a command, and end it', () => {
    expect(needsOf(track('{ script: [/bin/true], user: nobody }'))).toEqual({
      user: undefined,
      capabilities: ['KILL', 'SETUID', 'SETGID'],
      keepsForPrograms: false,
      noNewPrivileges: false,
    });
  });

  test('leaves to a command without a user what the agent has', () => {
    expect(needsOf(track('{ script: [/bin/true] }'))).toMatchObject({
      capabilities: ['KILL'],
      keepsForPrograms: true,
    });
  });

  test('runs as the configured user, and its commands as well', () => {
    const needs = needsOf(track('{ script: [/bin/true] }'), 'checker: { user: nobody }');
    expect(needs).toMatchObject({ user: { uid: 65_534 }, keepsForPrograms: false });
  });

  test('warns of a configured user that this host lacks', () => {
    expect(checkerUserWarnings({ checkerUser: 'no-such-user' })).toEqual([
      expect.stringContaining('there is no local user "no-such-user"'),
    ]);
    expect(checkerUserWarnings({ checkerUser: 'nobody' })).toEqual([]);
    expect(checkerUserWarnings({ checkerUser: undefined })).toEqual([]);
  });
});
