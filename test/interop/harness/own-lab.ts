/** A lab for one test that runs concurrently with others: removed when the test ends. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { Lab } from '../../../src/lab/topology/lab.ts';

let count = 0;

/** A failure includes the last lines of output of the programs in the lab. */
export async function inLab<Value>(
  story: (lab: Lab) => Promise<Value>,
  directors = 2,
): Promise<Value> {
  const prefix = `i${process.pid.toString(36)}-${(count++).toString(36)}`;
  const lab = await Lab.up({ prefix, directors });
  try {
    return await story(lab);
  } catch (cause) {
    throw withLogs(cause, lab);
  } finally {
    await lab.down();
  }
}

const LINES = 12;

function withLogs(cause: unknown, lab: Lab): unknown {
  if (!(cause instanceof Error) || !existsSync(lab.directory)) return cause;
  const logs = readdirSync(lab.directory).filter((name) => name.endsWith('.log'));
  const tails = logs.map((name) => {
    const lines = readFileSync(lab.path(name), 'utf8').trimEnd().split('\n');
    return `${name}:\n${lines.slice(-LINES).join('\n')}`;
  });
  cause.message = [cause.message, ...tails].join('\n\n');
  return cause;
}
