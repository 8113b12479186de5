/**
 * Entry of the protocol thread: constructs the kernel edges, the engine and the loop, and runs until
 * the engine has released everything. An exception ends the thread; the main thread then releases the
 * addresses.
 */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Clock } from '../../kernel/clock/clock.ts';
import { Claims } from '../../kernel/packet/claims.ts';
import { Packets } from '../../kernel/packet/packets.ts';
import type { ClockPort } from '../../kernel/ports.ts';
import { Reactor } from '../../kernel/reactor/reactor.ts';
import { Routes } from '../../kernel/rtnetlink/routes.ts';
import { enterRealtime } from '../../kernel/scheduler/realtime.ts';
import { NotifySocket } from '../../kernel/service-manager/notify-socket.ts';
import { RouterKeys } from '../../keys/router-keys.ts';
import { type Instant, NEVER } from '../../net/time.ts';
import { CounterTable } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import type { Input } from '../engine/inputs.ts';
import type { InstanceView } from '../engine/view.ts';
import { BfdEdge } from './bfd/bfd-edge.ts';
import { emergencyRelease, type Release } from './emergency-release.ts';
import { startEpollLoop } from './epoll-loop.ts';
import { LatenessHistogram } from './lateness.ts';
import { Loop } from './loop.ts';
import { mapMasterships } from './masterships-file.ts';
import type { FromProtocolThread, Realtime, Scheduling, ToProtocolThread } from './messages.ts';
import { PeerLink } from './peer-link/peer-link.ts';
import type { ProtocolMemory } from './protocol-worker.ts';
import { RecordedKeyring } from './recording/recorded-keyring.ts';
import { Recorder } from './recording/recorder.ts';
import { warmUp } from './warm-up.ts';
import { Watchdog, watchdogOf } from './watchdog.ts';

const AUTO_PRIORITY = 10;

const NO_KEYS = { keys: [], activeKey: 0, version: '' };

const memory = workerData as ProtocolMemory;
const counters = new CounterTable(new Float64Array(memory.counters));
const expected = new Float64Array(memory.deadline);
const lastNumber = new BigUint64Array(memory.lastNumber);
/** Undefined before the start, while frozen, and after the end. */
let running: Loop | undefined;
let reactorInUse: Reactor | undefined;
/** Undefined before the start. */
let releaser: (() => Release) | undefined;
/** The same while this thread is in charge of the VIPs: not as a standby, and not while frozen. */
let releaseAll: typeof releaser;
let freezer: Freezer | undefined;
/** Undefined unless the agent was started with `--record`. */
let recorder: Recorder | undefined;
/** Made before the start: its keys come first. */
const peerLink = new PeerLink(counters);
const routerKeys = new RouterKeys();

warmUp();

// The main thread may be busy or hang: it must not be needed for the release.
process.on('uncaughtException', fail);

parentPort?.on('message', (message: ToProtocolThread) => guarded(() => handle(message)));

function handle(message: ToProtocolThread): void {
  switch (message.kind) {
    case 'start':
      start(message);
      return;
    case 'peer-link.keys':
      peerLink.setKeys(message.options ?? NO_KEYS);
      return;
    case 'router.keys':
      routerKeys.replace(message.keys);
      return;
    case 'inputs':
      if (message.inputs.some(({ kind }) => kind === 'adopt')) releaseAll = releaser;
      if (running === undefined) freezer?.missed.push(...message.inputs);
      else running.feed(message.inputs);
      return;
    case 'freeze':
      freezer?.freeze();
      return;
    case 'thaw':
      freezer?.thaw();
      return;
    case 'abandon':
      freezer?.abandon(message.resign);
      return;
    case 'shutdown':
      running?.shutdown();
      return;
    case 'snapshot':
      recorder?.requestSnapshot();
      return;
    case 'ping':
      post({ kind: 'pong' });
      return;
  }
}

type StartMessage = Extract<ToProtocolThread, { kind: 'start' }>;

