import { parentPort } from 'node:worker_threads';

const ways = {
  throw: () => {
    throw new Error('on purpose');
  },
  exit: () => process.exit(3),
  fatal: () => parentPort.postMessage({ kind: 'fatal', message: 'gave up', stack: 'where' }),
};

parentPort.on('message', ({ realtime }) => ways[realtime]());
