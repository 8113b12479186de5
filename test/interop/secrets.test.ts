/** Searches all output of a running agent for a password and the secrets of a webhook. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { agentFile } from '../../src/lab/peers/vrrp-agent.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { commandLine, eventsOf, outcomeOf, reaches, startOn } from './harness/agent-story.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const SECRETS = ['pa55w0rd', 'h00k5ecret', 't0ken5ecret', '31415926'] as const;
const [PASSWORD, SECRET, TOKEN, NUMBER] = SECRETS;

const VERSION_2 = { version: 2, advertisement_interval: '1s' } as const;
const AUTHENTICATION = { type: 'pass', password: PASSWORD } as const;

describe.skipIf(lacks('curl'))('secrets', () => {
  test('A-06 are in no answer, no event, no metric and no line of the log', () =>
    inLab(async (lab) => {
      const webhook = { url: 'https://127.0.0.1:9/', secret: SECRET, token: TOKEN };
      const notify = { webhooks: [webhook] };
      const agent = await startOn(
        lab,
        1,
        { ...VERSION_2, authentication: AUTHENTICATION, notify },
        { log: { level: 'debug' }, http: { listen: '127.0.0.1:9112' } },
      );
      // A peer with another password is refused and reported.
      const other = await startOn(lab, 2, {
        ...VERSION_2,
        priority: 200,
        authentication: { type: 'pass', password: 'other' },
      });
      await reaches(agent, 'MASTER');
      await reaches(other, 'MASTER');
      const { host, socket } = agent;
      const said: string[] = [];
      const hear = async (...command: string[]) => {
        const { stdout, stderr } = await outcomeOf(host, command);
        said.push(stdout, stderr);
        return stdout;
      };
      for (const path of ['status', 'config', 'events', 'ipvs']) {
        await hear('curl', '-sS', '--unix-socket', socket, `http://localhost/v1/${path}`);
      }
      expect(await hear('curl', '-sS', 'http://127.0.0.1:9112/metrics')).toContain('auth');
      await hear('curl', '-sS', 'http://127.0.0.1:9112/');
      for (const command of ['status', 'events', 'reload --dry-run', 'ipvs show']) {
        await hear(...commandLine(...command.split(' '), '--socket', socket));
        await hear(...commandLine(...command.split(' '), '--socket', socket, '--json'));
      }

      const file = agentFile(lab, host);
      const good = readFileSync(file, 'utf8');
      writeFileSync(file, good.replace(PASSWORD, 'new'));
      expect(await hear(...commandLine('reload', '--socket', socket))).toContain('password');
      writeFileSync(file, good.replace(PASSWORD, NUMBER));
      await hear(...commandLine('reload', '--socket', socket));
      await hear(...commandLine('check', '--config', file));
      agent.signal('SIGHUP');
      // By command, and by signal.
      await waitFor('both refusals of the file', async () => {
        const events = await eventsOf(agent);
        return events.filter(({ kind }) => kind === 'configuration-refused').length === 2;
      });
      said.push(JSON.stringify(await eventsOf(agent)));
      await agent.stop();
      said.push(readFileSync(lab.path(`${host.name}-agent.log`), 'utf8'));

      const text = said.join('\n');
      expect(text).toContain('auth-failure');
      for (const secret of SECRETS) expect(text).not.toContain(secret);
    }));
});
