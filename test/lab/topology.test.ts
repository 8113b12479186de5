import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { Lab } from '../../src/lab/topology/lab.ts';
import { namespacesOf, virtualAddress } from '../../src/lab/topology/layout.ts';
import { isRunning, startTimeOf } from '../../src/lab/topology/processes.ts';
import { knownPrefixes } from '../../src/lab/topology/state.ts';
import { tearDown } from '../../src/lab/topology/tear-down.ts';
import { waitFor } from '../../src/lab/wait.ts';
import { useLabs } from '../interop/harness/fresh-lab.ts';
import { clientReaches } from '../interop/harness/master.ts';
import { lacks } from '../interop/harness/requirements.ts';

describe.skipIf(lacks('ping'))('a lab', () => {
  const labs = useLabs();

  test('connects the client with every director', async () => {
    const lab = await labs.up(3);
    for (const { address } of lab.layout.directors) {
      expect(await clientReaches(lab, address)).toBe(true);
    }
  });

  test('leaves nothing in the host namespace', async () => {
    const before = await run('ip', ['-brief', 'link', 'show']);
    await labs.up();
    expect(await run('ip', ['-brief', 'link', 'show'])).toBe(before);
  });

  test('removes the carrier of a director whose port is cut, and restores it', async () => {
    const lab = await labs.up();
    const director = lab.director(1);
    await lab.addAddress(director, virtualAddress(0), 32);
    expect(await lab.holders(virtualAddress(0))).toEqual([director]);
    await lab.cut(director);
    expect(await lab.holders(virtualAddress(0))).toEqual([]);
    expect(await clientReaches(lab, director.address)).toBe(false);
    await lab.restore(director);
    await waitFor('the way back', () => clientReaches(lab, director.address));
    await lab.deleteAddress(director, virtualAddress(0), 32);
    expect(await lab.holders(virtualAddress(0))).toEqual([]);
  });

  test('forwards everything but VRRP where VRRP is blocked', async () => {
    const lab = await labs.up();
    await lab.blockVrrp(lab.director(1), lab.director(2), 'one-way');
    const rules = () =>
      run('ip', ['netns', 'exec', lab.layout.switchNamespace, 'nft', 'list', 'ruleset']);
    expect(await rules()).toContain('iifname "lb1" oifname "lb2" ip protocol vrrp drop');
    expect(await rules()).not.toContain('iifname "lb2"');
    await lab.run(lab.director(1), 'ping', ['-c', '1', '-W', '1', lab.director(2).address]);
    await lab.unblockVrrp();
    expect(await rules()).toBe('');
  });

  test('cannot be created twice', async () => {
    const lab = await labs.up();
    const again = Lab.up({ prefix: lab.layout.prefix });
    await expect(again).rejects.toMatchObject({ code: 'lab-exists' });
    expect(await clientReaches(lab, lab.director(1).address)).toBe(true);
  });

  test('reports which command failed and why', async () => {
    const lab = await labs.up();
    const deletion = lab.deleteAddress(lab.director(1), virtualAddress(9), 32);
    await expect(deletion).rejects.toMatchObject({
      code: 'command-failed',
      command: `ip -n ${lab.director(1).namespace} -batch -`,
      stderr: expect.stringContaining('Address not found'),
    });
  });
});

describe.skipIf(lacks())('tear-down', () => {
  const labs = useLabs();

  test('removes namespaces, processes and files', async () => {
    const lab = await labs.up();
    const { identity } = await lab.spawn(lab.client, 'sleep', ['600'], { label: 'sleep' });
    expect(isRunning(identity)).toBe(true);
    await lab.down();
    const left = await run('ip', ['netns', 'list']);
    for (const namespace of namespacesOf(lab.layout)) expect(left).not.toContain(namespace);
    expect(isRunning(identity)).toBe(false);
    expect(existsSync(lab.directory)).toBe(false);
    expect(knownPrefixes()).not.toContain(lab.layout.prefix);
  });

  test('ends foreign processes in its namespaces', async () => {
    const lab = await labs.up();
    const shell = ['-c', 'setsid sleep 600 >/dev/null 2>&1 & exit 0'];
    await lab.run(lab.director(2), 'sh', shell);
    const pids = () => run('ip', ['netns', 'pids', lab.director(2).namespace]);
    const pid = Number(await waitFor('the sleeper', async () => (await pids()).trim() || false));
    await lab.down();
    expect(startTimeOf(pid)).toBeUndefined();
  });

  test('removes a lab by its name, and says whether it existed', async () => {
    const lab = await labs.up();
    await lab.spawn(lab.client, 'sleep', ['600'], { label: 'sleep' });
    expect(await tearDown(lab.layout.prefix)).toBe(true);
    expect(await tearDown(lab.layout.prefix)).toBe(false);
    expect(knownPrefixes()).not.toContain(lab.layout.prefix);
  });
});
