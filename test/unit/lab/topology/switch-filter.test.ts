import { describe, expect, test } from 'vitest';
import { labLayout } from '../../../../src/lab/topology/layout.ts';
import { filterText } from '../../../../src/lab/topology/switch-filter.ts';

const [lb1, lb2] = labLayout('x').directors;

describe('the filter of the switch', () => {
  test('replaces the old rules, and has no table without rules', () => {
    expect(filterText([])).toBe('table bridge vrrp_lab\ndelete table bridge vrrp_lab\n');
  });

  test('drops VRRP of both families in one direction', () => {
    if (lb1 === undefined || lb2 === undefined) throw new Error('a lab has two directors');
    const rules = filterText([{ from: lb1, to: lb2 }]);
    expect(rules).toContain('iifname "lb1" oifname "lb2" ip protocol 112 drop');
    expect(rules).toContain('iifname "lb1" oifname "lb2" ip6 nexthdr 112 drop');
    expect(rules).not.toContain('iifname "lb2"');
  });

  test('drops a percentage of all traffic', () => {
    if (lb1 === undefined || lb2 === undefined) throw new Error('a lab has two directors');
    const rules = filterText([{ from: lb1, to: lb2, traffic: 'all', percent: 30 }]);
    expect(rules).toContain('iifname "lb1" oifname "lb2" numgen random mod 100 < 30 drop');
    expect(rules).not.toContain('protocol');
  });

  test('drops frames of the second network between its own ports', () => {
    if (lb1 === undefined || lb2 === undefined) throw new Error('a lab has two directors');
    const rules = filterText([{ from: lb1, to: lb2, traffic: 'all', network: 'peers' }]);
    expect(rules).toContain('iifname "lb1-eth1" oifname "lb2-eth1" drop');
    expect(rules).not.toContain('"lb1"');
  });
});
