import { expect, test } from 'vitest';
import { journalArguments, logAdvice } from '../../../src/cli/commands/logs.ts';
import { installationHere, startAdvice } from '../../../src/cli/installation.ts';

const SYSTEMD = '/run/systemd/system';
const UNIT = '/usr/lib/systemd/system/vrrp-agent.service';

test.each([
  [[SYSTEMD, UNIT], 'unit'],
  [[SYSTEMD], 'systemd'],
  [[UNIT], 'plain'],
  [['/.dockerenv', UNIT], 'container'],
  [['/run/.containerenv'], 'container'],
  [[], 'plain'],
])('with %j the installation is %s', (paths, expected) => {
  expect(installationHere((path) => paths.includes(path))).toBe(expected);
});

test('the advice names systemctl only where systemd has the unit', () => {
  expect(startAdvice('unit')).toContain('systemctl start vrrp-agent.service');
  for (const installation of ['systemd', 'container', 'plain'] as const) {
    expect(startAdvice(installation)).toContain('vrrp-agent run --config FILE');
  }
});

test('the log is in the journal under systemd only', () => {
  expect(logAdvice('unit')).toBeUndefined();
  expect(logAdvice('systemd')).toBeUndefined();
  expect(logAdvice('container')).toContain('docker logs');
  expect(logAdvice('plain')).toContain('standard output');
});

test.each([
  [{}, []],
  [{ follow: true as const, lines: '20' }, ['--follow', '--lines=20']],
  [{ since: '10m' }, ['--since=-600000ms']],
  [{ since: 'yesterday' }, ['--since=yesterday']],
])('journalctl for %j', (options, more) => {
  expect(journalArguments({ unit: 'vrrp-agent.service', ...options })).toEqual([
    '--unit=vrrp-agent.service',
    ...more,
  ]);
});
