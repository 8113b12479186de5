import { describe, expect, test } from 'vitest';
import { openerOf } from '../../../../src/ipvs/keep/ipvs-kernel.ts';

/** A kernel whose module is loaded, or can be. */
function rig({ canLoad = false } = {}) {
  const state = { now: 0, hasIpvs: false, loaded: 0, asked: 0 };
  const open = openerOf(
    () => {
      state.asked++;
      if (!state.hasIpvs) throw new Error('find the netlink family IPVS: ENOENT');
      return 'client';
    },
    async () => {
      state.loaded++;
      state.hasIpvs = canLoad;
    },
    () => state.now,
  );
  return { state, open };
}

describe('opening IPVS', () => {
  test('loads no module if the kernel has IPVS', async () => {
    const { state, open } = rig();
    state.hasIpvs = true;
    expect(await open()).toBe('client');
    expect(state.loaded).toBe(0);
  });

  test('loads the module if the kernel does not have IPVS', async () => {
    const { state, open } = rig({ canLoad: true });
    expect(await open()).toBe('client');
    expect([state.loaded, state.asked]).toEqual([1, 2]);
  });

  test('says what is missing and what to do', async () => {
    await expect(rig().open()).rejects.toThrow(
      'this kernel has no IPVS (find the netlink family IPVS: ENOENT): try `modprobe ip_vs`; it needs CONFIG_IP_VS',
    );
  });

  test('asks the kernel each time, but starts a process once a minute in the end', async () => {
    const { state, open } = rig();
    for (; state.now < 600_000; state.now += 2_000) await open().catch(() => {});
    expect(state.asked - state.loaded).toBe(300);
    expect(state.loaded).toBe(13);
  });

  test('finds a module that another program loaded immediately', async () => {
    const { state, open } = rig();
    await open().catch(() => {});
    state.now += 2_000;
    state.hasIpvs = true;
    expect(await open()).toBe('client');
  });
});
