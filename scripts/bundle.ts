/**
 * Bundles the agent into few files, for the emulated machine of the IPVS tests: there, finding and
 * compiling hundreds of modules takes longer than running them.
 *   node dist/scripts/bundle.js DIRECTORY        the program is DIRECTORY/dist/cli/commands/main.js
 */
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** As deep as `src/cli/commands`: the agent finds its other files by relative paths. */
const PLACE = 'cli/commands';

async function writeBundle(directory: string): Promise<void> {
  const bundle = await rolldown({
    input: {
      [`${PLACE}/main`]: join(ROOT, 'dist/src/cli/main.js'),
      'checker/process/checker-process': join(ROOT, 'dist/src/checker/process/checker-process.js'),
      'protocol/thread/protocol-thread': join(ROOT, 'dist/src/protocol/thread/protocol-thread.js'),
    },
    platform: 'node',
    external: ['koffi'],
  });
  await bundle.write({
    dir: join(directory, 'dist'),
    format: 'esm',
    chunkFileNames: `${PLACE}/[name]-[hash].js`,
  });
  await bundle.close();
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
}

const [, , directory] = process.argv;
if (directory === undefined) throw new Error('usage: bundle DIRECTORY');
await writeBundle(directory);
