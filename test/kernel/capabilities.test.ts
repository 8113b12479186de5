/** Capabilities in a user namespace, which any user may make. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { builtProgram } from '../../src/lab/program.ts';
import { kernelSuite } from './support.ts';

const PROGRAM = `
  const { missingCapabilities, hasRightsOnNetwork } = await import(${JSON.stringify(builtProgram('src/kernel/capability/capabilities.js'))});
  console.log(JSON.stringify({ missing: missingCapabilities(), rights: hasRightsOnNetwork() }));
`;

/** In new namespaces of these kinds. */
function foundIn(...namespaces: string[]): unknown {
  const node = [process.execPath, '--input-type=module', '-e', PROGRAM];
  return JSON.parse(execFileSync('unshare', [...namespaces, ...node], { encoding: 'utf8' }));
}

kernelSuite('FR-K the capabilities of a container', () => {
  test('mean something for its own network, and nothing for that of the host', () => {
    expect(foundIn('--user', '--map-root-user', '--net')).toEqual({ missing: [], rights: true });
    expect(foundIn('--user', '--map-root-user')).toEqual({ missing: [], rights: false });
    expect(foundIn('--net')).toEqual({ missing: [], rights: true });
  });
});
