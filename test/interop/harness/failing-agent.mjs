/**
 * `node failing-agent.mjs DIST CONFIG WAY`: the compiled agent with one fault, for tests of what it
 * leaves behind. It fails four seconds after its start: `throw`, `exit`, `reject` or `hang` in the
 * protocol thread, or `main-thread`; `standby` in a process that is about to take over.
 * `handed-over` fails when another process has taken over.
 */
import { pathToFileURL } from 'node:url';
import { isMainThread, workerData } from 'node:worker_threads';

const DELAY = 4_000;
const failures = {
  throw: () => {
    throw new Error('on purpose');
  },
  exit: () => process.exit(0),
  reject: () => void Promise.reject(new Error('on purpose')),
};

const [dist, config, way] = process.argv.slice(2);
// The thread gets no arguments, but a copy of the environment.
Object.assign(process.env, dist === undefined ? {} : { FAILING_DIST: dist, FAILING_WAY: way });
const compiled = (path) => import(pathToFileURL(`${process.env.FAILING_DIST}/src/${path}`).href);

if (isMainThread) {
  const [{ loadConfigFile }, { runDaemon }, { ProtocolWorker }] = await Promise.all([
    compiled('config/read-file.js'),
    compiled('daemon/daemon.js'),
    compiled('protocol/thread/protocol-worker.js'),
  ]);
  const loaded = loadConfigFile(config);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  const protocol = new ProtocolWorker(new URL(import.meta.url));
  if (way === 'main-thread' || way === 'standby') setTimeout(failures.throw, DELAY);
  // It waits for its protocol thread before it takes over.
  if (way === 'standby') protocol.ping = () => new Promise(() => {});
  if (way === 'handed-over') protocol.abandon = () => setImmediate(failures.throw);
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
  const failure = failures[process.env.FAILING_WAY];
  if (failure !== undefined) setTimeout(failure, DELAY);
  // Fails inside the protocol loop, as a bug there would.
  if (process.env.FAILING_WAY === 'hang') {
    const { wait } = Reactor.prototype;
    const from = Date.now() + DELAY;
    Reactor.prototype.wait = function (milliseconds) {
      while (Date.now() > from);
      return wait.call(this, milliseconds);
    };
  }
}
