/**
 * Bundles the program into few files: finding and compiling hundreds of modules takes longer than
 * running them, and an installed agent needs no folder of packages beside it.
 *   node dist/scripts/bundle.js [DIRECTORY]      default: this folder
 * The program is DIRECTORY/bundle/src/cli/main.js. Programs of the bundle have the paths that they have
 * in `dist`, so that src/files/package-files.ts finds them in both.
 */
import { chmodSync, copyFileSync, existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = 'src/cli/main.js';

/** Of the modules that the bundler itself writes. */
const PREFIX = '\0required:';

const CHECKER = 'src/checker/process/checker-process.js';

/** What Node starts beside the command line: the thread, the processes of agent and lab. */
const OTHERS = [
  'src/protocol/thread/protocol-thread.js',
  CHECKER,
  'src/lab/packets/forger.js',
  'src/lab/probes/client-program.js',
  'src/lab/probes/prober.js',
  'src/lab/probes/service-program.js',
];

/**
 * An `import` of these reads all their exports, among them getters that load what the agent does not
 * use: fetch, TLS, HTTP/2, streams of browsers. In Node 26 that takes 40 ms and 15 MB for `node:http`.
 * A `require` reads only what is used.
 */
const REQUIRED_BUILTINS: Plugin = {
  name: 'required-builtins',
  resolveId: (id, importer) =>
    /^node:https?$/.test(id) && importer?.startsWith(PREFIX) !== true
      ? `${PREFIX}${id}`
      : undefined,
  load: (id) =>
    id.startsWith(PREFIX)
      ? { code: `module.exports = require('${id.slice(PREFIX.length)}');`, moduleType: 'js' }
      : undefined,
};

/** Returns the npm packages whose code is in the bundle. */
export async function writeBundle(directory: string): Promise<string[]> {
  const target = join(directory, 'bundle');
  rmSync(target, { recursive: true, force: true });
  // A command loads what it needs, and so does the checker, which seldom sends mail; the other programs
  // need all they have, and share no memory.
  const written = [await bundleProgram(MAIN, target, true)];
  for (const path of OTHERS) written.push(await bundleProgram(path, target, path === CHECKER));
  chmodSync(join(target, MAIN), 0o755);
  assertNothingBefore(join(target, MAIN));
  return packagesIn(written.flat());
}

async function bundleProgram(
  path: string,
  target: string,
  codeSplitting: boolean,
): Promise<OutputChunk[]> {
  const bundle = await rolldown({
    input: { [path.replace(/\.js$/, '')]: join(ROOT, 'dist', path) },
    platform: 'node',
    // It loads native code from its own folder.
    external: ['koffi'],
    plugins: [REQUIRED_BUILTINS],
  });
  const { output } = await bundle.write({
    dir: target,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'src/parts/[name]-[hash].js',
    comments: { legal: false, annotation: false, jsdoc: false },
    codeSplitting,
  });
  await bundle.close();
  return output.filter((one) => one.type === 'chunk');
}

/** The first statement of main.ts closes the way to a debugger: no import may be evaluated before it. */
function assertNothingBefore(file: string): void {
  if (/^import\b(?!\()/m.test(readFileSync(file, 'utf8'))) {
    throw new Error(`${file} imports something before its first statement`);
  }
}

function packagesIn(chunks: readonly OutputChunk[]): string[] {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
  const names = modules.flatMap(
    (id) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? [],
  );
  return [...new Set(names)].sort();
}

/** Another folder needs the files that the bundle finds beside itself. */
function completeFolder(directory: string): void {
  copyFileSync(join(ROOT, 'package.json'), join(directory, 'package.json'));
  for (const name of ['node_modules', 'config', 'src']) {
    if (!existsSync(join(directory, name))) symlinkSync(join(ROOT, name), join(directory, name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const directory = resolve(process.argv[2] ?? ROOT);
  await writeBundle(directory);
  if (directory !== resolve(ROOT)) completeFolder(directory);
}
