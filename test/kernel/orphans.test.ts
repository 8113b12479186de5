/** The first process of a PID namespace, which inherits the orphans of all others. */
import { spawn } from 'node:child_process';
import { expect, test } from 'vitest';
import { builtProgram } from '../../src/lab/program.ts';
import { kernelSuite } from './support.ts';

/**
 * Starts children that end with a status and leave an orphan each, which ends later. Prints the statuses
 * that Node has reported, and the zombies at the end.
 */
function program(reaps: boolean): string {
  return `
    const { spawn } = await import('node:child_process');
    const { readdirSync, readFileSync } = await import('node:fs');
    const { OrphanReaper } = await import(${JSON.stringify(builtProgram('src/kernel/process/orphans.js'))});
    if (${reaps}) new OrphanReaper(20);
    const statuses = [];
    let waiting = 0;
    const start = (status) => {
      waiting++;
      const child = spawn('sh', ['-c', 'sleep 0.05 & exit ' + status], { detached: true });
      child.once('exit', (code) => { statuses.push([status, code]); waiting--; });
    };
    for (let n = 0; n < 30; n++) {
      start(n);
      // The loop stands still now and then, so that children wait to be noticed.
      if (n % 10 === 0) { const end = Date.now() + 60; while (Date.now() < end); }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const deadline = Date.now() + 20_000;
    const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
    const zombies = () => readdirSync('/proc').filter((one) => /^[0-9]+$/.test(one)).filter((pid) => {
      try { return / Z 1 /.test(readFileSync('/proc/' + pid + '/stat', 'utf8')); } catch { return false; }
    }).length;
    while (waiting > 0 && Date.now() < deadline) await pause();
    const settle = Date.now() + ${reaps ? 20_000 : 500};
    await new Promise((resolve) => setTimeout(resolve, 300));
    while (zombies() > 0 && Date.now() < settle) await pause();
    console.log(JSON.stringify({ pid: process.pid, statuses, zombies: zombies() }));
    process.exit(0);
  `;
}

async function runAsFirst(reaps: boolean) {
  const node = [process.execPath, '--input-type=module', '-e', program(reaps)];
  const args = ['--pid', '--fork', '--kill-child', '--mount-proc', ...node];
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  return JSON.parse(text) as { pid: number; statuses: [number, number][]; zombies: number };
}

kernelSuite('FR-K the first process of a container', () => {
  test('reaps orphans, and Node still learns how each of its own children ended', async () => {
    const { pid, statuses, zombies } = await runAsFirst(true);
    expect(pid).toBe(1);
    expect(zombies).toBe(0);
    expect(statuses).toHaveLength(30);
    for (const [expected, status] of statuses) expect(status).toBe(expected);
  });

  test('has zombies without it, so that the test above can fail', async () => {
    expect((await runAsFirst(false)).zombies).toBeGreaterThan(20);
  });
});
