/** One busy loop for each core, of ordinary priority, ended with the lab or when told. */
import { availableParallelism } from 'node:os';
import type { Lab } from '../../src/lab/lab.ts';

export async function underLoad<Value>(lab: Lab, use: () => Promise<Value>): Promise<Value> {
  const loops = await Promise.all(
    Array.from({ length: availableParallelism() }, (_, at) =>
      lab.spawn(lab.client, 'sh', ['-c', 'while :; do :; done'], { label: `busy-${at}` }),
    ),
  );
  try {
    return await use();
  } finally {
    for (const loop of loops) loop.signal('SIGKILL');
    await Promise.all(loops.map(({ ended }) => ended));
  }
}
