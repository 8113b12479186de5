import { describe, expect, test } from 'vitest';
import { kernelShortcomings } from '../../../../src/ipvs/keep/kernel-support.ts';

const SETTINGS = {
  required: true,
  exclusive: false,
  onStop: 'remove',
  timeouts: undefined,
  sysctls: { sync_retries: '2', run_estimation: '1' },
  sync: undefined,
  services: [],
} as const;

const present = () => ({ close: () => {} });
const absent = () => {
  throw new Error('ENOENT');
};

describe('the report on the kernel of this host', () => {
  test('is empty if the configuration has no IPVS', () => {
    expect(kernelShortcomings(undefined, absent)).toEqual([]);
  });

  test.each([
    [true, 'no instance will become MASTER on it'],
    [false, 'VRRP will run without it'],
  ])('says that IPVS is missing, and the consequence: required is %s', (required, consequence) => {
    const [sentence, ...more] = kernelShortcomings({ ...SETTINGS, required }, absent);
    expect(more).toEqual([]);
    expect(sentence).toContain(consequence);
    expect(sentence).toContain('ENOENT');
    expect(sentence).toContain('try `modprobe ip_vs`');
  });

  test('names a parameter that the kernel is too old for', () => {
    const read = (name: string) => (name === 'sync_retries' ? '0' : undefined);
    expect(kernelShortcomings(SETTINGS, present, read)).toEqual([
      'the kernel of this host has no parameter net.ipv4.vs.run_estimation',
    ]);
    expect(kernelShortcomings(SETTINGS, present, () => '0')).toEqual([]);
  });
});
