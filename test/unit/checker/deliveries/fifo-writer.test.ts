import { describe, expect, test } from 'vitest';
import { FifoWriter } from '../../../../src/checker/deliveries/fifo-writer.ts';
import { Clockwork, Ledger } from './clockwork.ts';

/** A pipe of a few lines. */
class Pipe {
  lines: string[] = [];
  room = 2;
  broken = false;

  write(line: string): boolean {
    if (this.broken) throw new Error('EIO');
    if (this.lines.length >= this.room) return false;
    this.lines.push(line);
    return true;
  }

  unread(): number {
    return this.lines.join('').length;
  }

  close(): void {
    this.broken = true;
  }
}

function writer(limit = 3) {
  const pipe = new Pipe();
  const clockwork = new Clockwork();
  const ledger = new Ledger();
  const openings: Error[] = [];
  const fifo = new FifoWriter({
    path: '/run/fifo',
    outcomes: ledger.outcomes,
    limit,
    schedule: clockwork.schedule,
    open: () => {
      const error = openings.shift();
      if (error !== undefined) throw error;
      pipe.broken = false;
      return pipe;
    },
  });
  return { pipe, clockwork, ledger, fifo, openings };
}

describe('lines for a named pipe', () => {
  test('are written immediately', () => {
    const { pipe, fifo, ledger } = writer();
    fifo.write('a\n');
    expect(pipe.lines).toEqual(['a\n']);
    expect(ledger.counts.fifo.done).toBe(1);
  });

  test('wait in order while the pipe is full', () => {
    const { pipe, clockwork, fifo, ledger } = writer();
    for (const line of ['a', 'b', 'c', 'd']) fifo.write(line);
    expect(pipe.lines.splice(0)).toEqual(['a', 'b']);
    clockwork.elapse(1_000);
    expect(pipe.lines).toEqual(['c', 'd']);
    expect(ledger.reported).toEqual([]);
  });

  test('are dropped beyond the limit, oldest first, counted and reported', () => {
    const { pipe, clockwork, fifo, ledger } = writer(1);
    for (const line of ['a', 'b', 'c', 'd', 'e']) fifo.write(line);
    pipe.lines = [];
    clockwork.elapse(1_000);
    expect(pipe.lines).toEqual(['e']);
    expect(ledger.counts.fifo.lost).toBe(2);
    expect(ledger.lines).toEqual([
      '/run/fifo lost: 1 lines dropped so far: no reader, or too slow',
      '/run/fifo lost: 2 lines dropped so far: no reader, or too slow',
    ]);
  });

  test('that stay unread are reported once, and again when they are read', () => {
    const { pipe, clockwork, fifo, ledger } = writer();
    fifo.write('a\n');
    clockwork.elapse(60_000);
    expect(ledger.lines).toEqual(['/run/fifo unread: 2 bytes unread for 5 s']);
    pipe.lines = [];
    clockwork.elapse(60_000);
    expect(ledger.lines.slice(1)).toEqual(['/run/fifo recovered: everything was read']);
  });

  test('wait for a pipe that cannot be opened yet', () => {
    const { pipe, clockwork, fifo, ledger, openings } = writer();
    pipe.broken = true;
    openings.push(new Error('ENOENT'));
    fifo.write('a');
    expect(ledger.lines).toEqual(['/run/fifo failed: EIO']);
    clockwork.elapse(5_000);
    clockwork.elapse(5_000);
    expect(pipe.lines).toEqual(['a']);
    expect(ledger.lines.at(-1)).toBe('/run/fifo recovered: writable again');
  });

  test('that are left at the end are counted as lost', () => {
    const { fifo, ledger } = writer();
    for (const line of ['a', 'b', 'c']) fifo.write(line);
    fifo.close();
    expect(ledger.counts.fifo).toMatchObject({ done: 2, lost: 1 });
    expect(ledger.lines.at(-1)).toBe(
      '/run/fifo unread: 2 bytes were not read before the agent stopped',
    );
  });
});
