/** A real server that answers HTTPS with its name: secure-server.mjs NAME PORT KEY CERTIFICATE */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [, , name, port, key, certificate] = process.argv;
const files = { key: readFileSync(key), cert: readFileSync(certificate) };
const server = createServer(files, (_, response) => {
  // Each request opens a new connection, which is balanced separately.
  response.setHeader('connection', 'close');
  response.end(`${name}\n`);
});
server.listen(Number(port), () => process.stdout.write('ready\n'));
