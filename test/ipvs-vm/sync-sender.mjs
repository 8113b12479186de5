/**
 * `node sync-sender.mjs FILE ADDRESS GROUP PORT`: sends the datagrams of a file, each after its length in two
 * bytes, to the group, from the interface that has the address; pauses so that the kernel can keep up.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';

const BURST = 4;
const PAUSE_MS = 10;

const [file, address, group, port] = process.argv.slice(2);
const bytes = readFileSync(file);
const socket = createSocket('udp4');
await new Promise((resolve) => socket.bind(0, address, resolve));
socket.setMulticastInterface(address);
let count = 0;
for (let at = 0; at < bytes.length; count++) {
  const length = bytes.readUInt16BE(at);
  const datagram = bytes.subarray(at + 2, at + 2 + length);
  await new Promise((resolve, reject) =>
    socket.send(datagram, Number(port), group, (error) => (error ? reject(error) : resolve())),
  );
  at += 2 + length;
  if (count % BURST === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
socket.close();
console.log(count);
