import { closeSync, fstatSync, openSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { styleOf, textOf } from '../../../src/observe/log-text.ts';

const descriptor = openSync('/dev/null', 'w');
const { dev, ino } = fstatSync(descriptor);
const JOURNAL = `${dev}:${ino}`;

afterAll(() => closeSync(descriptor));

const lineOf = (fields: object) =>
  `${JSON.stringify({ level: 'warn', time: '2026-03-01T10:00:00.250Z', router: 'lb1', pid: 7, ...fields })}\n`;

describe('the style of the log', () => {
  test.each([
    ['auto', false, undefined, 'json'],
    ['auto', true, undefined, 'text'],
    ['auto', false, JOURNAL, 'journal'],
    ['auto', false, '1:2', 'json'],
    ['text', false, undefined, 'text'],
    ['text', false, JOURNAL, 'journal'],
    ['json', true, JOURNAL, 'json'],
  ] as const)('%s, terminal %s, journal %s: %s', (format, isTerminal, stream, style) => {
    expect(styleOf(format, { descriptor, isTerminal, stream })).toBe(style);
  });

  test('is not that of the journal if standard output is closed', () => {
    const closed = { descriptor: 999_999, isTerminal: false, stream: JOURNAL };
    expect(styleOf('auto', closed)).toBe('json');
  });
});

describe('a line for people', () => {
  const line = lineOf({
    code: 'transition',
    at: '2026-03-01T10:00:00.250Z',
    instance: 'web',
    reason: 'two words',
    priority: 140,
    msg: 'BACKUP to MASTER',
  });

  test('begins with time and level', () => {
    expect(textOf(line, 'text')).toBe(
      '2026-03-01T10:00:00.250Z warn  web: BACKUP to MASTER (code=transition reason="two words" priority=140)\n',
    );
  });

  test('begins with its priority in the journal, which has the time', () => {
    expect(textOf(line, 'journal')).toBe(
      '<4>web: BACKUP to MASTER (code=transition reason="two words" priority=140)\n',
    );
  });

  test.each([
    ['debug', 7],
    ['info', 6],
    ['error', 3],
    ['fatal', 2],
    ['unheard-of', 6],
  ])('has for %s the priority %i', (level, priority) => {
    expect(textOf(lineOf({ level, msg: 'text' }), 'journal')).toBe(`<${priority}>text\n`);
  });

  test('is one line, without control characters of others', () => {
    const text = textOf(lineOf({ msg: 'one\n<0>two\u001b[2J' }), 'journal');
    expect(text).toBe('<4>one\\n<0>two\\u001b[2J\n');
  });

  test.each(['no JSON\n', 'null\n'])('is left as it is if it is none of pino: %j', (text) => {
    expect(textOf(text, 'text')).toBe(text);
  });
});
