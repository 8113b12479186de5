import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  discardDrafts,
  jsonFormat,
  StateFile,
  StateUnreadable,
} from '../../../../src/kernel/files/state-file.ts';
import { failure, success } from '../../../../src/net/result.ts';

const FORMAT = jsonFormat<number>({
  version: 1,
  encode: (count) => ({ count }),
  decode: (document) => {
    const { count } = document as { readonly count?: unknown };
    return typeof count === 'number' ? success(count) : failure('it is damaged');
  },
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'state-file-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function fileIn(directory: string): StateFile<number> {
  return new StateFile(join(directory, 'count.json'), FORMAT);
}

/** In a folder that has the file with this text. */
function fileWith(text: string): StateFile<number> {
  const file = fileIn(folder());
  writeFileSync(file.path, text);
  return file;
}

test('a saved value is there for the next process, and no other user may read it', async () => {
  const directory = join(folder(), 'not', 'there');
  expect(fileIn(directory).load()).toBeUndefined();
  await fileIn(directory).save(7);
  expect(fileIn(directory).load()).toBe(7);
  expect(statSync(join(directory, 'count.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(directory)).toEqual(['count.json']);
});

test('saves and removals happen in the order of the calls', async () => {
  const file = fileIn(folder());
  const values = Array.from({ length: 20 }, (_, value) => value);
  await Promise.all([...values.map((value) => file.save(value)), file.remove()]);
  expect(file.load()).toBeUndefined();
  await Promise.all([file.remove(), ...values.map((value) => file.save(value))]);
  expect(file.load()).toBe(19);
});

test('a prepared file is not in place until it is committed', async () => {
  const file = fileIn(folder());
  await file.save(1);
  const { commit } = await file.prepare(2);
  expect(file.load()).toBe(1);
  await commit();
  expect(file.load()).toBe(2);
  await (await file.prepare(3)).abandon();
  expect(file.load()).toBe(2);
});

test('a write that fails is an error, and leaves no draft', async () => {
  const file = fileIn(folder());
  mkdirSync(file.path);
  await expect(file.save(2)).rejects.toThrow('EISDIR');
  expect(readdirSync(dirname(file.path))).toEqual(['count.json']);
});

test.each([
  ['{"count": ', 'it is damaged'],
  ['{"version": 1}', 'it is damaged'],
  ['{"version": 2, "count": 7}', 'it is of version 2'],
  ['null', 'it is of version unknown'],
])('a file with %s is copied, and stays until it is replaced', async (text, why) => {
  const file = fileWith(text);
  const read = () => file.load();
  expect(read).toThrow(StateUnreadable);
  expect(read).toThrow(`${why}, kept as ${file.path}.damaged`);
  await file.save(8);
  expect(file.load()).toBe(8);
  expect(readFileSync(`${file.path}.damaged`, 'utf8')).toBe(text);
});

test('a file without a version is one of the first version', () => {
  expect(fileWith('{"count": 7}').load()).toBe(7);
});

test('only drafts of processes that have ended are removed', async () => {
  const directory = folder();
  const file = fileIn(directory);
  const { commit } = await file.prepare(2);
  const kept = [`count.json.${process.ppid}.1`, 'count.json.damaged', 'other.txt'];
  for (const name of [...kept, 'count.json.99999999', 'other.json.99999999.4']) {
    writeFileSync(join(directory, name), '{');
  }
  file.load();
  expect(readdirSync(directory)).toContain('other.json.99999999.4');
  discardDrafts(directory);
  await commit();
  expect(readdirSync(directory).sort()).toEqual(['count.json', ...kept].sort());
});
