import { parentPort } from 'node:worker_threads';

parentPort.on('message', ({ kind, realtime }) => {
  if (kind === 'start') {
    const scheduling = { policy: 'SCHED_OTHER', refused: String(realtime) };
    parentPort.postMessage({ kind: 'started', scheduling });
    parentPort.postMessage({ kind: 'reports', reports: [], instant: 7, wall: 8 });
  } else if (kind === 'ping') {
    parentPort.postMessage({ kind: 'pong' });
  } else {
    parentPort.unref();
    parentPort.postMessage({ kind: 'finished' });
  }
});
