/**
 * Entry of the protocol thread: makes the kernel edges, the engine and the loop, and runs until it
 * has let go of everything. Any exception ends it; the main thread then releases what it held.
 */
import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { Clock } from '../../kernel/clock/clock.ts';
import { Claims } from '../../kernel/packet/claims.ts';
import { Packets } from '../../kernel/packet/packets.ts';
import { Reactor } from '../../kernel/reactor/reactor.ts';
import { Routes } from '../../kernel/rtnetlink/routes.ts';
import { enterRealtime } from '../../kernel/scheduler/realtime.ts';
import { NotifySocket } from '../../kernel/service-manager/notify-socket.ts';
import type { Instant } from '../../net/time.ts';
import { CounterTable } from '../engine/counters.ts';
import { Engine } from '../engine/engine.ts';
import type { Input } from '../engine/inputs.ts';
import type { Settings } from '../engine/settings.ts';
import { LatenessHistogram } from './lateness.ts';
import { Loop } from './loop.ts';
import type { FromProtocolThread, Realtime, Scheduling, ToProtocolThread } from './messages.ts';
import type { ProtocolMemory } from './protocol-worker.ts';
import { Recorder } from './recording/recorder.ts';
import { watchdogOf } from './service-manager.ts';
import { standWatch } from './standing-watch.ts';
import { warmUp } from './warm-up.ts';
import { Watchdog } from './watchdog.ts';

const AUTO_PRIORITY = 10;

const memory = workerData as ProtocolMemory;
let running: Loop | undefined;
let serving: Reactor | undefined;
/** Of the loop that runs, or stands still. */
let standstill: Standstill | undefined;
/** Undefined unless the agent was started with `--record`. */
let recorder: Recorder | undefined;

warmUp();

parentPort?.on('message', (message: ToProtocolThread) => guarded(() => obey(message)));

function obey(message: ToProtocolThread): void {
  switch (message.kind) {
    case 'start':
      start(message);
      return;
    case 'inputs':
      if (running === undefined) standstill?.missed.push(...message.inputs);
      else running.feed(message.inputs);
      return;
    case 'freeze':
      standstill?.freeze();
      return;
    case 'thaw':
      standstill?.thaw();
      return;
    case 'abandon':
      standstill?.abandon();
      return;
    case 'shutdown':
      running?.shutdown();
      return;
    case 'snapshot':
      recorder?.requestSnapshot();
      return;
    case 'ping':
      say({ kind: 'pong' });
      return;
  }
}

function start({
  settings,
  realtime,
  doorbell,
  first,
  standby,
  record,
}: Extract<ToProtocolThread, { kind: 'start' }>): void {
  const clock = new Clock();
  const packets = new Packets();
  const routes = new Routes();
  const claims = new Claims();
  const reactor = new Reactor(fail, { waits: true });
  serving = reactor;
  const turn = () => running?.turn();
  const wakeOnPackets = (wake: boolean) =>
    wake ? reactor.add(packets.fd, turn) : reactor.remove(packets.fd);
  const lateness = new LatenessHistogram(new Float64Array(memory.lateness));
  const counters = new CounterTable(new Float64Array(memory.counters));
  const engine = new Engine(settings, counters, { standby });
  if (record) recorder = recorderOf(engine, settings, standby, clock.now());
  const loop = new Loop(
    recorder ?? engine,
    { clock, packets, claims, routes, wakeOnPackets },
    {
      reports: (reports) =>
        say({ kind: 'reports', reports, instant: clock.now(), wall: Date.now() }),
      lateness: (microseconds) => lateness.add(microseconds),
      virtualLink: (request) => say({ kind: 'virtual-link', request }),
      ...(recorder === undefined ? {} : { turned: recorder.turned.bind(recorder) }),
      // The turn that finishes is still to be ended.
      finished: () => {
        watch.rest();
        queueMicrotask(tearDown);
      },
    },
  );
  const stopFeeding = startWatchdog(reactor, () => clock.now() - engine.deadline());
  const tearDown = () => {
    stopFeeding();
    running = undefined;
    reactor.close();
    packets.close();
    claims.close();
    routes.close();
    clock.close();
    parentPort?.unref();
    say({ kind: 'finished' });
  };
  running = loop;
  const scheduling = schedule(realtime);
  loop.start(first, standby);
  const sources: readonly (readonly [number, () => void])[] = [
    [clock.fd, turn],
    [packets.fd, turn],
    [claims.fd, () => running?.claimsReadable()],
    [routes.fd, () => running?.routesReadable()],
    [routes.routingFd, () => running?.routesReadable()],
  ];
  for (const [fd, serve] of sources) reactor.add(fd, serve);
  const watch = standWatch(reactor, doorbell);
  standstill = {
    missed: [],
    freeze() {
      loop.turn();
      running = undefined;
      for (const [fd] of sources) reactor.remove(fd);
      say({ kind: 'frozen', capture: engine.capture() });
    },
    thaw() {
      if (running !== undefined) return;
      running = loop;
      for (const [fd, serve] of sources) {
        reactor.remove(fd);
        reactor.add(fd, serve);
      }
      loop.feed(this.missed.splice(0));
    },
    abandon() {
      watch.rest();
      queueMicrotask(tearDown);
    },
  };
  say({ kind: 'started', scheduling, thread: threadId() });
}

function recorderOf(engine: Engine, settings: Settings, standby: boolean, now: Instant): Recorder {
  const taken = new Float64Array(memory.recorded);
  return new Recorder({
    ...{ engine, settings, standby, now },
    wall: Date.now,
    send: (batch) => say({ kind: 'recorded', batch }),
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

interface Standstill {
  /** Inputs that came meanwhile. */
  readonly missed: Input[];
  freeze(): void;
  thaw(): void;
  abandon(): void;
}

/** Returns how to stop. A manager that cannot be reached will find that out by itself. */
function startWatchdog(reactor: Reactor, overdue: () => number): () => void {
  const settings = watchdogOf(process.env, process.pid);
  if (settings === undefined) return () => {};
  const socket = openQuietly(settings.socket);
  if (socket === undefined) return () => {};
  const clock = new Clock();
  const send = (message: string) => socket.send(message);
  const watchdog = new Watchdog({ clock, everyMs: settings.everyMs, send, overdue });
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
    // The main thread has told of it.
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

/** A thread that is wrong about anything must not go on holding addresses. */
function fail(error: unknown): void {
  running = undefined;
  serving?.close();
  // Its last line is the input that the engine failed on.
  recorder?.flush();
  const message = error instanceof Error ? error.message : String(error);
  say({ kind: 'fatal', message, stack: error instanceof Error ? error.stack : undefined });
}

function say(message: FromProtocolThread): void {
  parentPort?.postMessage(message);
}
