import { describe, expect, test } from 'vitest';
import { Priority } from '../../../../../src/protocol/engine/router/priority.ts';

describe('the effective priority', () => {
  test('is the configured one at first', () => {
    expect(new Priority(150)).toMatchObject({
      configured: 150,
      override: undefined,
      effective: 150,
    });
  });

  test('is the override while one is set', () => {
    const priority = new Priority(150);
    priority.setOverride(90);
    expect(priority.effective).toBe(90);
    priority.setOverride(undefined);
    expect(priority.effective).toBe(150);
  });

  test('includes the adjustments of all tracked objects', () => {
    const priority = new Priority(150);
    priority.adjust('dns', -20);
    priority.adjust('web', 5);
    expect(priority.effective).toBe(135);
    priority.adjust('dns', -40);
    expect(priority.effective).toBe(115);
    priority.adjust('dns', 0);
    expect(priority.effective).toBe(155);
    expect([...priority.adjustments]).toEqual([['web', 5]]);
  });

  test('adds the adjustments to the override', () => {
    const priority = new Priority(150);
    priority.adjust('web', -10);
    priority.setOverride(60);
    expect(priority.effective).toBe(50);
  });

  test.each([
    [-300, 1],
    [300, 254],
  ])('with an adjustment of %i stays at %i', (by, effective) => {
    const priority = new Priority(150);
    priority.adjust('web', by);
    expect(priority.effective).toBe(effective);
  });

  test('follows the configuration', () => {
    const priority = new Priority(150);
    priority.adjust('web', -10);
    priority.configure(100);
    expect(priority.effective).toBe(90);
  });

  test('of an owner is 255 whatever happens', () => {
    const priority = new Priority(255);
    priority.adjust('web', -10);
    priority.setOverride(60);
    expect(priority.effective).toBe(255);
  });
});
