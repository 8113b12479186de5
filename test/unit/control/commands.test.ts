import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../../src/control/client.ts';
import { CommandRefusal } from '../../../src/control/commands.ts';
import type { ReloadDocument } from '../../../src/control/protocol.ts';
import { runControl } from './samples.ts';

const DONE: ReloadDocument = {
  applied: true,
  file: 'a.yaml',
  instances: [],
  unchanged: 2,
  agent: [],
  warnings: [],
};

async function runCommands(reload: (dryRun: boolean) => ReloadDocument = () => DONE) {
  const asked: boolean[] = [];
  const errors: unknown[] = [];
  const { socket } = await runControl({
    commands: {
      reload: async ({ dryRun }) => {
        asked.push(dryRun);
        return reload(dryRun);
      },
      takeover: async ({ step }) => ({ step }),
    },
    onError: (error) => errors.push(error),
  });
  const { request } = await import('node:http');
  const send = (method: string, path: string, body = '') =>
    new Promise<{ status: number; document: unknown }>((resolve, reject) => {
      const sent = request({ socketPath: socket, method, path, agent: false }, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, document: JSON.parse(text) }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  return { socket, asked, errors, send };
}

describe('a command', () => {
  test('runs once, and its document is the response', async () => {
    const { socket, asked } = await runCommands();
    expect(await new ControlClient({ socket }).reload({ dryRun: true })).toEqual(DONE);
    expect(asked).toEqual([true]);
  });

  test('needs no body', async () => {
    const { send, asked } = await runCommands();
    expect(await send('POST', '/v1/reload')).toEqual({ status: 200, document: DONE });
    expect(asked).toEqual([false]);
  });

  test.each([
    ['a body that is no JSON', '/v1/reload', '{', 400],
    ['a body that is no object', '/v1/reload', '[]', 400],
    ['a key it does not know', '/v1/reload', '{"dry":true}', 400],
    ['a value of the wrong type', '/v1/reload', '{"dry_run":1}', 400],
    ['parameters', '/v1/reload?dry_run=1', '', 400],
    ['a body without end', '/v1/reload', ' '.repeat(70_000), 413],
  ])('with %s changes nothing', async (_, path, body, status) => {
    const { send, asked } = await runCommands();
    const answer = await send('POST', path, body);
    expect(answer).toMatchObject({ status, document: { error: { code: expect.any(String) } } });
    expect(asked).toEqual([]);
  });

  test('for a takeover requires a known step', async () => {
    const { send } = await runCommands();
    const step = (name: string) => send('POST', '/v1/takeover', JSON.stringify({ step: name }));
    expect(await step('prepare')).toEqual({ status: 200, document: { step: 'prepare' } });
    expect((await step('seize')).status).toBe(400);
  });

  test('does not answer GET', async () => {
    const { send, asked } = await runCommands();
    expect((await send('GET', '/v1/reload')).status).toBe(405);
    expect(asked).toEqual([]);
  });

  test('that is refused says why, with the errors in the file', async () => {
    const finding = { file: 'a.yaml', line: 3, column: 7, code: 'type', message: 'is no number' };
    const { socket, errors } = await runCommands(() => {
      const findings = [finding];
      const code = 'invalid-configuration';
      throw new CommandRefusal({ status: 409, code, message: 'no', findings });
    });
    const refused = new ControlClient({ socket }).reload({ dryRun: false });
    await expect(refused).rejects.toMatchObject({
      status: 409,
      code: 'invalid-configuration',
      findings: [finding],
    });
    expect(errors).toEqual([]);
  });

  test('that fails is logged, and the client learns only that it failed', async () => {
    const { send, errors } = await runCommands(() => {
      throw new Error('secret');
    });
    const answer = await send('POST', '/v1/reload');
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.document)).not.toContain('secret');
    expect(errors).toHaveLength(1);
  });
});
