import { describe, expect, test } from 'vitest';
import {
  checkPrefix,
  creationLines,
  labLayout,
  namespacesOf,
  switchLines,
} from '../../../src/lab/layout.ts';

describe('the plan of a lab', () => {
  test('names everything after the prefix', () => {
    const layout = labLayout('demo', 3);
    expect(namespacesOf(layout)).toEqual([
      'demo-switch',
      'demo-lb1',
      'demo-lb2',
      'demo-lb3',
      'demo-client',
    ]);
    expect(layout.directors.map(({ address }) => address)).toEqual([
      '192.0.2.11',
      '192.0.2.12',
      '192.0.2.13',
    ]);
    expect(layout.client.address).toBe('192.0.2.50');
  });

  test('makes links inside the namespaces, with names the kernel accepts', () => {
    const links = creationLines(labLayout('a-rather-long-prefix-24c', 9)).filter((line) =>
      line.startsWith('link add'),
    );
    expect(links).toHaveLength(10);
    for (const line of links) {
      expect(line).toMatch(/^link add \S{1,15} netns \S+ type veth peer name eth0 netns \S+$/);
    }
  });

  test('has a switch that forwards at once and floods multicast', () => {
    expect(switchLines(labLayout('x'))).toContain(
      'link add bridge type bridge forward_delay 0 stp_state 0 mcast_snooping 0',
    );
  });

  test.each(['', '../x', 'A', '1lab', 'a b', 'a/b', 'a'.repeat(25)])(
    'refuses %j as a prefix',
    (prefix) => {
      expect(() => checkPrefix(prefix)).toThrow(/not a lab prefix/);
    },
  );

  test.each([0, 10, 1.5, Number.NaN])('refuses %d directors', (count) => {
    expect(() => labLayout('x', count)).toThrow(/1 to 9 directors/);
  });
});
