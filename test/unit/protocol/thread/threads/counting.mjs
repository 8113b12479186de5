import { parentPort, workerData } from 'node:worker_threads';

new Float64Array(workerData.counters)[0] = 42;
parentPort.postMessage({ kind: 'finished' });
