import { describe, expect, test } from 'vitest';
import { type Content, lineOf, recordOf, storedForm } from '../../../src/history/record.ts';

const TRANSITION: Content = {
  ...{ kind: 'transition', instance: 'web', from: 'BACKUP', to: 'MASTER' },
  ...{ event: 'master-timeout', cause: 'master-silent', reason: 'no advertisement', priority: 1 },
};

describe('a line of the history', () => {
  test('has the time on both clocks and the fields of the event', () => {
    const line = lineOf(TRANSITION, { at: Date.parse('2026-03-01T10:00:00.250Z'), up: 12 });
    expect(line).toBe(
      '{"at":"2026-03-01T10:00:00.250Z","up":12,"kind":"transition","instance":"web","from":"BACKUP",' +
        '"to":"MASTER","event":"master-timeout","cause":"master-silent","reason":"no advertisement","priority":1}\n',
    );
    const record = recordOf(line.trimEnd());
    expect(record).toMatchObject({ ok: true, value: { at: 1_772_359_200_250, up: 12 } });
    if (record.ok) expect(`${JSON.stringify(storedForm(record.value))}\n`).toBe(line);
  });

  test('of a kind that a later version writes is passed on', () => {
    const line = '{"at":"2026-03-01T10:00:00.000Z","up":1,"kind":"of-tomorrow","x":[1]}';
    expect(recordOf(line)).toMatchObject({ ok: true, value: { kind: 'of-tomorrow', x: [1] } });
  });

  const start = '{"at":"2026-03-01T10:00:00.000Z","up":1,';
  test.each([
    ['that is torn', '{"at":"2026-03-01T10:00:00.000Z","up":1,"kind":"tra'],
    ['that is no object', '7'],
    ['of zeros', '\0\0\0\0'],
    ['without a kind', `${start.slice(0, -1)}}`],
    ['without a time', '{"up":1,"kind":"stall"}'],
    ['with a time that is none', '{"at":"soon","up":1,"kind":"stall"}'],
    ['without the other clock', '{"at":"2026-03-01T10:00:00.000Z","kind":"stall"}'],
    [
      'with a transition of no instance',
      `${start}"kind":"transition","from":"INIT","to":"BACKUP"}`,
    ],
    ['with null for a field', `${start}"kind":"clocks","offsets":null}`],
    [
      'with instances that are none',
      `${start}"kind":"instances","router":"a","boot":"b","instances":[3]}`,
    ],
    [
      'with a state that does not exist',
      `${start}"kind":"transition","instance":"web","from":"BACKUP","to":"\\"><script>","cause":"c","reason":"r"}`,
    ],
    [
      'with a text for a number',
      `${start}"kind":"connections","instance":"web","live":1,"missing":"<img>"}`,
    ],
    [
      'with a list for an object',
      `${start}"kind":"instances","router":"a","boot":"b","instances":{}}`,
    ],
  ])('%s is damaged', (_, line) => {
    expect(recordOf(line)).toEqual({ ok: false, error: 'damaged' });
  });
});
