/** Real servers: each line comes back with the name of the server and the number of the connection. */
import { createServer } from 'node:net';

const [, , name, port] = process.argv;
let connections = 0;

createServer({ noDelay: true }, (socket) => {
  const id = ++connections;
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) socket.write(`${name}#${id} ${line}\n`);
  });
}).listen(Number(port), () => process.stdout.write('ready\n'));
