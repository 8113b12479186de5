import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../../../src/config/load.ts';
import {
  escapeVariables,
  expandVariables,
  plainScalar,
} from '../../../../src/config/text/variables.ts';

const reference = (inside: string) => `$\{${inside}}`;

describe('a reference to a variable', () => {
  test.each([
    ['is replaced inside a text', `a-${reference('HOST')}-b`, 'a-lb1-b'],
    ['may occur twice', `${reference('HOST')}${reference('HOST')}`, 'lb1lb1'],
    ['has no effect with two dollar signs', `$${reference('HOST')}`, reference('HOST')],
    ['uses the value rather than the default', reference('HOST:-x'), 'lb1'],
    ['has a default for a variable that is not set', reference('NONE:-x y'), 'x y'],
    ['has a default for an empty variable', reference('EMPTY:-x'), 'x'],
    ['accepts an empty variable', `[${reference('EMPTY')}]`, '[]'],
    ['is not looked for in the value of another', reference('NESTED'), reference('HOST')],
    ['needs braces', '$HOST', '$HOST'],
  ])('%s', (_name, text, expected) => {
    const environment = { HOST: 'lb1', EMPTY: '', NESTED: reference('HOST') };
    expect(expandVariables(text, environment)).toEqual({ ok: true, text: expected });
  });

  test('that is not set is named', () => {
    expect(expandVariables(reference('NONE'), {})).toEqual({ ok: false, name: 'NONE' });
  });

  test.each([reference('1A'), reference(''), '${A', reference('A:x'), reference('A B')])(
    'is malformed: %s',
    (text) => {
      expect(expandVariables(text, { A: 'x' })).toEqual({ ok: false, name: undefined });
    },
  );

  test('an escaped text expands to itself', () => {
    const parts = fc.constantFrom('$', '{', '}', 'A', ':-', 'x');
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (list) => {
        const text = list.join('');
        const expanded = expandVariables(escapeVariables(text), { A: 'value' });
        expect(expanded).toEqual({ ok: true, text });
      }),
    );
  });
});

test.each([
  ['55', 55],
  ['0x10', 16],
  ['1.5', 1.5],
  ['true', true],
  ['False', false],
  ['null', null],
  ['', null],
  ['192.0.2.1', '192.0.2.1'],
  ['no', 'no'],
  ['[a]', '[a]'],
])('an unquoted value with the text %j is %j', (text, expected) => {
  expect(plainScalar(text)).toBe(expected);
});

describe('variables in a configuration', () => {
  const load = (text: string, environment: Record<string, string>) =>
    loadConfig(text, { hostName: 'lb1', environment });
  const web = (vrid: string, more = '') =>
    `instances:\n  - name: web\n    interface: eth0\n    addresses: [203.0.113.1]\n    vrid: ${vrid}\n${more}`;

  test('an unquoted one may be a number', () => {
    const loaded = load(web(reference('VRID')), { VRID: '57' });
    expect(loaded.ok && loaded.value.settings.instances[0]?.vrid).toBe(57);
  });

  test('a quoted one stays text', () => {
    const loaded = load(web(`"${reference('VRID')}"`), { VRID: '57' });
    expect(loaded).toMatchObject({ ok: false, error: [{ line: 5, column: 11, code: 'type' }] });
  });

  test('cannot add keys or entries', () => {
    const loaded = load(web(reference('VRID')), { VRID: '57\n    priority: 255' });
    expect(loaded).toMatchObject({ ok: false, error: [{ line: 5, code: 'type' }] });
  });

  test('every one that is not set is listed with its place', () => {
    const text = web(reference('A'), `    priority: ${reference('B')}\n`);
    const loaded = load(text, {});
    expect(
      !loaded.ok &&
        loaded.error.map(({ line, column, message }) => [line, column, message.slice(0, 38)]),
    ).toEqual([
      [5, 11, 'the environment variable A is not set:'],
      [6, 15, 'the environment variable B is not set:'],
    ]);
  });

  test('the name is not shown where a password may be', () => {
    const text = web(
      '55',
      `    version: 2\n    authentication: { type: pass, password: "ab$\{cdef}" }\n`,
    );
    const loaded = load(text, {});
    expect(!loaded.ok && loaded.error.map(({ message }) => message)[0]).toMatch(
      /^the environment variable in this value is not set/,
    );
  });

  test('have no meaning where no environment is given', () => {
    const loaded = loadConfig(
      `router: lb1\n${web('55', `    notify: { master: [/bin/echo, "${reference('X')}"] }\n`)}`,
      { hostName: 'x' },
    );
    expect(loaded.ok && loaded.value.commands[0]?.argv).toEqual(['/bin/echo', reference('X')]);
  });
});
