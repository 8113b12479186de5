/** Configuration files, and requests to the control API. */
import { readdirSync, readFileSync } from 'node:fs';
import { loadConfig } from '../../src/config/load.ts';
import type { ControlSource, StatusDocument } from '../../src/control/protocol.ts';
import { answer } from '../../src/control/routes.ts';
import type { Random } from '../../test/sim/random.ts';
import { type FuzzTarget, require } from './target.ts';

const EXAMPLES = 'config/examples';

const FILES: readonly string[] = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(`${EXAMPLES}/${name}`, 'utf8').replaceAll(/ *#.*$/gm, ''));

/** Boundary values of YAML, numbers, durations and addresses. */
const FRAGMENTS: readonly string[] = [
  ...['', '0', '-1', '255', '256', '1e309', '0x33', '.nan', '~', 'true', '1s', '10ms', '0s'],
  ...['5', '9999999h', '[]', '{}', '[[', '{a: b', '- ', ': ', '\t', '\n', '\r\n', '\u0000'],
  ...['&a', '*a', '<<: *a', '!!binary x', '%YAML 1.1', '---', '...', '"', "'", '|', '>-', '#'],
  ...['__proto__', 'constructor', 'instances', 'eth0', '203.0.113.100/33', '::/129', 'fe80::1'],
  ...['192.0.2.1', '224.0.0.18', '\ud800', '\u2028', 'a'.repeat(300), 'secret123'],
];

/** Deletes, doubles, moves or replaces a word, a line or a piece. */
function changeText(text: string, random: Random): string {
  const at = random.integer(0, text.length);
  const end = Math.min(text.length, at + random.integer(0, 24));
  switch (random.integer(0, 5)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, end) + text.slice(at);
    case 2:
      return text.slice(0, at) + random.pick(FRAGMENTS) + text.slice(end);
    case 3:
      return text.slice(0, at) + String.fromCharCode(random.integer(0, 255)) + text.slice(at);
    case 4:
      return changeLine(text, random);
    default:
      return text.replace(/[^\s:,[\]{}]+(?=[\s,\]}]*$)/m, random.pick(FRAGMENTS));
  }
}

function changeLine(text: string, random: Random): string {
  const lines = text.split('\n');
  const at = random.integer(0, lines.length - 1);
  const line = lines[at] ?? '';
  const colon = line.indexOf(':');
  switch (random.integer(0, 2)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(random.integer(0, lines.length), 0, line);
      break;
    default:
      if (colon >= 0) lines[at] = `${line.slice(0, colon)}: ${random.pick(FRAGMENTS)}`;
  }
  return lines.join('\n');
}

export function textTarget(
  name: string,
  corpus: readonly string[],
  check: (text: string) => void,
): FuzzTarget {
  let text = '';
  return {
    name,
    begin: () => {
      text = '';
    },
    play(random) {
      text = random.pick(corpus);
      for (let left = random.integer(0, 4); left > 0; left--) text = changeText(text, random);
      check(text);
    },
    last: () => JSON.stringify(text),
  };
}

function checkConfig(text: string): void {
  const loaded = loadConfig(text, { hostName: 'lb1' });
  if (loaded.ok) {
    require(loaded.value.settings.instances.every(
      ({ vrid }) => vrid >= 1 && vrid <= 255,
    ), 'VRIDs are 1..255');
    require(JSON.stringify(loaded.value.settings).length > 0, 'settings are plain values');
    return;
  }
  require(loaded.error.length > 0, 'a refusal has a reason');
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const { line, column, code, message } of loaded.error) {
    require(line >= 1 &&
      line <= lines &&
      column >= 1, `a finding is in the file: ${line}:${column}`);
    require(code.length > 0 && message !== '', 'a finding has a code and a message');
  }
}

const TARGETS: readonly string[] = [
  '/v1/status',
  '/v1/events?follow=1&after=12',
  '/v1/events?after=999999999999999',
  '/v1/config?',
  '/v1/instances/web/failover',
];

const SOURCE: ControlSource = {
  status: () => ({ router: 'lb1' }) as StatusDocument,
  eventsAfter: () => [],
  subscribe: () => () => {},
  config: () => ({}),
};

function checkRequest(target: string): void {
  for (const method of ['GET', 'POST', target.slice(0, 7)]) {
    const made = answer(SOURCE, method, target);
    if (made.kind === 'error') {
      require(made.status >= 400 &&
        made.status < 500, 'an invalid request is the fault of the client');
      require(made.code !== '' && made.message !== '', 'a refusal has a code and a message');
    }
    if (made.kind === 'follow') {
      require(Number.isSafeInteger(made.after ?? 0), 'following begins at an event number');
    }
    JSON.stringify(made);
  }
}

export const CONFIG_TARGET: FuzzTarget = textTarget('config', FILES, checkConfig);
export const CONTROL_TARGET: FuzzTarget = textTarget('control', TARGETS, checkRequest);
