import { describe, expect, test } from 'vitest';
import * as witness from '../../../src/cli/commands/witness.ts';
import { CommandRefusal, type WitnessReleaseTerms } from '../../../src/control/commands.ts';
import type { WitnessReleaseDocument } from '../../../src/control/witness-document.ts';
import { runControl } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

const DELETED: WitnessReleaseDocument = { instance: 'web', outcome: 'deleted', holder: 'lb2' };

async function cli(line: string, answer: WitnessReleaseDocument | CommandRefusal = DELETED) {
  const asked: WitnessReleaseTerms[] = [];
  const { socket } = await runControl({
    commands: {
      reload: () => Promise.reject(new Error('not asked for')),
      takeover: () => Promise.reject(new Error('not asked for')),
      releaseWitness: (terms) => {
        asked.push(terms);
        return answer instanceof CommandRefusal ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
  });
  return { ...(await runCli(witness, [...line.split(' '), '--socket', socket])), asked };
}

function refused(status: number, code: string) {
  return new CommandRefusal({ status, code, message: `it is ${code}` });
}

describe('witness release', () => {
  test('asks for one instance, without force unless it is given', async () => {
    const { stdout, code, asked } = await cli('witness release web');
    expect({ stdout, code }).toEqual({ stdout: 'web: the key of lb2 is deleted\n', code: 0 });
    expect(asked).toEqual([{ instance: 'web', force: false }]);
    expect((await cli('witness release web --force')).asked).toMatchObject([{ force: true }]);
  });

  test('says that nothing had the key, and prints JSON', async () => {
    const free = { instance: 'web', outcome: 'free', holder: null } as const;
    expect((await cli('witness release web', free)).stdout).toBe('web: no director has the key\n');
    expect(JSON.parse((await cli('witness release web --json', free)).stdout)).toEqual(free);
  });

  test.each([
    [409, 'key-held', 4],
    [404, 'not-found', 2],
    [500, 'witness-down', 1],
  ])('that is refused with %d ends with its own status', async (status, name, exit) => {
    const { stderr, code } = await cli('witness release web', refused(status, name));
    expect({ stderr, code }).toEqual({ stderr: `vrrp-agent: it is ${name}\n`, code: exit });
  });
});

test('witness status without a witness says so', async () => {
  const { stdout, code } = await cli('witness status');
  expect({ stdout, code }).toEqual({
    stdout: 'no witness: the configuration has no "witness"\n',
    code: 0,
  });
});
