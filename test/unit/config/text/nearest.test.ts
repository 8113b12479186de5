import { describe, expect, test } from 'vitest';
import { didYouMean, nearest } from '../../../../src/config/text/nearest.ts';

const KEYS = ['name', 'interface', 'vrid', 'priority', 'preempt', 'preempt_delay', 'addresses'];

describe('the nearest known word', () => {
  test.each([
    ['priorty', 'priority'],
    ['pirority', 'priority'],
    ['Interface', 'interface'],
    ['preempt-delay', 'preempt_delay'],
    ['adresses', 'addresses'],
    ['virtual_ipaddress', 'addresses'],
    ['nopreempt', 'preempt'],
  ])('of %s is %s', (word, meant) => {
    expect(nearest(word, KEYS)).toBe(meant);
  });

  test.each(['weather', 'x', 'constructor', 'a'.repeat(10_000)])('of %s does not exist', (word) => {
    expect(didYouMean(word, KEYS)).toBe('');
  });
});
