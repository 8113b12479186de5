/** Mail about what happens, taken by Debian's aiosmtpd. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, startOn } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly encrypted: boolean;
  readonly login: string | null;
}

/** Arguments: the file for the mails, and for STARTTLS with a login the certificate and its key. */
const SINK = `
import json, signal, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

class Sink:
    async def handle_DATA(self, server, session, envelope):
        mail = {
            'from': envelope.mail_from, 'to': envelope.rcpt_tos,
            'text': envelope.content.decode(), 'encrypted': session.ssl is not None,
            'login': session.auth_data.login.decode() if session.authenticated else None,
        }
        with open(sys.argv[1], 'a') as file:
            file.write(json.dumps(mail) + '\\n')
        return '250 OK'

def judge(server, session, envelope, mechanism, data):
    good = data.login == b'lb1' and data.password == b'let me in'
    return AuthResult(success=good, auth_data=data)

more = {}
if len(sys.argv) > 2:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    more = {'tls_context': context, 'require_starttls': True, 'authenticator': judge, 'auth_required': True}
Controller(Sink(), hostname='127.0.0.1', port=2525, **more).start()
signal.pause()
`;

async function startSink(lab: Lab, ...more: readonly string[]): Promise<() => Mail[]> {
  const host = lab.director(1);
  const [script, file] = [lab.path('sink.py'), lab.path('mails')];
  writeFileSync(script, SINK);
  await lab.spawn(host, '/usr/bin/python3', [script, file, ...more], { label: 'sink', log: true });
  const listens = ['-c', 'grep -q ":09DD .* 0A " /proc/net/tcp && echo yes || true'];
  await waitFor('the mail server', async () => (await lab.run(host, 'sh', listens)) !== '');
  return () =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Mail)
      : [];
}

function headerOf({ text }: Mail, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(text)?.[1]?.trimEnd();
}

const MAIL = { server: '127.0.0.1:2525', from: 'lb1@example.net', to: ['ops@example.net'] };

describe.skipIf(lacks('python3', 'aiosmtpd', 'openssl'))('mail', () => {
  const former = process.env['NODE_EXTRA_CA_CERTS'];
  afterAll(() => {
    if (former === undefined) delete process.env['NODE_EXTRA_CA_CERTS'];
    else process.env['NODE_EXTRA_CA_CERTS'] = former;
  });

  test('is one about the start, and one about the stop', () =>
    inLab(async (lab) => {
      const mails = await startSink(lab);
      const agent = await startOn(lab, 1, {}, { notify: { mail: MAIL } });
      await reaches(agent, 'MASTER');
      await waitFor('a mail', () => Promise.resolve(mails().length === 1));
      await agent.stop();
      const [first, last, ...others] = mails();
      if (first === undefined || last === undefined) throw new Error('no mail');
      expect(others).toEqual([]);
      expect(first).toMatchObject({ from: 'lb1@example.net', to: ['ops@example.net'] });
      expect(headerOf(first, 'Subject')).toMatch(/^\[lb1\] web: INIT to BACKUP: .* and 1 more$/);
      expect(headerOf(first, 'Auto-Submitted')).toBe('auto-generated');
      expect(headerOf(first, 'Message-ID')).toMatch(/^<\w+\.1\.lb1@example\.net>$/);
      expect(first.text).toMatch(/Z {2}web: BACKUP to MASTER: no advertisement/);
      expect(headerOf(last, 'Subject')).toMatch(/^\[lb1\] web: MASTER to INIT/);
    }, 1));

  test('goes to a server that has the right certificate, with a login', () =>
    inLab(async (lab) => {
      const [cert, key] = [lab.path('cert.pem'), lab.path('key.pem')];
      await run('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
        ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'],
        ...['-keyout', key, '-out', cert],
      ]);
      const password = lab.path('password');
      writeFileSync(password, 'let me in\n');
      chmodSync(password, 0o600);
      const mails = await startSink(lab, cert, key);
      const login = { tls: 'starttls', user: 'lb1', password: `file:${password}` };
      const notify = { mail: { ...MAIL, ...login } };

      const stranger = await startOn(lab, 1, {}, { notify });
      const refusal = await waitFor('the refusal', async () =>
        (await eventsOf(stranger)).find((event) => event.kind === 'notification'),
      );
      expect(refusal.message).toMatch(/^127\.0\.0\.1:2525 failed: .*certificate/i);
      await stranger.stop();
      expect(mails()).toEqual([]);

      process.env['NODE_EXTRA_CA_CERTS'] = cert;
      const agent = await startOn(lab, 1, {}, { notify });
      await waitFor('a mail', () => Promise.resolve(mails().length === 1));
      expect(mails()[0]).toMatchObject({ encrypted: true, login: 'lb1' });
      await agent.stop();
    }, 1));
});
