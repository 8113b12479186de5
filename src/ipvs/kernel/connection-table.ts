/** The table of connections, of the network namespace of the process. */
import { createReadStream } from 'node:fs';

const FILE = '/proc/net/ip_vs_conn_sync';
const CHUNK = 256 * 1024;

/**
 * Lines of the file, a chunk at a time; between two of them the thread does other things. Throws
 * ENOENT where the kernel has no IPVS.
 */
export async function* connectionLines(file = FILE): AsyncGenerator<readonly string[]> {
  let rest = '';
  const stream = createReadStream(file, { encoding: 'latin1', highWaterMark: CHUNK });
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}
