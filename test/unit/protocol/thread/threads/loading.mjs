import { parentPort, workerData } from 'node:worker_threads';

const end = performance.now() + 300;
while (performance.now() < end);
new Float64Array(workerData.counters)[0] = 42;

parentPort.on('message', () => parentPort.postMessage({ kind: 'pong' }));
