/**
 * The last line of defence: whatever happens to an agent that is MASTER, its VIPs are served, or gone
 * within a second. A second host judges: it asks for the VIP by ARP every 10 ms.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ControlClient } from '../../src/control/client.ts';
import { mastershipDirectories } from '../../src/daemon/mastership-memory.ts';
import { advertisementsIn, Capture } from '../../src/lab/packets/capture.ts';
import { agentConfig, agentSocket } from '../../src/lab/peers/vrrp-agent.ts';
import { builtProgram } from '../../src/lab/program.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE, type LabHost } from '../../src/lab/topology/layout.ts';
import type { LabProcess } from '../../src/lab/topology/processes.ts';
import { sleep, waitFor } from '../../src/lab/wait.ts';
import { type FormerMastership, formerMasterships } from '../../src/protocol/engine/masterships.ts';
import { HEADER_LENGTH } from '../../src/protocol/thread/masterships-file.ts';
import { reaches, startOn, VIP, webInstance } from '../interop/harness/agent-story.ts';
import { holdsAlone } from '../interop/harness/master.ts';
import { inLab } from '../interop/harness/own-lab.ts';
import { OwnerWatch } from '../interop/harness/owner-watch.ts';
import { lacks } from '../interop/harness/requirements.ts';
import { squeezeNetlink } from './netlink-squeeze.ts';

/** Milliseconds in which a VIP has to be gone; the rest is for a host that is busy with other tests. */
const GONE_WITHIN = 1_000;
const BUSY = 500;

/** Less, and V8 ends the process: then the kernel removes the VIPs at the end of their lease. */
const SPARE_BYTES = 8 * 1_024 * 1_024;

/** By then the agent has given back what its start needed, for which V8 moves objects to new pages. */
const SETTLED = 3_000;

/** For the first takeover, on a host that is busy with other tests. */
const START_MS = 30_000;

/** How long the second host watches afterwards. */
const WATCHED = 1_500;

type Surroundings =
  | 'no descriptors'
  | 'little memory'
  | 'stalled log'
  | 'stalled datagram log'
  | 'full disk';

const FAILING = fileURLToPath(new URL('../interop/harness/failing-agent.mjs', import.meta.url));

/** Runs the compiled agent on lb1 with this fault; resolves once it is MASTER. */
async function startFailing(
  lab: Lab,
  way: string,
  surroundings: readonly Surroundings[],
): Promise<{ readonly pid: number; readonly fail: () => void }> {
  const host = lab.director(1);
  const config = lab.path('failing.yaml');
  const trigger = lab.path('trigger');
  const state = lab.path(`${host.name}-state`);
  mkdirSync(state, { recursive: true });
  writeFileSync(config, agentConfig(lab, host, { instances: [webInstance({ priority: 150 })] }));
  const dist = dirname(dirname(dirname(builtProgram('src/cli/main.js'))));
  const program = [process.execPath, FAILING, dist, config, way, trigger];
  const args = ['-c', scriptFor(surroundings, state), 'sh', ...program];
  await lab.spawn(host, 'sh', args, { label: 'failing', log: true });
  await holdsAlone(lab, host, VIP, START_MS);
  const { pid } = await new ControlClient({ socket: agentSocket(lab, host) }).status();
  if (surroundings.includes('no descriptors')) limit(pid, 'nofile', 4);
  if (surroundings.includes('little memory')) {
    await sleep(SETTLED);
    limit(pid, 'as', sizeOf(pid) + SPARE_BYTES);
  }
  return { pid, fail: () => writeFileSync(trigger, '') };
}

/** What an agent that is started now could continue. */
function mastershipsOf(lab: Lab, host: LabHost): readonly FormerMastership[] {
  const name = `vrrp-agent-masterships-${statSync(`/run/netns/${host.namespace}`).ino}`;
  const files = mastershipDirectories(agentSocket(lab, host)).map((folder) => join(folder, name));
  return files.filter(existsSync).flatMap((file) => {
    const values = new Float64Array(Uint8Array.from(readFileSync(file)).buffer);
    return formerMasterships(values.subarray(HEADER_LENGTH));
  });
}

/** Runs a program whose standard output is a full socket: unlike a pipe, Node.js leaves it blocking. */
const DATAGRAM_LOG = `
import os, socket, sys
reader, log = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
log.setblocking(False)
try:
    while True: log.send(b"filling")
except BlockingIOError: pass
log.setblocking(True)
reader.set_inheritable(True)
os.dup2(log.fileno(), 1)
os.execvp(sys.argv[1], sys.argv[1:])
`;

