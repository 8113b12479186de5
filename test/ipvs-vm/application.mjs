/** An application behind the proxies, which answers with its name: application.mjs NAME PORT */
import { createServer } from 'node:http';

const [, , name, port] = process.argv;
const server = createServer((_, response) => response.end(`${name}\n`));
// The proxies keep their connections: they, not the application, end them.
server.keepAliveTimeout = 600_000;
server.listen(Number(port), () => process.stdout.write('ready\n'));
