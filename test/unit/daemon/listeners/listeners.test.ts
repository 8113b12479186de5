/** The listeners of a successor, whose predecessor still has the port. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { AgentSettings } from '../../../../src/config/agent-settings.ts';
import { Listeners } from '../../../../src/daemon/listeners/listeners.ts';
import { ip } from '../../../../src/net/address.ts';
import type { Endpoint } from '../../../../src/net/endpoint.ts';

/** Only the port matters here. */
vi.mock('../../../../src/daemon/listeners/http.ts', () => {
  class AgentHttp {
    #server = createServer();

    async move({ address, port }: Endpoint): Promise<void> {
      this.#server = createServer((socket) => socket.destroy()).listen(port, address);
      await once(this.#server, 'listening');
    }

    close(): void {
      this.#server.close();
    }
  }
  return { AgentHttp };
});

test('a successor serves HTTP although its predecessor keeps the port for 6 s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'listeners-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const predecessor = createServer().listen(0, '127.0.0.1');
  await once(predecessor, 'listening');
  const { port } = predecessor.address() as AddressInfo;
  const lines: string[] = [];
  const listeners = new Listeners({
    names: () => [],
    ...{ source: {} as never, protocol: {} as never },
    ...{ commands: {} as never, operators: {} as never },
    logger: pino({}, { write: (text: string) => void lines.push(text) }),
  });
  onTestFinished(() => listeners.close(false));
  setTimeout(() => predecessor.close(), 6_000);
  const agent = {
    control: { socket: join(folder, 'control.sock'), mode: 0o600 },
    httpListen: { address: ip('127.0.0.1'), port },
  } as AgentSettings;
  expect(await listeners.open(agent, true)).toBe(true);
  expect(lines).toEqual([]);
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.destroy();
});
