import { describe, expect, test } from 'vitest';
import { type GenericSocket, IpvsClient } from '../../../../src/ipvs/kernel/ipvs-client.ts';
import { errnoNumber } from '../../../../src/kernel/ffi/errno.ts';
import { ip } from '../../../../src/net/address.ts';
import type { DaemonRole, SyncDaemon, TableChange } from '../../../../src/net/ipvs.ts';
import { encodeNewDaemon } from '../../../../src/wire/netlink/generic/ipvs/daemon.ts';

type Errno = Parameters<typeof errnoNumber>[0];

const BACKUP: SyncDaemon = {
  role: 'backup',
  interface: 'eth1',
  syncId: 55,
  group: ip('224.0.0.81'),
  port: 8_848,
  ttl: 1,
  maximumLength: 1_400,
};

/** A socket that answers each request with this errno, and lists these daemons. */
function clientOf(errno: Errno | undefined, daemons: readonly SyncDaemon[] = []) {
  let sent = 0;
  const answer = { errno: errno === undefined ? 0 : errnoNumber(errno), text: undefined };
  const socket: GenericSocket = {
    transact: (requests) => {
      sent += requests.length;
      return requests.map(() => answer);
    },
    query: () => [],
    dump: () =>
      daemons.map((daemon) => ({
        ...{ type: 30, flags: 0, sequence: 1, port: 0 },
        payload: encodeNewDaemon(daemon),
      })),
    close: () => {},
  };
  return { client: new IpvsClient(socket, 30), sent: () => sent };
}

const stopped = (errno: Errno | undefined, running: readonly DaemonRole[]) => () =>
  clientOf(
    errno,
    running.map((role) => ({ ...BACKUP, role })),
  ).client.stopDaemon('backup');

const started = (errno: Errno | undefined, running: readonly DaemonRole[]) => () =>
  clientOf(
    errno,
    running.map((role) => ({ ...BACKUP, role })),
  ).client.startDaemon(BACKUP);

describe('stopping a sync daemon', () => {
  test('succeeds if the kernel acknowledges it', () => {
    expect(stopped(undefined, [])).not.toThrow();
  });

  test('succeeds if the daemon does not run', () => {
    expect(stopped('ESRCH', [])).not.toThrow();
  });

  test('succeeds if the kernel does not answer and no longer lists the daemon', () => {
    expect(stopped('ENOBUFS', ['master'])).not.toThrow();
  });

  test('fails if the kernel does not answer and still lists the daemon', () => {
    expect(stopped('ENOBUFS', ['backup'])).toThrow('stop the backup sync daemon');
  });

  test('fails if the kernel refuses', () => {
    expect(stopped('EPERM', [])).toThrow(/stop the backup sync daemon.*EPERM/);
  });
});

describe('starting a sync daemon', () => {
  test('succeeds if the kernel does not answer and lists the daemon', () => {
    expect(started('ENOBUFS', ['backup'])).not.toThrow();
  });

  test('fails if the kernel does not answer and does not list the daemon', () => {
    expect(started('ENOBUFS', ['master'])).toThrow('start the backup sync daemon on eth1');
  });

  test.each(['EEXIST', 'ENODEV', 'ENETUNREACH'] as const)('fails with %s', (errno) => {
    expect(started(errno, [])).toThrow(errno);
  });

  test('makes the kernel list it with its settings', () => {
    expect(clientOf(undefined, [BACKUP]).client.daemons()).toEqual([BACKUP]);
  });
});

describe('writes to the service table', () => {
  const key = {
    kind: 'address',
    family: 'ipv4',
    protocol: 'tcp',
    address: ip('203.0.113.100'),
    port: 80,
  } as const;
  const changes: TableChange[] = Array.from({ length: 600 }, () => ({
    kind: 'service.remove',
    key,
  }));

  test('are all made, a slice at a time', async () => {
    const { client, sent } = clientOf(undefined);
    expect(await client.change(changes)).toEqual([]);
    expect(sent()).toBe(600);
  });

  test('that are refused are returned with their errno', async () => {
    const refused = await clientOf('ENOENT').client.change(changes.slice(0, 2));
    expect(refused).toMatchObject([
      { change: changes[0], error: { errno: 'ENOENT' } },
      { change: changes[1], error: { operation: 'remove the service tcp 203.0.113.100:80' } },
    ]);
  });

  test('without an answer count as refused: the next check decides', async () => {
    expect(await clientOf('ENOBUFS').client.change(changes.slice(0, 1))).toHaveLength(1);
  });
});
