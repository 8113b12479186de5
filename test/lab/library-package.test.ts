/** The library entries and their examples, from the packed npm package, as another project uses them. */
import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { packageFile } from '../../src/files/package-files.ts';
import { startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import { Labs, labPrefix } from '../../src/lab/run/labs.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { lacks } from '../interop/harness/requirements.ts';

const project = mkdtempSync(join(tmpdir(), 'vrrp-agent-project-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const execute = promisify(execFile);
const modules = join(project, 'node_modules');
const EXAMPLES = packageFile('docs/examples');

/** A mistake in the use of each entry, which its types have to find. */
const MISTAKES = `
import { ControlClient, type PeersDocument } from 'vrrp-agent/client';
import { runScenario } from 'vrrp-agent/lab';
import { decodePacket } from 'vrrp-agent/wire';

const client = new ControlClient({ socket: '/x' });
export const peers: PeersDocument = await client.peers();
const status = await client.status();
// @ts-expect-error no such field
status.instances[0]?.colour;
// @ts-expect-error not a scenario
await runScenario('crash');
// @ts-expect-error a message is bytes
decodePacket({ message: 'ff' });
// @ts-expect-error no such entry
import 'vrrp-agent/daemon';
`;

/** Runs a program in the project; a failure shows what it printed. */
async function execIn(program: string, args: readonly string[], more: Record<string, string> = {}) {
  const environment = { ...process.env, ...more };
  try {
    return await execute(program, args, { cwd: project, env: environment });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  }
}

const nodeIn = (args: readonly string[], more?: Record<string, string>) =>
  execIn(process.execPath, args, more);

beforeAll(async () => {
  mkdirSync(modules);
  const root = packageFile('.');
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', project];
  const { stdout } = await execute('npm', pack, { cwd: root });
  await execIn('tar', ['-xzf', stdout.trim()]);
  renameSync(join(project, 'package'), join(modules, 'vrrp-agent'));
  // The dependencies, as npm would install them.
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (!name.startsWith('.') && !existsSync(join(modules, name))) {
      symlinkSync(join(root, 'node_modules', name), join(modules, name));
    }
  }
  cpSync(EXAMPLES, project, { recursive: true });
  writeFileSync(join(project, 'mistakes.ts'), MISTAKES);
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        ...{ module: 'NodeNext', target: 'ES2023', strict: true, types: ['node'] },
        ...{ skipLibCheck: true, exactOptionalPropertyTypes: true, outDir: 'built', rootDir: '.' },
      },
      include: ['*.ts'],
    }),
  );
}, 60_000);

describe.skipIf(lacks())('the packed library', () => {
  test('has types that accept the examples and find mistakes', async () => {
    await nodeIn(['node_modules/typescript/bin/tsc', '--project', 'tsconfig.json']);
    expect(existsSync(join(project, 'built/maintenance.js'))).toBe(true);
  });

  test('vrrp-agent/lab: the split-brain test passes in its own test runner', async () => {
    const { stdout } = await nodeIn([
      ...['node_modules/vitest/vitest.mjs', 'run', 'split-brain.test.ts'],
      ...['--root', project, '--no-color'],
    ]);
    expect(stdout).toMatch(/Tests +1 passed/);
  }, 90_000);

  test('vrrp-agent/wire: the decoder shows the failure in the capture of that test', async () => {
    const { stdout } = await nodeIn(['built/decode-capture.js', 'split-brain.pcap']);
    const lines = stdout.trimEnd().split('\n');
    // Either director may be the first that is MASTER.
    expect(lines).toContainEqual(
      expect.stringMatching(/Z \S+ VRID 55 priority 150 every 100 ms: /),
    );
    expect(lines.filter((line) => line.includes('priority 100'))).not.toEqual([]);
    expect(stdout).not.toContain('refused');
  });

  test('vrrp-agent/client: the maintenance script hands over, works, and returns', async () => {
    const labs = new Labs();
    onTestFinished(() => labs.downAll());
    const lab = await labs.up({ prefix: labPrefix(), directors: 2, clients: 0 });
    const [first, second] = [lab.director(1), lab.director(2)];
    const instance = (priority: number) => ({
      ...{ addresses: ['203.0.113.100'], advertisement_interval: '100ms', priority },
    });
    const lb1 = await startAgent(lab, first, { instances: [instance(150)] });
    const lb2 = await startAgent(lab, second, { instances: [instance(100)] });
    const socket = { VRRP_AGENT_SOCKET: lb1.socket };
    await waitFor('lb1 MASTER', async () => (await lb1.state()) === 'MASTER');
    await waitFor('lb2 BACKUP', async () => (await lb2.state()) === 'BACKUP');

    const work = 'require("node:fs").writeFileSync("worked", "")';
    const script = ['built/maintenance.js', process.execPath, '-e', work];
    const { stdout } = await nodeIn(script, socket);
    expect(stdout).toMatch(
      /^web: handed-over, now FAULT, 0 ms without a director\nweb: done, now /,
    );
    expect(existsSync(join(project, 'worked'))).toBe(true);
    expect((await lb1.instance()).maintenance).toBeNull();
    await waitFor('lb1 MASTER again', async () => (await lb1.state()) === 'MASTER');

    await expect(nodeIn(['built/maintenance.js', 'false'], socket)).rejects.toThrow(
      'stays in maintenance',
    );
    expect((await lb1.instance()).maintenance?.reason).toBe('false');
    expect(await lb2.state()).toBe('MASTER');
  }, 60_000);
});

test('docs/library.md names every entry of the package, and every request of its client', () => {
  const page = readFileSync(packageFile('docs/library.md'), 'utf8');
  const { exports } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  for (const entry of Object.keys(exports).filter((one) => !one.endsWith('.json'))) {
    expect(page).toContain(`vrrp-agent${entry.slice(1)}`);
  }
  const methods = Object.getOwnPropertyNames(ControlClient.prototype);
  const requests = methods.filter((name) => name !== 'constructor');
  expect(requests.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});
