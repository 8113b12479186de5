import { describe, expect, test } from 'vitest';
import { createMachine } from 'xstate';
import { tableOf } from '../../../fsm/step.ts';

const machine = createMachine({
  initial: 'outside',
  states: {
    outside: { exit: 'leave', on: { go: 'house' } },
    house: {
      entry: 'enterHouse',
      exit: 'leaveHouse',
      initial: 'hall',
      on: {
        go: { target: 'outside', description: 'home to the street' },
        ring: { target: '.hall' },
      },
      states: {
        hall: {
          entry: 'enterHall',
          exit: 'leaveHall',
          on: { go: { guard: 'wants', target: 'room' } },
        },
        room: {
          entry: { type: 'enterRoom', params: { light: true } },
          exit: 'leaveRoom',
          on: { ring: { actions: 'listen' } },
        },
      },
    },
  },
} as never);

describe('a table read from a machine', () => {
  const table = tableOf(machine);

  function rowsOf(state: string, event = 'go') {
    const rows = table.states.get(state)?.transitions.get(event) ?? [];
    return rows.map(({ guard, target, actions }) => ({
      guard,
      target,
      actions: actions.map((action) => action.type),
    }));
  }

  test('has a row for each leaf and knows the first one', () => {
    expect([...table.states.keys()]).toEqual(['outside', 'house.hall', 'house.room']);
    expect(table.initial).toBe('outside');
  });

  test('descends to the first leaf and enters every state on the way', () => {
    expect(rowsOf('outside')).toEqual([
      { guard: undefined, target: 'house.hall', actions: ['leave', 'enterHouse', 'enterHall'] },
    ]);
  });

  test('tries the rows of the leaf before those of its parents', () => {
    expect(rowsOf('house.hall')).toEqual([
      { guard: 'wants', target: 'house.room', actions: ['leaveHall', 'enterRoom'] },
      { guard: undefined, target: 'outside', actions: ['leaveHall', 'leaveHouse'] },
    ]);
  });

  test('omits the rows of a parent behind one that is always taken', () => {
    expect(rowsOf('house.room', 'ring')).toEqual([
      { guard: undefined, target: undefined, actions: ['listen'] },
    ]);
  });

  test('stays in the parent when that moves to one of its children', () => {
    expect(rowsOf('house.hall', 'ring')).toEqual([
      { guard: undefined, target: 'house.hall', actions: ['leaveHall', 'enterHall'] },
    ]);
  });

  test('keeps descriptions and parameters, which are optional', () => {
    const [row] = table.states.get('house.room')?.transitions.get('go') ?? [];
    expect(row?.description).toBe('home to the street');
    expect(table.states.get('outside')?.transitions.get('go')?.[0]?.description).toBe('');
    expect(table.states.get('outside')?.description).toBe('');
    const [first] = table.states.get('house.hall')?.transitions.get('go') ?? [];
    expect(first?.actions.at(-1)).toEqual({ type: 'enterRoom', params: { light: true } });
  });
});
