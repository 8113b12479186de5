/**
 * Writes the agent as few files, for a machine whose processor is emulated and whose files come over
 * a wire: there, finding and compiling some three hundred modules takes longer than running them.
 *   node dist/scripts/bundle.js DIRECTORY        the program is DIRECTORY/dist/cli/commands/main.js
 */
import { copyFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Every file lies as deep as `src/cli/commands`, from where the agent looks for the others. */
const PLACE = 'cli/commands';

async function writeBundle(directory: string): Promise<void> {
  const bundle = await rolldown({
    input: {
      [`${PLACE}/main`]: join(ROOT, 'dist/src/cli/main.js'),
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
