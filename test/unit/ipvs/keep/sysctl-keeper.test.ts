import { describe, expect, test } from 'vitest';
import { SysctlKeeper } from '../../../../src/ipvs/keep/sysctl-keeper.ts';
import { type Instant, instant } from '../../../../src/net/time.ts';
import { FakeKernel } from '../fake-kernel.ts';
import { QuietLog } from '../quiet-log.ts';

function bench(before: Record<string, string> = {}, now?: () => Instant) {
  const kernel = new FakeKernel();
  kernel.parameters.set('sync_retries', '0').set('sync_threshold', '3 50');
  const quiet = new QuietLog(now);
  const keeper = new SysctlKeeper(quiet.log, before, kernel.kernel().sysctls);
  return { kernel, quiet, keeper };
}

describe('the parameters of the kernel', () => {
  test('are set where they differ, and restored at the end', () => {
    const { kernel, keeper } = bench();
    keeper.want(
      new Map([
        ['sync_retries', '2'],
        ['sync_threshold', '3 50'],
      ]),
    );
    expect(kernel.written).toEqual(['sync_retries = 2']);
    expect(keeper.before).toEqual({ sync_retries: '0' });
    keeper.restore();
    expect(kernel.written).toEqual(['sync_retries = 2', 'sync_retries = 0']);
  });

  test('that are no longer configured are restored immediately', () => {
    const { kernel, keeper } = bench();
    keeper.want(new Map([['sync_retries', '2']]));
    keeper.want(new Map());
    expect(kernel.parameters.get('sync_retries')).toBe('0');
    expect(keeper.before).toEqual({});
  });

  test('get back their values from before a run that crashed', () => {
    const { kernel, keeper } = bench({ sync_retries: '1' });
    keeper.want(new Map([['sync_retries', '2']]));
    keeper.restore();
    expect(kernel.parameters.get('sync_retries')).toBe('1');
  });

  test('that another program changed are restored and counted', () => {
    const { kernel, keeper, quiet } = bench();
    keeper.want(new Map([['sync_retries', '2']]));
    keeper.check();
    expect(keeper.repairs).toBe(0);
    kernel.parameters.set('sync_retries', '3');
    keeper.check();
    expect([keeper.repairs, kernel.parameters.get('sync_retries')]).toEqual([1, '2']);
    expect(quiet.lines).toEqual([
      'ipvs-sysctl-repaired: restored 1 IPVS parameters that another program changed',
    ]);
    keeper.restore();
    expect(kernel.parameters.get('sync_retries')).toBe('0');
  });

  test('FR-E: that another program changes again and again are restored later and later', () => {
    let at = 0;
    const { kernel, keeper, quiet } = bench({}, () => instant(at));
    keeper.want(new Map([['sync_retries', '2']]));
    // Every 2 s for a minute, as the agent compares them.
    for (; at < 60_000_000; at += 2_000_000) {
      kernel.parameters.set('sync_retries', '3');
      keeper.check();
    }
    // Without the pauses: 30.
    expect(keeper.repairs).toBe(15);
    expect(quiet.lines).toHaveLength(4);
    expect(quiet.lines.at(-1)).toContain('8 times in a row');
  });

  test('FR-N11 that the kernel itself changes when memory is low are left alone', () => {
    const { kernel, keeper } = bench();
    kernel.parameters.set('drop_entry', '0').set('sync_retries', '1');
    const wanted = { drop_entry: '1', sync_retries: '1' };
    keeper.want(new Map(Object.entries(wanted)));
    kernel.parameters.set('drop_entry', '2');
    keeper.check();
    expect([keeper.repairs, kernel.parameters.get('drop_entry')]).toEqual([0, '2']);
    kernel.parameters.set('drop_entry', '3').set('sync_retries', '2');
    keeper.check();
    expect([keeper.repairs, kernel.parameters.get('drop_entry')]).toEqual([2, '1']);
  });

  test('that are missing or refused are logged once', () => {
    const { kernel, keeper, quiet } = bench();
    kernel.refuses.add('sync_retries');
    keeper.want(
      new Map([
        ['sync_retries', '9'],
        ['new_one', '1'],
      ]),
    );
    keeper.check();
    expect(quiet.log.troubles()).toEqual([
      expect.stringContaining('set sync_retries'),
      'this kernel has no parameter net.ipv4.vs.new_one',
    ]);
    expect(quiet.lines).toHaveLength(2);
    expect(keeper.rows()).toEqual([
      { name: 'sync_retries', wanted: '9', actual: '0' },
      { name: 'new_one', wanted: '1', actual: null },
    ]);
    kernel.refuses.clear();
    keeper.check();
    expect(quiet.log.troubles()).toHaveLength(1);
  });
});