function start(message: StartMessage): void {
  const clock = new Clock();
  const packets = new Packets();
  const routes = new Routes({ remembered: message.remembered });
  const claims = new Claims();
  const directors = peerLink;
  const bfd = new BfdEdge();
  const reactor = new Reactor(fail, { waits: true });
  reactorInUse = reactor;
  const turn = () => running?.turn();
  const wakeOnPackets = (wake: boolean) =>
    wake ? reactor.add(packets.fd, turn) : reactor.remove(packets.fd);
  const lateness = new LatenessHistogram(new Float64Array(memory.lateness));
  const { masterships: file } = message;
  const masterships = file === undefined ? undefined : mapMasterships(file);
  const engine = engineOf(message, masterships, clock.now());
  releaser = () => {
    // First, so that the next process does not continue what this one resigns.
    masterships?.fill(0);
    return emergencyRelease({
      ...{ instances: engine.instances, masters: mastersAmong(engine.view()), packets, routes },
      ...{ keyring: routerKeys, lastNumber: lastNumber[0] },
    });
  };
  if (!message.standby) releaseAll = releaser;
  const loop = new Loop(
    recorder ?? engine,
    { clock: watchedClock(clock), packets, claims, routes, directors, bfd, wakeOnPackets },
    {
      reports: (reports) =>
        post({ kind: 'reports', reports, instant: clock.now(), wall: Date.now() }),
      lateness: (microseconds) => lateness.add(microseconds),
      virtualLink: (request) => post({ kind: 'virtual-link', request }),
      directorTable: (table) => post({ kind: 'director-table', table }),
      ...(recorder === undefined ? {} : { turned: recorder.turned.bind(recorder) }),
      finished: () => end(),
    },
  );
  const stopWatchdog = startWatchdog(reactor, () => clock.now() - engine.deadline());
  const tearDown = () => {
    stopWatchdog();
    running = undefined;
    releaseAll = undefined;
    expect(NEVER);
    reactor.close();
    packets.close();
    directors.dispose();
    bfd.dispose();
    claims.close();
    routes.close();
    clock.close();
    parentPort?.unref();
    post({ kind: 'finished' });
  };
  running = loop;
  const scheduling = schedule(message.realtime);
  loop.start(message.first, message.standby);
  const sources: readonly Source[] = [
    [clock.fd, () => running?.deadlineReached()],
    [packets.fd, turn],
    [claims.fd, () => running?.claimsReadable()],
    [routes.fd, () => running?.routesReadable()],
    [routes.routingFd, () => running?.routesReadable()],
    [directors.fd, () => running?.directorsReadable()],
    [bfd.fd, () => running?.bfdReadable()],
  ];
  for (const [fd, serve] of sources) reactor.add(fd, serve);
  const epollLoop = startEpollLoop(reactor, message.doorbell);
  // The turn that calls this is completed first.
  const end = () => {
    epollLoop.yieldToNode();
    queueMicrotask(tearDown);
  };
  const abandon = (resign: readonly string[]) => {
    packets.sendDatagrams(engine.resignationsOf(new Set(resign), clock.now()));
    end();
  };
  freezer = freezerOf({ loop, engine, reactor, sources, edges: [directors, bfd], abandon });
  post({ kind: 'started', scheduling, thread: threadId() });
}

/** Sets the recorder if the inputs of the engine are to be recorded. */
function engineOf(
  message: StartMessage,
  masterships: ReturnType<typeof mapMasterships> | undefined,
  now: Instant,
): Engine {
  const { settings, standby } = message;
  const kept = masterships === undefined ? {} : { masterships };
  const keyring = message.record ? new RecordedKeyring(routerKeys) : routerKeys;
  const engine = new Engine(settings, counters, { standby, keyring, lastNumber, ...kept });
  if (keyring instanceof RecordedKeyring) recorder = recorderOf(engine, keyring, message, now);
  return engine;
}

function recorderOf(
  engine: Engine,
  keyring: RecordedKeyring,
  { settings, standby }: StartMessage,
  now: Instant,
): Recorder {
  const taken = new Float64Array(memory.recorded);
  return new Recorder({
    ...{ engine, keyring, settings, standby, now },
    wall: Date.now,
    send: (batch) => post({ kind: 'recorded', batch }),
    taken: () => taken[0] ?? 0,
  });
}

/** `/proc/thread-self` is a link to `PID/task/TID`. */
function threadId(): number | undefined {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')));
  } catch {
    return undefined;
  }
}

/** A descriptor and what is called when it is readable. */
type Source = readonly [fd: number, serve: () => void];

