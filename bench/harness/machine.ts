/** Facts about the host that readers of the results need, without its name. */
import { availableParallelism, release } from 'node:os';
import { CommandError, run } from '../../src/lab/command.ts';

export interface Machine {
  readonly kernel: string;
  readonly node: string;
  readonly keepalived: string;
  readonly cores: number;
}

export async function machineFacts(): Promise<Machine> {
  return {
    kernel: release().replace(/^(\d+\.\d+(\.\d+)?).*$/, '$1'),
    node: process.versions.node,
    keepalived: await keepalivedVersion(),
    cores: availableParallelism(),
  };
}

/** keepalived prints its version on standard error. */
async function keepalivedVersion(): Promise<string> {
  try {
    const text = await run('sh', ['-c', 'keepalived --version 2>&1']);
    return /v(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? 'unknown';
  } catch (error) {
    if (error instanceof CommandError) return 'not installed';
    throw error;
  }
}
