/** A director records, in one process after another, and both recordings are replayed. */
import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { replayFile } from '../../scripts/replay/replay-file.ts';
import { ControlClient } from '../../src/control/client.ts';
import { agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { reaches, startOn } from '../interop/harness/agent-story.ts';
import { inLab } from '../interop/harness/own-lab.ts';

test(
  'what a director has recorded is replayed, also by the process that SIGUSR2 starts',
  () =>
    inLab(async (lab) => {
      const peer = await startOn(lab, 2);
      const first = await startOn(lab, 1, { priority: 150 });
      await reaches(first, 'MASTER');
      await reaches(peer, 'BACKUP');
      const host = lab.director(1);
      const file = lab.path('field.jsonl');
      const client = new ControlClient({ socket: agentSocket(lab, host) });
      const nextAfter = async (pid: number) => {
        await waitFor('the next process answers', async () => {
          const status = await client.status().catch(() => undefined);
          return status !== undefined && status.pid !== pid;
        });
        return (await client.status()).pid;
      };
      const { pid } = await client.status();
      const config = ['--config', lab.path(`${host.name}.yaml`)];
      const args = ['run', '--takeover', ...config, '--record', file];
      const program = builtProgram('src/cli/main.js');
      await lab.spawn(host, process.execPath, [program, ...args], { label: 'next', log: true });
      const recording = await nextAfter(pid);
      process.kill(recording, 'SIGUSR2');
      const last = await nextAfter(recording);
      process.kill(last, 'SIGTERM');
      await reaches(peer, 'MASTER');
      await waitFor('the end of the recording', () =>
        readFileSync(file, 'utf8').includes('"to":"INIT"'),
      );
      expect(replayFile(`${file}.1`)).toMatchObject({ kind: 'same', transitions: 0 });
      expect(replayFile(file)).toMatchObject({ kind: 'same', transitions: 1 });
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }),
  60_000,
);
