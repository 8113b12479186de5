import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { completions } from '../../../scripts/generators/completion.ts';
import { manualOfConfiguration } from '../../../scripts/generators/man-configuration.ts';
import { manualOfProgram } from '../../../scripts/generators/man-program.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { AGENT_OPTIONS } from '../../../src/kernel/process/no-debugger.ts';

/** Loads every command, which takes longer than a hook may. */
const scripts = await completions();

describe('completion in bash', () => {
  /** What bash offers for the last of the words. */
  function offered(...words: string[]): string[] {
    const line = words.map((word) => `'${word}'`).join(' ');
    const call = `COMP_WORDS=(vrrp-agent ${line}); COMP_CWORD=${words.length}; _vrrp_agent`;
    const program = `${scripts.bash}\n${call}; echo "\${COMPREPLY[@]}"`;
    const output = execFileSync('bash', ['-c', program], { encoding: 'utf8' });
    return output.trim().split(' ').filter(Boolean);
  }

  test('offers every command', () => {
    expect(offered('')).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    expect(offered('re')).toEqual(['reload']);
  });

  test('offers the options and the commands of a command', () => {
    expect(offered('status', '--')).toEqual(['--socket', '--json', '--watch']);
    expect(offered('ipvs', 'dr')).toEqual(['drain']);
    expect(offered('ipvs', 'prepare', 'dir')).toEqual(['director']);
  });

  test('leaves the value of an option to the completion of files, or offers its words', () => {
    expect(offered('run', '--config', '')).toEqual([]);
    expect(offered('ipvs', 'prepare', '--mode', '')).toEqual(['nat', 'dr', 'tun']);
  });
});

test('completion in zsh and fish has one line for each summary, that of the list of commands', () => {
  const [, ...lines] = scripts.fish.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('complete -c vrrp-agent '))).toEqual([]);
  for (const { name, summary } of COMMANDS) {
    expect(scripts.fish).toContain(` -f -a ${name} -d '${summary}'`);
    expect(scripts.zsh).toContain(`'${name}:${summary}'`);
  }
});

test('completion in fish offers the options of `run` to `run`, not to `lab run`', () => {
  const line = scripts.fish.split('\n').find((one) => one.includes(' -l takeover '));
  expect(line).toContain('seen_subcommand_from run; and not __fish_seen_subcommand_from lab');
});

describe('the manual pages', () => {
  test('describe every command and every key without an unescaped control line', async () => {
    const program = await manualOfProgram('1.2.3', '2026-01-02');
    for (const { name } of COMMANDS) expect(program).toContain(`.SS "vrrp\\-agent ${name}"`);
    const file = manualOfConfiguration('1.2.3', '2026-01-02');
    expect(file).toContain('\\fBhttp.listen\\fR');
    for (const page of [program, file]) {
      const controls = page.split('\n').filter((line) => /^[.']/.test(line));
      expect(controls.filter((line) => !/^\.(TH|SH|SS|TP|PP|br|nf|fi)\b/.test(line))).toEqual([]);
    }
  });
});

test('the first line of the program has the options that the launcher and labs use', () => {
  const [first] = readFileSync('src/cli/main.ts', 'utf8').split('\n');
  expect(first).toBe(`#!/usr/bin/env -S node ${AGENT_OPTIONS.join(' ')}`);
});
