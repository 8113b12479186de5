/** A real server that speaks HTTPS and says its name: secure-server.mjs NAME PORT KEY CERTIFICATE */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [, , name, port, key, certificate] = process.argv;
const files = { key: readFileSync(key), cert: readFileSync(certificate) };
const server = createServer(files, (_, response) => {
  // Each request is a connection of its own, which is balanced for itself.
  response.setHeader('connection', 'close');
  response.end(`${name}\n`);
});
server.listen(Number(port), () => process.stdout.write('ready\n'));
