/** `node service-program.js`: the echo service on a director for TCP and UDP probes. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { ECHO_PORT } from './record.ts';

const tcp = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
tcp.listen({ port: ECHO_PORT, host: '::' });

// The answer may come from another address than the one that was asked: the probe accepts answers from
// any source.
const udp = createSocket({ type: 'udp6', ipv6Only: false });
udp.on('error', () => undefined);
udp.on('message', (message, { port, address }) => {
  udp.send(message, port, address, () => undefined);
});
udp.bind(ECHO_PORT, '::');
process.stdout.write('ready\n');
