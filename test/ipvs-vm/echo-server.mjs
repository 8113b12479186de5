/**
 * A real server: echoes each line with the name of the server and the number of the connection.
 *   echo-server.mjs NAME tcp:PORT... udp:ADDRESS:PORT...
 * UDP needs the address, because an answer must come from the address that the datagram was sent to.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const [, , name, ...places] = process.argv;
let connections = 0;

function serveTcp(port) {
  return new Promise((resolve) => {
    const server = createServer({ noDelay: true }, (socket) => {
      const id = ++connections;
      let rest = '';
      socket.setEncoding('utf8');
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) socket.write(`${name}#${id} ${line}\n`);
      });
    });
    server.listen(Number(port), resolve);
  });
}

function serveUdp(address, port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('message', (line, from) =>
      socket.send(`${name}#0 ${line}`, from.port, from.address),
    );
    socket.bind(Number(port), address, resolve);
  });
}

await Promise.all(
  places.map((place) => {
    const [protocol, ...rest] = place.split(':');
    return protocol === 'tcp' ? serveTcp(...rest) : serveUdp(...rest);
  }),
);
process.stdout.write('ready\n');