/** Runs in a mount namespace of its own. */
function scriptFor(surroundings: readonly Surroundings[], state: string): string {
  const run = surroundings.includes('full disk')
    ? `mount -t tmpfs -o size=16k tmpfs ${state}; head -c 100000 /dev/zero >${state}/filling; exec "$@" >/dev/full 2>&1`
    : 'exec "$@" 2>&1';
  if (surroundings.includes('stalled datagram log'))
    return `exec python3 -c '${DATAGRAM_LOG}' "$@"`;
  // A pipe that is full, and whose reader does not read.
  return surroundings.includes('stalled log')
    ? `(head -c 65536 /dev/zero; ${run}) | sleep 1000`
    : run;
}

/** The kernel refuses more to a process that runs (prlimit(2)). */
function limit(pid: number, resource: 'nofile' | 'as', value: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--${resource}=${value}:${value}`]);
}

/** Bytes of address space. */
function sizeOf(pid: number): number {
  const [, size] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(size) * 1_024;
}

describe.skipIf(lacks('prlimit')).concurrent('FR-O3 defence: a MASTER', () => {
  test.each<[string, string, readonly Surroundings[]]>([
    ['its protocol thread throws', 'throw', []],
    ['its protocol thread ends', 'exit', []],
    ['its protocol thread rejects', 'reject', []],
    ['its protocol thread hangs', 'hang', []],
    ['its protocol thread has no memory left', 'out-of-memory', []],
    ['its main thread throws twice', 'main-thread-twice', []],
    ['its protocol thread throws while its main thread hangs', 'throw+main-hang', []],
    ['its protocol thread throws without a free descriptor', 'throw', ['no descriptors']],
    ['its protocol thread ends without a free descriptor', 'exit', ['no descriptors']],
    ['its protocol thread hangs without a free descriptor', 'hang', ['no descriptors']],
    [
      'its main thread throws twice without a free descriptor',
      'main-thread-twice',
      ['no descriptors'],
    ],
    ['its protocol thread throws with little memory', 'throw', ['little memory']],
    ['its main thread throws twice with little memory', 'main-thread-twice', ['little memory']],
    [
      'its protocol thread throws with all at once',
      'throw',
      ['no descriptors', 'stalled log', 'full disk'],
    ],
    [
      'its protocol thread hangs with all at once',
      'hang',
      ['no descriptors', 'stalled log', 'full disk'],
    ],
    [
      'its main thread throws with all at once',
      'main-thread',
      ['no descriptors', 'stalled log', 'full disk'],
    ],
  ])('lets its VIP go within a second, and its peer serves it: %s', (_, way, surroundings) =>
    inLab(async (lab) => {
      const [first, second] = [lab.director(1), lab.director(2)];
      const other = await startOn(lab, 2);
      await reaches(other, 'MASTER');
      const { fail } = await startFailing(lab, way, surroundings);
      const watch = await OwnerWatch.start(lab, VIP);
      const capture = await Capture.start(lab, { filter: 'proto 112' });
      const failedAt = Date.now();
      fail();
      await waitFor('the peer serves', () => watch.firstOf(second, failedAt));
      await sleep(WATCHED);
      const gone = (watch.lastOf(first) ?? failedAt) - failedAt;
      const served = (watch.firstOf(second, failedAt) ?? Number.NaN) - failedAt;
      expect(gone).toBeLessThan(GONE_WITHIN + BUSY);
      expect(mastershipsOf(lab, first)).toEqual([]);
      expect(served).toBeLessThan(GONE_WITHIN + BUSY);
      const last = advertisementsIn(await capture.stop()).findLast(
        ({ source }) => source === first.address,
      );
      expect(last?.advertisement.priority).toBe(0);
    }),
  );
});

/** Changes of the host that are not the agent's: `count` addresses come and go, again and again. */
function churn(lab: Lab, host: LabHost, count: number): Promise<LabProcess> {
  const lines = (verb: string) =>
    Array.from({ length: count }, (_, at) => {
      return `address ${verb} 198.51.100.${at % 250}/${at < 250 ? 32 : 31} dev lo`;
    }).join('\n');
  writeFileSync(lab.path('come.batch'), lines('add'));
  writeFileSync(lab.path('go.batch'), lines('del'));
  const loop = 'while :; do ip -force -batch "$1"; ip -force -batch "$2"; done';
  const args = ['-c', loop, 'sh', lab.path('come.batch'), lab.path('go.batch')];
  return lab.spawn(host, 'sh', args, { label: 'churn' });
}

async function removeByHand(lab: Lab, host: LabHost): Promise<void> {
  await lab.run(host, 'ip', ['address', 'del', `${VIP}/32`, 'dev', HOST_INTERFACE]);
}

/** Returns what ends it, if it lasts while the VIP is removed. */
type Trouble = (lab: Lab, pid: number) => Promise<LabProcess | undefined>;

async function nothingMore(): Promise<undefined> {
  await sleep(1_000);
  return undefined;
}

/** Beyond what a busy host needs to answer, and far below what a takeover takes. */
const PAUSE_MAX = 500;

/** Puts a file system over the state directory whose server answers nothing; two threads wait for it. */
async function freezeDisk(lab: Lab, pid: number): Promise<undefined> {
  const host = lab.director(1);
  const mount = 'mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 frozen "$1"';
  const script = `exec 3<>/dev/fuse; ${mount} && exec sleep 1000`;
  const args = ['-t', String(pid), '-m', 'sh', '-c', script, 'sh', lab.path(`${host.name}-state`)];
  await lab.spawn(host, 'nsenter', args, { label: 'frozen' });
  const mounts = `/proc/${pid}/mounts`;
  await waitFor('the mount', () => readFileSync(mounts, 'utf8').includes('frozen'));
  const client = new ControlClient({ socket: agentSocket(lab, host) });
  for (let threads = 0; threads < 2; threads++) {
    client.operate('web', 'failover', { release: true }).catch(() => undefined);
  }
  return nothingMore();
}

const TROUBLES: readonly (readonly [string, readonly Surroundings[], Trouble])[] = [
  ['it has no free descriptor', ['no descriptors'], nothingMore],
  ['it has little memory', ['little memory'], nothingMore],
  ['its log is not read', ['stalled log'], nothingMore],
  ['its log is a datagram socket that is not read', ['stalled datagram log'], nothingMore],
  ['its disk is full', ['full disk'], nothingMore],
  ['the disk of its state does not answer', [], freezeDisk],
  ['all at once', ['no descriptors', 'stalled log', 'full disk'], nothingMore],
  [
    'the kernel drops its netlink messages',
    [],
    async (lab, pid) => {
      expect(squeezeNetlink(pid)).toBeGreaterThan(2);
      const changing = await churn(lab, lab.director(1), 200);
      await sleep(1_000);
      return changing;
    },
  ],
  [
    'every dump of the kernel is interrupted',
    [],
    async (lab) => {
      const changing = await churn(lab, lab.director(1), 500);
      await sleep(2_000);
      return changing;
    },
  ],
  [
    'every dump is interrupted, and the kernel drops its netlink messages',
    ['no descriptors', 'stalled log'],
    async (lab, pid) => {
      squeezeNetlink(pid);
      const changing = await churn(lab, lab.director(1), 500);
      await sleep(2_000);
      return changing;
    },
  ],
];

describe.skipIf(lacks('prlimit')).concurrent('FR-O3 defence: a MASTER', () => {
  test.each(TROUBLES)('serves, repairs and hands over although %s', (_, surroundings, trouble) =>
    inLab(async (lab) => {
      const [first, second] = [lab.director(1), lab.director(2)];
      const other = await startOn(lab, 2);
      await reaches(other, 'MASTER');
      const { pid } = await startFailing(lab, 'none', surroundings);
      await reaches(other, 'BACKUP');
      const watch = await OwnerWatch.start(lab, VIP);
      const from = Date.now();
      const lasting = await trouble(lab, pid);
      const answers = watch.answers().filter(({ at }) => at >= from);
      const pauses = answers.slice(1).map(({ at }, before) => at - (answers[before]?.at ?? at));
      expect(new Set(answers.map(({ by }) => by))).toEqual(new Set([first.name]));
      expect(Math.max(...pauses)).toBeLessThan(PAUSE_MAX);

      await removeByHand(lab, first);
      await waitFor('the VIP is back', () => watch.firstOf(first, Date.now() - 20));
      lasting?.signal('SIGKILL');
      if (surroundings.includes('no descriptors')) {
        process.kill(pid, 'SIGUSR2');
        await sleep(BUSY);
        await waitFor('the VIP is still there', () => watch.firstOf(first, Date.now() - 20));
      }
      const stoppedAt = Date.now();
      process.kill(pid, 'SIGTERM');
      await waitFor('the peer serves', () => watch.firstOf(second, stoppedAt));
      await waitFor('the process ends', () => !existsSync(`/proc/${pid}/fd/0`));
      await holdsAlone(lab, second, VIP);
      expect(existsSync(`${agentSocket(lab, first)}.lock`)).toBe(false);
    }),
  );
});
