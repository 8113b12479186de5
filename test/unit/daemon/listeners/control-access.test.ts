import { statSync } from 'node:fs';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { placeSocket } from '../../../../src/control/socket-file.ts';
import { accessOf, groupWarnings } from '../../../../src/daemon/listeners/control-access.ts';
import { socketPath } from '../../control/samples.ts';

const groups = (name: string) => (name === 'operators' ? 4_711 : undefined);

test('the group of the control socket is looked up by name', () => {
  expect(accessOf({ mode: 0o660, group: 'operators' }, groups)).toEqual({
    mode: 0o660,
    gid: 4_711,
  });
  expect(accessOf({ mode: 0o600, group: undefined }, groups)).toEqual({ mode: 0o600 });
  expect(accessOf({ mode: 0o660, group: 'root' })).toEqual({ mode: 0o660, gid: 0 });
});

test('a group that does not exist is refused with what to do', () => {
  const control = { mode: 0o660, group: 'operator' };
  expect(() => accessOf(control, groups)).toThrow('groupadd --system operator');
  expect(groupWarnings(control, groups)).toEqual([
    expect.stringMatching(/^this host has no group "operator"/),
  ]);
  expect(groupWarnings({ ...control, group: 'operators' }, groups)).toEqual([]);
});

test.skipIf(process.getuid?.() !== 0)('the socket has the group and the mode', async () => {
  const socket = socketPath();
  const server = createServer();
  const file = await placeSocket(server, socket, { mode: 0o660, gid: 4_711 });
  onTestFinished(() => file.remove());
  onTestFinished(() => void server.close());
  const { gid, uid, mode } = statSync(socket);
  expect({ gid, uid, mode: mode & 0o777 }).toEqual({ gid: 4_711, uid: 0, mode: 0o660 });
});