/** Stops the protocol while another process takes over from this one. */
interface Freezer {
  /** Inputs received while frozen. */
  readonly missed: Input[];
  freeze(): void;
  thaw(): void;
  /** Ends the thread without releasing anything; of these routers it sends priority 0. */
  abandon(resign: readonly string[]): void;
}

function freezerOf({
  loop,
  engine,
  reactor,
  sources,
  edges,
  abandon,
}: {
  readonly loop: Loop;
  readonly engine: Engine;
  readonly reactor: Reactor;
  readonly sources: readonly Source[];
  /** Their ports are the next process's. */
  readonly edges: readonly Pick<PeerLink, 'suspend' | 'resume'>[];
  readonly abandon: Freezer['abandon'];
}): Freezer {
  return {
    missed: [],
    freeze() {
      loop.pause();
      running = undefined;
      releaseAll = undefined;
      expect(NEVER);
      for (const [fd] of sources) reactor.remove(fd);
      for (const edge of edges) edge.suspend();
      post({ kind: 'frozen', capture: engine.capture() });
    },
    thaw() {
      if (running !== undefined) return;
      running = loop;
      for (const edge of edges) edge.resume();
      releaseAll = releaser;
      for (const [fd, serve] of sources) {
        reactor.remove(fd);
        reactor.add(fd, serve);
      }
      loop.feed(this.missed.splice(0));
    },
    abandon,
  };
}

/** Returns the function that stops it. An unreachable manager will notice the missing notifications. */
function startWatchdog(reactor: Reactor, overdue: () => number): () => void {
  const settings = watchdogOf(process.env, process.pid);
  if (settings === undefined) return () => {};
  const socket = openQuietly(settings.socket);
  if (socket === undefined) return () => {};
  const clock = new Clock();
  const send = (message: string) => socket.send(message);
  const turns = new Float64Array(memory.mainTurns);
  const beats = () => turns[0] ?? 0;
  const watchdog = new Watchdog({ clock, everyMs: settings.everyMs, send, overdue, beats });
  reactor.add(clock.fd, () => watchdog.fire());
  return () => {
    reactor.remove(clock.fd);
    clock.close();
    socket.close();
  };
}

function openQuietly(path: string): NotifySocket | undefined {
  try {
    return new NotifySocket(path);
  } catch {
    // The main thread opens the same socket and logs the failure.
    return undefined;
  }
}

function schedule(realtime: Realtime): Scheduling {
  if (realtime === 'off') return { policy: 'SCHED_OTHER', refused: undefined };
  const priority = realtime === 'auto' ? AUTO_PRIORITY : realtime;
  const refused = enterRealtime(priority);
  return refused === undefined
    ? { policy: 'SCHED_RR', priority }
    : { policy: 'SCHED_OTHER', refused };
}

function guarded(action: () => void): void {
  try {
    action();
  } catch (error) {
    fail(error);
  }
}

/**
 * After an unexpected error the state cannot be trusted: the thread must not keep its addresses. It
 * releases them itself, with sockets that are open: the main thread may be busy, and the process may be
 * out of descriptors.
 */
function fail(error: unknown): void {
  const release = releasedBy(releaseAll);
  running = undefined;
  releaseAll = undefined;
  expect(NEVER);
  reactorInUse?.close();
  // Its last line is the input that the engine failed on.
  recorder?.flush();
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  post({ kind: 'fatal', message, stack, release });
}

/** Undefined: the main thread has to do it. */
function releasedBy(release: typeof releaseAll): Release | undefined {
  try {
    return release?.();
  } catch {
    return undefined;
  }
}

function mastersAmong(views: readonly InstanceView[]): ReadonlySet<string> {
  return new Set(views.filter(({ state }) => state === 'MASTER').map(({ name }) => name));
}

/** Shows the main thread when this thread is expected to run next. */
function expect(deadline: Instant): void {
  expected[0] = deadline;
}

function watchedClock(clock: Clock): ClockPort {
  return {
    now: () => {
      const now = clock.now();
      expected[1] = now;
      return now;
    },
    wall: () => Date.now() * 1_000,
    arm: (deadline) => {
      expect(deadline);
      clock.arm(deadline);
    },
  };
}

function post(message: FromProtocolThread): void {
  parentPort?.postMessage(message);
}
