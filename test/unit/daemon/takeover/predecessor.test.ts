/** The running agent, and who may replace it. */
import { describe, expect, test } from 'vitest';
import { CommandRefusal, type Peer } from '../../../../src/control/commands.ts';
import type { Configuration } from '../../../../src/daemon/configuration.ts';
import { Predecessor } from '../../../../src/daemon/takeover/predecessor.ts';
import type {
  BegunDocument,
  PreparedDocument,
} from '../../../../src/daemon/takeover/takeover-protocol.ts';

const ROOT = 0;
const AGENT = 998;
const OPERATOR = 1000;

function running(child?: number, pid = 4711, instances: readonly object[] = []) {
  const calls: string[] = [];
  const configuration = {
    ...{ settings: { router: 'lb1', instances }, generation: 1, isStopping: false },
    stop: () => calls.push('stopped'),
  } as unknown as Configuration;
  const predecessor = new Predecessor({
    ...{ version: '1', configuration, uid: AGENT, pid, child: () => child },
    protocol: {
      freeze: async () => {
        calls.push('frozen');
        return { routers: [], probes: [], counters: [] };
      },
      thaw: () => calls.push('thawed'),
      abandon: (resign) => calls.push(['abandoned', ...resign].join(' ')),
    },
    ipvs: () => undefined,
    onCommit: () => calls.push('committed'),
  });
  const prepare = (peer: Peer | undefined) => predecessor.take({ step: 'prepare' }, peer);
  const begin = (peer: Peer | undefined) =>
    predecessor.take({ step: 'begin', generation: 1 }, peer) as Promise<BegunDocument>;
  const commit = (token: string, peer: Peer | undefined, resign?: string[]) =>
    predecessor.take({ step: 'commit', token, ...(resign === undefined ? {} : { resign }) }, peer);
  return { calls, prepare, begin, commit };
}

describe('FR-O7 a takeover', () => {
  test.each([
    ['root', ROOT],
    ['the user of the agent', AGENT],
  ])('by %s succeeds', async (_, uid) => {
    const { calls, prepare, begin, commit } = running();
    const peer = { pid: 7, uid };
    await prepare(peer);
    const { token } = await begin(peer);
    await commit(token, peer);
    expect(calls).toEqual(['frozen', 'stopped', 'committed', 'abandoned']);
  });

  test.each([
    ['an operator', { pid: 7, uid: OPERATOR }],
    ['a process that the kernel does not name', undefined],
    ['a container that hides its pid', { pid: 0, uid: ROOT }],
  ])('by %s is refused at each step, and the agent does not pause', async (_, peer) => {
    const { calls, prepare, begin, commit } = running();
    await prepare({ pid: 8, uid: ROOT });
    for (const step of [prepare, begin, () => commit('token', peer)]) {
      await expect(step(peer)).rejects.toBeInstanceOf(CommandRefusal);
    }
    expect(calls).toEqual([]);
  });

  test('is begun and committed only by the process that has prepared it', async () => {
    const { calls, prepare, begin, commit } = running();
    const peer = { pid: 7, uid: ROOT };
    const other = { pid: 8, uid: ROOT };
    await expect(begin(other)).rejects.toThrow('has not asked to prepare');
    await prepare(peer);
    await expect(begin(other)).rejects.toThrow('has not asked to prepare');
    const { token } = await begin(peer);
    await expect(commit(token, other)).rejects.toThrow('has not asked to prepare');
    expect(calls).toEqual(['frozen']);
    await commit(token, peer);
    expect(calls).toContain('committed');
  });

  test('lets the protocol know whose priority 0 the next process cannot sign', async () => {
    const { calls, prepare, begin, commit } = running();
    const peer = { pid: 7, uid: ROOT };
    await prepare(peer);
    const { token } = await begin(peer);
    await commit(token, peer, ['eth0 ipv4 55']);
    expect(calls.at(-1)).toBe('abandoned eth0 ipv4 55');
  });

  test('says which routers sign, and no password', async () => {
    const [pass, hmac] = [
      { type: 'pass', password: 'secret' },
      { type: 'hmac', keyIds: [1] },
    ];
    const both = [{ authentication: pass }, { authentication: hmac }];
    const { prepare } = running(undefined, 4711, both);
    const { settings } = (await prepare({ pid: 7, uid: ROOT })) as PreparedDocument;
    expect(settings.instances.map(({ authentication }) => authentication)).toEqual([
      { type: 'none' },
      hmac,
    ]);
  });

  test('belongs to the child of SIGUSR2 while it runs', async () => {
    const { calls, prepare, begin } = running(7);
    await expect(prepare({ pid: 8, uid: ROOT })).rejects.toThrow('pid 7, started by SIGUSR2');
    await prepare({ pid: 7, uid: ROOT });
    await begin({ pid: 7, uid: ROOT });
    expect(calls).toEqual(['frozen']);
  });

  test('FR-K of the first process of a container is refused: its end would end the new one', async () => {
    const { prepare } = running(undefined, 1);
    await expect(prepare({ pid: 8, uid: ROOT })).rejects.toThrow('--init');
  });
});
