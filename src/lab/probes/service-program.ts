/** `node service-program.js`: answers what TCP and UDP probes send, on a director, until it is killed. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { ECHO_PORT } from './record.ts';

const tcp = createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
});
tcp.listen({ port: ECHO_PORT, host: '::' });

// As on a real director the answer has to come from the address that was asked; a client that takes
// answers from anybody does not mind where this one comes from.
const udp = createSocket({ type: 'udp6', ipv6Only: false });
udp.on('error', () => undefined);
udp.on('message', (message, { port, address }) => {
  udp.send(message, port, address, () => undefined);
});
udp.bind(ECHO_PORT, '::');
process.stdout.write('ready\n');
