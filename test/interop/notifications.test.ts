/** Notifications of state changes, by the agent as a process. */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { eventsOf, reaches, startOn } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

function linesIn(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

/** Appends its arguments to a file. */
function recorder(file: string): string[] {
  return ['/bin/sh', '-c', `echo "$VRRP_NAME $VRRP_STATE $VRRP_PRIORITY $*" >>${file}`, 'recorder'];
}

describe.skipIf(lacks('curl')).concurrent('changes of state', () => {
  test('reach commands and a named pipe, in order, to the end', () =>
    inLab(async (lab) => {
      const file = lab.path('states');
      const fifo = lab.path('fifo');
      const notify = { master: recorder(file), backup: recorder(file), any: recorder(file) };
      const agent = await startOn(
        lab,
        1,
        { priority: 150, notify: { ...notify, stop: recorder(file) } },
        { notify: { fifo } },
      );
      const reader = spawn('cat', [fifo], { stdio: ['ignore', 'pipe', 'ignore'] });
      let read = '';
      reader.stdout.on('data', (text: Buffer) => {
        read += text.toString();
      });
      await reaches(agent, 'MASTER');
      await waitFor('the commands', () => Promise.resolve(linesIn(file).length === 4));
      await waitFor('the reader', () => Promise.resolve(read.includes('MASTER')));
      await agent.stop();
      await waitFor('the last line', () => Promise.resolve(read.includes('STOP')));
      reader.kill();
      expect(read).toBe(
        'INSTANCE "web" BACKUP 150\nINSTANCE "web" MASTER 150\nINSTANCE "web" STOP 150\n',
      );
      expect(linesIn(file)).toEqual([
        'web BACKUP 150 ',
        'web BACKUP 150 INSTANCE web BACKUP 150',
        'web MASTER 150 ',
        'web MASTER 150 INSTANCE web MASTER 150',
        'web STOP 150 ',
        'web STOP 150 INSTANCE web STOP 150',
      ]);
    }, 1));

  test('do not run a program that users other than root can change', () =>
    inLab(async (lab) => {
      const script = lab.path('on-master');
      writeFileSync(script, '#!/bin/sh\ntouch "$0.ran"\n');
      chmodSync(script, 0o755);
      chownSync(script, 65_534, 65_534);
      const agent = await startOn(lab, 1, { notify: { master: [script] } });
      await reaches(agent, 'MASTER');
      const refusal = await waitFor('the refusal', async () => {
        const events = await eventsOf(agent);
        return events.find((event) => event.message.includes('notify.master failed: not run'));
      });
      expect(refusal?.message).toContain(`${script} belongs to user 65534`);
      expect(existsSync(`${script}.ran`)).toBe(false);
    }, 1));

  test('wait for before_master up to its deadline, and other instances do not', () =>
    inLab(async (lab) => {
      const before = { command: ['/bin/sleep', '30'], timeout: '3s' };
      const agent = await startOn(lab, 1, { notify: { before_master: before } });
      await waitFor('the question', async () =>
        (await eventsOf(agent)).some((event) => event.kind === 'before-master'),
      );
      await sleep(500);
      expect(await agent.state()).toBe('BACKUP');
      await reaches(agent, 'MASTER');
      const outcomes = (await eventsOf(agent)).flatMap((event) =>
        event.kind === 'before-master' ? [event.outcome] : [],
      );
      expect(outcomes).toEqual(['asked', 'timed-out']);
    }, 1));

  test('are posted, signed, and posted again until accepted', () =>
    inLab(async (lab) => {
      const host = lab.director(1);
      const file = lab.path('posted');
      const script = lab.path('receiver.mjs');
      writeFileSync(script, RECEIVER);
      await lab.spawn(host, process.execPath, [script, file], { label: 'receiver', log: true });
      const webhooks = [{ url: 'http://127.0.0.1:8099/', secret: 'key', token: 'letmein' }];
      const agent = await startOn(lab, 1, {}, { notify: { webhooks } });
      await reaches(agent, 'MASTER');
      await waitFor('both changes', () => Promise.resolve(linesIn(file).length === 3));
      const posted = linesIn(file).map((line) => JSON.parse(line) as Record<string, unknown>);
      expect(posted.map(({ sequence, state }) => [sequence, state])).toEqual([
        [1, 'BACKUP'],
        [1, 'BACKUP'],
        [2, 'MASTER'],
      ]);
      expect(posted[0]).toMatchObject({ router: 'lb1', name: 'web', bearer: 'Bearer letmein' });
      expect(posted.every(({ signed }) => signed === true)).toBe(true);
    }, 1));
});

/** Refuses the first request with a temporary error; records bodies, signatures and tokens. */
const RECEIVER = `
import { createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
let count = 0;
createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  const signature = 'sha256=' + createHmac('sha256', 'key').update(body).digest('hex');
  const signed = request.headers['x-vrrp-agent-signature'] === signature;
  const bearer = request.headers.authorization;
  appendFileSync(process.argv[2], JSON.stringify({ ...JSON.parse(body), signed, bearer }) + '\\n');
  response.writeHead(count++ === 0 ? 503 : 204).end();
}).listen(8099, '127.0.0.1');
`;
