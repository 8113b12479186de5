/**
 * `node failing-agent.mjs DIST CONFIG WAY [TRIGGER]`: the compiled agent with one fault, or several with a
 * `+` between, for tests of what it leaves behind. It fails four seconds after its start, or once the file
 * TRIGGER exists: `throw`, `exit`, `reject`, `hang` or `out-of-memory` in the protocol thread;
 * `main-thread`, `main-thread-twice` or `main-hang`; `standby` in a process that is about to take over.
 * `handed-over` fails when another process has taken over.
 */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';

const DELAY = 4_000;
const POLL = 10;

function fail() {
  throw new Error('on purpose');
}

/** Never returns. */
function hang() {
  for (;;);
}

const ofProtocolThread = {
  throw: fail,
  exit: () => process.exit(0),
  reject: () => void Promise.reject(new Error('on purpose')),
  hang,
  'out-of-memory': () => {
    const kept = [];
    for (;;) kept.push(new Array(1e6).fill(kept.length));
  },
};
const ofMainThread = {
  'main-thread': fail,
  'main-thread-twice': () => {
    setImmediate(fail);
    setTimeout(fail, 1);
    fail();
  },
  'main-hang': hang,
  standby: fail,
};

const [dist, config, way, trigger] = process.argv.slice(2);
// The thread gets no arguments, but a copy of the environment.
Object.assign(process.env, dist === undefined ? {} : { FAILING_DIST: dist, FAILING_WAY: way });
if (trigger !== undefined) process.env.FAILING_TRIGGER = trigger;
const ways = process.env.FAILING_WAY.split('+');
const compiled = (path) => import(pathToFileURL(`${process.env.FAILING_DIST}/src/${path}`).href);

const startedAt = Date.now();

function isTime() {
  const file = process.env.FAILING_TRIGGER;
  return file === undefined ? Date.now() - startedAt >= DELAY : existsSync(file);
}

if (isMainThread) {
  const [{ loadConfigFile }, { runDaemon }, { ProtocolWorker }] = await Promise.all([
    compiled('config/read-file.js'),
    compiled('daemon/daemon.js'),
    compiled('protocol/thread/protocol-worker.js'),
  ]);
  const loaded = loadConfigFile(config);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const protocol = new ProtocolWorker(new URL(import.meta.url));
  for (const one of ways) {
    const failure = ofMainThread[one];
    if (failure === undefined) continue;
    const timer = setInterval(() => {
      if (!isTime()) return;
      clearInterval(timer);
      failure();
    }, POLL);
  }
  // It waits for its protocol thread before it takes over.
  if (way === 'standby') protocol.ping = () => new Promise(() => {});
  if (way === 'handed-over') protocol.abandon = () => setImmediate(fail);
  const takeover = way === 'standby';
  const checker = pathToFileURL(`${dist}/src/checker/process/checker-process.js`);
  const settings = { file: config, config: loaded.value, protocol, checker, takeover };
  process.exitCode = await runDaemon(settings);
  await protocol.terminate();
  // As the program does: output that a stalled reader has not read does not delay the end.
  process.exit();
} else if (workerData !== null) {
  // Before the protocol begins: afterwards an import would wait for the turns of the event loop.
  const { Reactor } = await compiled('kernel/reactor/reactor.js');
  await compiled('protocol/thread/protocol-thread.js');
  // Inside the protocol loop, as a bug there.
  const { wait } = Reactor.prototype;
  const failures = ways.flatMap((one) => ofProtocolThread[one] ?? []);
  Reactor.prototype.wait = function (milliseconds) {
    if (isTime()) for (const failure of failures.splice(0)) failure();
    return wait.call(this, milliseconds);
  };
}
