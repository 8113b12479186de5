import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatFinding } from '../../../../src/config/finding.ts';
import { loadConfig } from '../../../../src/config/load.ts';
import { loadConfigFile } from '../../../../src/config/read-file.ts';

const web = (name: string, vrid: number, more = '') =>
  `instances:\n  - name: ${name}\n    interface: eth0\n    vrid: ${vrid}\n    addresses: [203.0.113.${vrid}]\n${more}`;

/** Writes the files and loads `main.yaml`; returns names of instances, or the errors. */
function load(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), 'include-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const main = join(folder, 'main.yaml');
  const loaded = loadConfigFile(main);
  const short = (text: string) => text.replaceAll(`${folder}/`, '');
  return {
    folder,
    instances: loaded.ok ? loaded.value.settings.instances.map(({ name }) => name) : undefined,
    included: loaded.ok ? loaded.value.included.map(short) : undefined,
    config: loaded.ok ? loaded.value : undefined,
    errors: loaded.ok ? [] : loaded.error.map((one) => short(formatFinding(main, one))),
  };
}

describe('include', () => {
  test('joins the files of a pattern in the order of their names, after the main one', () => {
    const { instances, included } = load({
      'main.yaml': `include: [conf.d/*.yaml]\n${web('web', 1)}`,
      'conf.d/20-b.yaml': web('b', 3),
      'conf.d/10-a.yaml': web('a', 2),
      'conf.d/.hidden.yaml': web('hidden', 4),
      'conf.d/notes.txt': 'no yaml: [',
    });
    expect(instances).toEqual(['web', 'a', 'b']);
    expect(included).toEqual(['conf.d/10-a.yaml', 'conf.d/20-b.yaml']);
  });

  test('a main file may have nothing of its own; files include others, relative to themselves', () => {
    const { instances } = load({
      'main.yaml': 'include: [sub/one.yaml]\n',
      'sub/one.yaml': `include: [two.yaml]\n${web('a', 2)}`,
      'sub/two.yaml': web('b', 3),
    });
    expect(instances).toEqual(['a', 'b']);
  });

  test('joins mappings key by key and their lists', () => {
    const { config } = load({
      'main.yaml': `include: [a.yaml, b.yaml]\ndefaults: { priority: 150 }\n${web('web', 1)}`,
      'a.yaml': 'defaults: { advertisement_interval: 100ms }\nhttp: { names: [one.example] }\n',
      'b.yaml': '# nothing but a comment\n---\nhttp: { names: [two.example] }\n',
    });
    expect(config?.settings.instances[0]).toMatchObject({
      priority: 150,
      advertisementInterval: 100_000,
    });
    expect(config?.agent.httpNames).toEqual(['one.example', 'two.example']);
  });

  test('names file, line and column of each error in an included file', () => {
    const { errors } = load({
      'main.yaml': `include: [a.yaml, b.yaml]\n${web('web', 1, '    priority: 300\n')}`,
      'a.yaml': web('a', 2, '    colour: red\n'),
      'b.yaml': web('b', 3, '    unicast: { peers: [192.0.2.999] }\n'),
    });
    expect(errors[0]).toMatch(/^main\.yaml:7:15: /);
    expect(errors[1]).toBe('a.yaml:6:5: unknown key "colour"');
    expect(errors[2]).toMatch(/^b\.yaml:6:\d+: /);
  });

  test('names the file of a syntax error', () => {
    const { errors } = load({ 'main.yaml': 'include: [a.yaml]\n', 'a.yaml': 'x: [1\n' });
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatch(/^a\.yaml:\d+:\d+: /);
  });

  test('refuses a key that two files give, and two instances of one name', () => {
    const { errors } = load({
      'main.yaml': `router: lb1\ndefaults: { priority: 90 }\ninclude: [a.yaml]\n${web('web', 1)}`,
      'a.yaml': `router: lb2\ndefaults: { priority: 91 }\n${web('web', 2)}`,
    });
    expect(errors).toEqual([
      'a.yaml:1:1: "router" is already given at main.yaml:1',
      'a.yaml:2:13: "priority" is already given at main.yaml:2',
      'a.yaml:4:11: duplicate name "web"',
    ]);
  });

  test('refuses a cycle, also through a symbolic link', () => {
    const files = {
      'main.yaml': 'include: [a.yaml]\n',
      'a.yaml': `include: [b.yaml]\n${web('a', 2)}`,
    };
    const { errors, folder } = load({ ...files, 'b.yaml': 'include: [main.yaml]\n' });
    expect(errors).toEqual(['b.yaml:1:11: main.yaml would include itself']);
    symlinkSync('main.yaml', join(folder, 'link.yaml'));
    writeFileSync(join(folder, 'b.yaml'), 'include: [link.yaml]\n');
    expect(loadConfigFile(join(folder, 'main.yaml'))).toMatchObject({
      ok: false,
      error: [{ file: join(folder, 'b.yaml'), line: 1, code: 'conflict' }],
    });
  });

  test('refuses a file that is included twice', () => {
    const { errors } = load({
      'main.yaml': 'include: ["?.yaml", a.yaml]\n',
      'a.yaml': web('a', 2),
    });
    expect(errors).toEqual(['main.yaml:1:21: a.yaml is already included at main.yaml:1:11']);
  });

  test.each([
    ['[missing.yaml]', /^main\.yaml:1:11: missing\.yaml: cannot read the file: ENOENT/],
    ['[missing/*.yaml]', /^main\.yaml:1:11: cannot include missing\/\*\.yaml: ENOENT/],
    ['["*/a.yaml"]', /^main\.yaml:1:11: cannot include .*: only the last part may have/],
    ['a.yaml', /^main\.yaml:1:10: must be a list of file names/],
    ['[[a.yaml]]', /^main\.yaml:1:10: must be a list of file names/],
    ['[list.yaml]', /^list\.yaml:1:1: an included file must be a mapping/],
  ])('refuses include: %s', (include, expected) => {
    const { errors } = load({
      'main.yaml': `include: ${include}\n${web('web', 1)}`,
      'list.yaml': '- a\n',
    });
    expect(errors[0]).toMatch(expected);
  });

  test('a pattern that matches no file is no error', () => {
    const { instances } = load({
      'main.yaml': `include: [conf.d/*.yaml]\n${web('web', 1)}`,
      'conf.d/README': '',
    });
    expect(instances).toEqual(['web']);
  });

  test('variables are replaced in included files', () => {
    const { errors } = load({
      'main.yaml': 'include: [a.yaml]\n',
      'a.yaml': web(`$\{VRRP_NO_SUCH}`, 2),
    });
    expect(errors[0]).toMatch(/^a\.yaml:2:11: the environment variable VRRP_NO_SUCH is not set/);
  });

  test('a text without a place includes nothing', () => {
    const loaded = loadConfig(`include: [a.yaml]\n${web('web', 1)}`, { hostName: 'lb1' });
    expect(loaded).toMatchObject({ ok: false, error: [{ line: 1, code: 'unavailable' }] });
  });

  test('keys that objects inherit are no values of the file', () => {
    const { errors } = load({
      'main.yaml': `include: [a.yaml]\n${web('web', 1)}`,
      'a.yaml': '__proto__: { router: x }\nconstructor: y\n',
    });
    expect(errors).toEqual([
      'a.yaml:1:1: unknown key "__proto__"',
      'a.yaml:2:1: unknown key "constructor"',
    ]);
  });
});
