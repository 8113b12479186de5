import { describe, expect, test } from 'vitest';
import * as ipvs from '../../../src/cli/commands/ipvs/ipvs.ts';
import { CommandRefusal, type DrainTerms } from '../../../src/control/commands.ts';
import type { DrainDocument } from '../../../src/control/ipvs-document.ts';
import { seconds } from '../../../src/net/time.ts';
import { runControl } from '../control/samples.ts';
import { runCli } from './run-cli.ts';

const DRAINING: DrainDocument = {
  service: 'web',
  server: '10.0.0.11:80',
  outcome: 'draining',
  drained: { since: '2026-03-01T09:00:00.000Z', by: 'alice' },
  weight: 0,
  active: 3,
  inactive: 1,
  waited_ms: 1_000,
  warnings: [],
};

const DRAINED = { ...DRAINING, outcome: 'drained', active: 0, inactive: 0 } as const;

/** Runs one command line against an agent that returns this answer. */
async function cli(line: string, answer: Partial<DrainDocument> | CommandRefusal = {}) {
  const asked: unknown[] = [];
  const take = (terms: Partial<DrainTerms>) => {
    asked.push(terms);
    return answer instanceof CommandRefusal
      ? Promise.reject(answer)
      : Promise.resolve({ ...DRAINING, ...answer });
  };
  const { socket } = await runControl({
    commands: {
      reload: () => Promise.reject(new Error('not asked for')),
      takeover: () => Promise.reject(new Error('not asked for')),
      drains: () => ({ drain: take, undrain: take }),
    },
  });
  return { ...(await runCli(ipvs, [...line.split(' '), '--socket', socket])), asked };
}

function refused(status: number, code: string) {
  return new CommandRefusal({ status, code, message: `it is ${code}` });
}

describe('ipvs drain', () => {
  test('does not wait without --wait, and succeeds', async () => {
    const { stdout, code, asked } = await cli('ipvs drain web 10.0.0.11:80');
    expect({ stdout, code }).toEqual({
      stdout:
        'web: 10.0.0.11:80 receives no new connections and still has 3 active and 1 inactive connections\n',
      code: 0,
    });
    expect(asked).toEqual([{ service: 'web', server: '10.0.0.11:80', wait: null, force: false }]);
  });

  test('waits a minute, or as long as --wait says', async () => {
    const drained = { outcome: 'drained', active: 0, inactive: 0 } as const;
    const minute = await cli('ipvs drain web 10.0.0.11:80 --wait', drained);
    expect(minute.asked).toMatchObject([{ wait: seconds(60) }]);
    const hour = await cli('ipvs drain web 10.0.0.11:80 --wait 1h --force', drained);
    expect(hour.asked).toMatchObject([{ wait: seconds(3_600), force: true }]);
    expect(hour).toMatchObject({
      stdout: 'web: 10.0.0.11:80 is drained after 1.0 s: 0 active and 0 inactive connections\n',
      code: 0,
    });
  });

  test('exits with 3 if connections are left', async () => {
    expect(await cli('ipvs drain web 10.0.0.11:80 --wait 1s')).toMatchObject({ code: 3 });
  });

  test.each([
    [409, 'last-server', 4],
    [404, 'no-such-server', 2],
    [409, 'ipvs-unavailable', 1],
    [409, 'agent-ends', 1],
    [500, 'state-unwritable', 1],
  ])('maps a refusal to an exit status: %s %s', async (status, code, exit) => {
    const { stderr, code: is } = await cli('ipvs drain web 10.0.0.11', refused(status, code));
    expect({ stderr, is }).toEqual({ stderr: `vrrp-agent: it is ${code}\n`, is: exit });
  });

  test('FR-N1 asks the next process for the rest of the time', async () => {
    const answers = [refused(409, 'agent-ends'), refused(409, 'ipvs-unavailable'), DRAINED];
    const asked: DrainTerms[] = [];
    const take = (terms: DrainTerms) => {
      const answer = answers[asked.length] ?? DRAINED;
      asked.push(terms);
      return answer instanceof CommandRefusal ? Promise.reject(answer) : Promise.resolve(answer);
    };
    const { socket } = await runControl({
      commands: {
        reload: () => Promise.reject(new Error('not asked for')),
        takeover: () => Promise.reject(new Error('not asked for')),
        drains: () => ({ drain: take, undrain: () => Promise.reject(new Error('not asked for')) }),
      },
    });
    const line = `ipvs drain web 10.0.0.11:80 --wait 30s --socket ${socket}`;
    expect(await runCli(ipvs, line.split(' '))).toMatchObject({ code: 0, stderr: '' });
    const waits = asked.map(({ wait }) => Number(wait) / 1_000_000);
    expect(waits).toHaveLength(3);
    expect(waits[2]).toBeLessThan(28.1);
  });

  test('says that the server stays drained if no process follows the one that ends', async () => {
    const refuse = () => Promise.reject(new Error('not asked for'));
    const { socket, server } = await runControl({
      commands: {
        ...{ reload: refuse, takeover: refuse },
        drains: () => ({
          drain: () => {
            setTimeout(() => void server.close(), 100);
            return Promise.reject(refused(409, 'agent-ends'));
          },
          undrain: refuse,
        }),
      },
    });
    const line = `ipvs drain web 10.0.0.11:80 --wait 1500ms --socket ${socket}`;
    expect(await runCli(ipvs, line.split(' '))).toMatchObject({
      ...{ code: 1, stderr: 'vrrp-agent: it is agent-ends\n' },
    });
  });

  test('refuses an invalid duration before any request', async () => {
    const { code, asked } = await cli('ipvs drain web 10.0.0.11:80 --wait soon');
    expect({ code, asked }).toEqual({ code: 2, asked: [] });
  });
});

test('ipvs undrain shows the weight that applies again', async () => {
  const answer = { outcome: 'in-service', drained: null, weight: 5 } as const;
  const { stdout, code } = await cli('ipvs undrain web 10.0.0.11:80', answer);
  expect({ stdout, code }).toEqual({
    stdout: 'web: 10.0.0.11:80 is in service, weight 5\n',
    code: 0,
  });
});
