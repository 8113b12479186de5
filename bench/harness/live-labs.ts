/** The labs of this run, so that an interrupted bench can remove them. */
import { Lab, type LabOptions } from '../../src/lab/topology/lab.ts';
import { scenarioLabs } from './scenario-run.ts';

const live = new Set<Lab>();
let count = 0;

/** Creates a lab for the function and removes it afterwards. */
export async function withLab<Value>(
  use: (lab: Lab) => Promise<Value>,
  networks: Pick<LabOptions, 'peerNetwork' | 'gateway'> = {},
): Promise<Value> {
  const lab = await Lab.up({ prefix: `bench${process.pid}-${count++}`, ...networks });
  live.add(lab);
  try {
    return await use(lab);
  } finally {
    await lab.down();
    live.delete(lab);
  }
}

export async function tearDownLive(): Promise<void> {
  for (const lab of live) await lab.down();
  live.clear();
  await scenarioLabs.downAll();
}
