import { describe, expect, test } from 'vitest';
import type { SyncSettings } from '../../../../src/config/ipvs-settings.ts';
import { kernelShortcomings } from '../../../../src/ipvs/keep/kernel-support.ts';
import { ip } from '../../../../src/net/address.ts';
import { server, service } from '../health/health-rig.ts';

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
    expect(kernelShortcomings(undefined, { open: absent })).toEqual([]);
  });

  test.each([
    [true, 'no instance will become MASTER on it'],
    [false, 'VRRP will run without it'],
  ])('says that IPVS is missing, and the consequence: required is %s', (required, consequence) => {
    const [sentence, ...more] = kernelShortcomings({ ...SETTINGS, required }, { open: absent });
    expect(more).toEqual([]);
    expect(sentence).toContain(consequence);
    expect(sentence).toContain('ENOENT');
    expect(sentence).toContain('try `modprobe ip_vs`');
  });

  test('names the schedulers whose module is missing, once each', () => {
    const { service: twos, ...rest } = service([server(11)]);
    const services = [1, 2].map(() => ({ ...rest, service: { ...twos, scheduler: 'twos' } }));
    const host = {
      open: present,
      readSysctl: () => '1',
      lacksModule: (name: string) => name === 'ip_vs_twos',
    };
    const [sentence, ...more] = kernelShortcomings({ ...SETTINGS, services }, host);
    expect(sentence).toContain('has no module ip_vs_twos');
    expect(more).toEqual([]);
    expect(kernelShortcomings({ ...SETTINGS, services: [service([server(11)])] }, host)).toEqual(
      [],
    );
  });

  describe('FR-N2 on directors that are real servers', () => {
    const local = { ...server(11), forwarding: 'dr' } as const;
    const services = [service([local, server(12)])];
    const host = {
      open: present,
      readSysctl: () => '1',
      addresses: () => [ip('10.0.0.11')],
      lacksModule: () => false,
    };

    test('advises backup_only', () => {
      const [sentence, ...more] = kernelShortcomings({ ...SETTINGS, services }, host);
      expect(sentence).toContain('the server 10.0.0.11:80 is an address of this host');
      expect(sentence).toContain('backup_only: 1');
      expect(more).toEqual([]);
    });

    test('is content with backup_only, with nat, and on another host', () => {
      const sysctls = { backup_only: '1' };
      expect(kernelShortcomings({ ...SETTINGS, services, sysctls }, host)).toEqual([]);
      const nat = [service([server(11)])];
      expect(kernelShortcomings({ ...SETTINGS, services: nat }, host)).toEqual([]);
      const other = { ...host, addresses: () => [ip('10.0.0.1')] };
      expect(kernelShortcomings({ ...SETTINGS, services }, other)).toEqual([]);
    });

    test('says that a foreign backup_only stops `mode: both`', () => {
      const daemon = { interface: 'eth1', syncId: 1, group: undefined, port: undefined };
      const sync: SyncSettings = {
        ...{ mode: 'both', instance: 'web', rstGuard: 'off', catchUp: false, peers: [] },
        daemon: { ...daemon, ttl: undefined, maximumLength: undefined },
      };
      const [sentence] = kernelShortcomings({ ...SETTINGS, sync }, host);
      expect(sentence).toContain('with "mode: both" it balances nothing');
      expect(kernelShortcomings({ ...SETTINGS, sync: { ...sync, mode: 'follow' } }, host)).toEqual(
        [],
      );
    });
  });

  test('names a parameter that the kernel is too old for', () => {
    const read = (name: string) => (name === 'sync_retries' ? '0' : undefined);
    expect(kernelShortcomings(SETTINGS, { open: present, readSysctl: read })).toEqual([
      'the kernel of this host has no parameter net.ipv4.vs.run_estimation',
    ]);
    expect(kernelShortcomings(SETTINGS, { open: present, readSysctl: () => '0' })).toEqual([]);
  });
});
