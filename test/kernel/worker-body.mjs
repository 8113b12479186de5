// Runs the compiled kernel edges in a worker thread and reports the results.
import { readFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

const load = (path) => import(new URL(path, workerData.source).href);
const { Clock } = await load('clock/clock.js');
const { Reactor } = await load('reactor/reactor.js');
const { Routes } = await load('rtnetlink/routes.js');
const { Packets } = await load('packet/packets.js');
const { enterRealtime } = await load('scheduler/realtime.js');

/** Field 41 of proc_pid_stat(5), counted from behind the name in parentheses; 2 is SCHED_RR. */
const isRealtime = () => {
  const fields = readFileSync('/proc/thread-self/stat', 'utf8').split(') ')[1].split(' ');
  return fields[38] === '2';
};

const refused = enterRealtime(10);
const clock = new Clock();
const routes = new Routes();
const packets = new Packets();
const reactor = new Reactor((error) => {
  throw error;
});
for (const port of [packets, routes]) reactor.add(port.fd, () => undefined);
reactor.add(clock.fd, () => {
  const loopback = routes.snapshot().links.some((link) => link.name === 'lo');
  reactor.close();
  for (const port of [clock, routes, packets]) port.close();
  parentPort.postMessage({ woken: true, loopback, refused, realtime: isRealtime() });
});
clock.arm(clock.now() + 5_000);
