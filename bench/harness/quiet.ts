/** Waits for an idle host, so that other work is not measured. */
import { cpus } from 'node:os';
import { sleep } from '../../src/lab/wait.ts';

const LOOK_MILLISECONDS = 500;
const IDLE_PART = 0.9;

/** False if the host is not idle in time. */
export async function quietMachine(milliseconds: number): Promise<boolean> {
  const end = performance.now() + milliseconds;
  for (let before = times(); performance.now() < end; before = times()) {
    await sleep(LOOK_MILLISECONDS);
    const now = times();
    if (now.idle - before.idle >= IDLE_PART * (now.all - before.all)) return true;
  }
  return false;
}

function times() {
  let [idle, all] = [0, 0];
  for (const { times: spent } of cpus()) {
    idle += spent.idle;
    all += spent.idle + spent.user + spent.nice + spent.sys + spent.irq;
  }
  return { idle, all };
}
