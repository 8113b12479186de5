import { describe, expect, test } from 'vitest';
import { effectiveConfig, maskSecrets } from '../../../../src/config/effective/effective.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import type { ReadText } from '../../../../src/config/witness-settings.ts';
import { seconds } from '../../../../src/net/time.ts';

function load(mail: string, readText?: ReadText) {
  const text = `notify:
  mail: ${mail}
instances:
  - name: web
    interface: eth0
    vrid: 1
    addresses: [203.0.113.1]
`;
  return loadConfig(text, { hostName: 'host', readText });
}

function errors(mail: string, readText?: ReadText): string[] {
  const result = load(mail, readText);
  return result.ok ? [] : result.error.map(({ line, message }) => `${line}: ${message}`);
}

function loaded(mail: string, readText?: ReadText) {
  const result = load(mail, readText);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value;
}

const BASE = 'server: mail.example.net, from: lb1@example.net, to: [ops@example.net]';

describe('notify.mail', () => {
  test('has defaults for everything but server, sender and recipients', () => {
    expect(loaded(`{ ${BASE} }`).agent.notifications.mail).toEqual({
      server: {
        ...{ host: 'mail.example.net', port: 25, tls: 'auto', login: undefined, helo: undefined },
        timeout: seconds(30),
      },
      from: 'lb1@example.net',
      to: ['ops@example.net'],
      topics: ['state', 'server', 'service', 'error'],
      only: undefined,
      digest: seconds(60),
    });
  });

  test.each([
    ['server: "[2001:db8::25]:2525"', '2001:db8::25', 2_525],
    ['server: 192.0.2.25', '192.0.2.25', 25],
    ['server: mail.example.net, tls: implicit', 'mail.example.net', 465],
  ])('%s is a server', (server, host, port) => {
    const { mail } = loaded(`{ ${server}, from: a@example.net, to: [b@example.net] }`).agent
      .notifications;
    expect(mail?.server).toMatchObject({ host, port });
  });

  test('reads the password, and shows only where it is', () => {
    const text = `{ ${BASE}, tls: starttls, user: lb1, password: "file:/etc/mail.password" }`;
    const { agent, settings } = loaded(text, (reference) => ({ text: `the text of ${reference}` }));
    expect(agent.notifications.mail?.server.login).toEqual({
      user: 'lb1',
      reference: 'file:/etc/mail.password',
      password: 'the text of file:/etc/mail.password',
    });
    const shown = JSON.stringify(maskSecrets(effectiveConfig(settings, agent)).notify);
    expect(shown).toContain('file:/etc/mail.password');
    expect(shown).not.toContain('the text of');
  });

  test('is the same after a way there and back', () => {
    const text = `{ ${BASE}, tls: implicit, only: [web], events: [state], digest: 5m, helo: lb1, timeout: 2s }`;
    const { agent, settings } = loaded(text);
    const again = loaded(JSON.stringify(effectiveConfig(settings, agent).notify?.mail));
    expect(again.agent.notifications).toEqual(agent.notifications);
  });

  test.each([
    ['{ server: mail.example.net, from: a@example.net }', '"to" is missing|missing'],
    [`{ ${BASE}, tls: maybe }`, 'auto'],
    [`{ ${BASE}, events: [] }`, 'must not be empty'],
    [`{ ${BASE}, events: [states] }`, 'state'],
    [`{ ${BASE}, digest: 1s }`, 'from 10s to 24h'],
    [`{ ${BASE}, only: [shop] }`, 'no instance, sync group or service "shop"'],
    ['{ server: "mail.example.net:70000", from: a@b, to: [c@d] }', 'from 1 to 65535, not 70000'],
    ['{ server: "2001:db8::1", from: a@b, to: [c@d] }', 'IPv6 in brackets'],
    ['{ server: mail, from: "a@b\\r\\nBcc: c@d", to: [c@d] }', 'a mail address'],
    [`{ ${BASE}, user: lb1 }`, '"user" needs "password"'],
    [`{ ${BASE}, password: "file:/x" }`, '"password" needs "user"'],
    [`{ ${BASE}, user: lb1, password: "file:/x" }`, 'any host could receive the password'],
    [`{ ${BASE}, user: lb1, password: geheim, tls: starttls }`, 'file: with an absolute path'],
  ])('%s is refused', (mail, message) => {
    expect(errors(mail)).toEqual([expect.stringMatching(message)]);
    expect(errors(mail).join()).not.toContain('geheim');
  });

  test('says why a password cannot be read', () => {
    const text = `{ ${BASE}, tls: starttls, user: lb1, password: "file:/x" }`;
    expect(errors(text, () => ({ problem: 'the password /x cannot be read: ENOENT' }))).toEqual([
      '2: the password /x cannot be read: ENOENT',
    ]);
  });

  test('sends a password unencrypted to this host only', () => {
    const text = '{ server: 127.0.0.1, from: a@b, to: [c@d], user: x, password: "file:/x" }';
    expect(errors(text)).toEqual([]);
  });
});
