/** A name that one process can hold in each network namespace. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { AF_UNIX, SOCK_STREAM } from '../../src/kernel/ffi/constants.ts';
import { libc } from '../../src/kernel/ffi/libc.ts';
import { closeFd, openSocket } from '../../src/kernel/ffi/socket.ts';
import { abstractSocketAddress } from '../../src/kernel/ffi/socket-address.ts';
import { NamespaceName } from '../../src/kernel/namespace-name/namespace-name.ts';
import { builtProgram } from '../../src/lab/program.ts';
import { inNamespace } from './namespace.ts';
import { ip, kernelSuite } from './support.ts';

const NAME = `vrrp-agent-test-${process.pid}`;

const MODULE = builtProgram('src/kernel/namespace-name/namespace-name.js');

/** Tries to get the name, prints the outcome, and keeps what it has. */
const PROGRAM = `
const { NamespaceName } = await import(${JSON.stringify(MODULE)});
const { held, by } = NamespaceName.acquire(${JSON.stringify(NAME)});
console.log(JSON.stringify({ held, by }));
if (held) setInterval(() => {}, 60_000);
`;

interface Other {
  readonly child: ChildProcess;
  readonly outcome: { readonly held: boolean; readonly by?: unknown };
}

kernelSuite('FR-E a name in a network namespace', () => {
  const namespace = `kt${process.pid}-name`;

  beforeAll(() => {
    ip('netns', 'add', namespace);
  });

  afterAll(() => {
    ip('netns', 'delete', namespace);
  });

  const acquire = (where = namespace) => inNamespace(where, () => NamespaceName.acquire(NAME));

  function held(attempt = acquire()): NamespaceName {
    if (!attempt.held) throw new Error(`held by ${JSON.stringify(attempt.by)}`);
    onTestFinished(() => attempt.name.release());
    return attempt.name;
  }

  /** Another process that asks for the name, and waits if it gets it. */
  async function other(...wrapper: string[]): Promise<Other> {
    const node = [process.execPath, '--input-type=module', '-e', PROGRAM];
    const args = ['netns', 'exec', namespace, ...wrapper, ...node];
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    onTestFinished(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    const line = await new Promise((resolve) => child.stdout?.once('data', resolve));
    return { child, outcome: JSON.parse(String(line)) as Other['outcome'] };
  }

  test('is held once, and the second process learns who has it', async () => {
    const { child, outcome } = await other();
    expect(outcome).toEqual({ held: true });
    expect(acquire()).toEqual({ held: false, by: { pid: child.pid, uid: 0 } });
  });

  test('is known across containers that share the network, even if its holder is stopped', async () => {
    const { child } = await other('unshare', '--mount', '--uts', '--ipc');
    child.kill('SIGSTOP');
    expect(acquire()).toEqual({ held: false, by: { pid: child.pid, uid: 0 } });
  });

  test('is known to a container that does not see its holder', async () => {
    held();
    const { outcome } = await other('unshare', '--pid', '--fork', '--kill-child');
    expect(outcome).toEqual({ held: false, by: { pid: 0, uid: 0 } });
  });

  test('may be bound by a process that does not listen, or whose queue is full', () => {
    const address = abstractSocketAddress(NAME);
    const socket = () => {
      const fd = openSocket('a socket with a name', AF_UNIX, SOCK_STREAM, 0);
      onTestFinished(() => closeFd(fd));
      return fd;
    };
    const [holder, client] = inNamespace(namespace, () => [socket(), socket()] as const);
    expect(libc().bind(holder, address, address.length)).toBe(0);
    expect(acquire()).toEqual({ held: false, by: 'deaf' });
    libc().listen(holder, 0);
    expect(libc().connect(client, address, address.length)).toBe(0);
    expect(acquire()).toEqual({ held: false, by: 'deaf' });
  });

  test('is free once its holder is dead', async () => {
    const { child } = await other();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    held();
  });

  test('is free in another namespace', async () => {
    held();
    const second = `${namespace}-2`;
    ip('netns', 'add', second);
    onTestFinished(() => void ip('netns', 'delete', second));
    held(acquire(second));
  });

  test('names its holder to any number of processes that ask', async () => {
    held();
    for (let count = 0; count < 300; count++) {
      expect(acquire()).toEqual({ held: false, by: { pid: process.pid, uid: 0 } });
      if (count % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  });

  test('can be released and held again', () => {
    const first = held();
    first.release();
    first.release();
    held();
  });
});
