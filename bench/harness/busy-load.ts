/** One busy loop per core at ordinary priority, until `use` or this process ends, or for 10 minutes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';

const SECONDS_MAX = 600;

export async function underLoad<Value>(use: () => Promise<Value>): Promise<Value> {
  const loops = Array.from({ length: availableParallelism() }, () =>
    spawn('timeout', [String(SECONDS_MAX), 'sh', '-c', 'while :; do :; done'], {
      stdio: 'ignore',
    }),
  );
  const end = () => {
    for (const loop of loops) loop.kill('SIGTERM');
  };
  process.once('exit', end);
  const ended = loops.map((loop) => once(loop, 'exit'));
  try {
    return await use();
  } finally {
    end();
    process.off('exit', end);
    await Promise.all(ended);
  }
}
