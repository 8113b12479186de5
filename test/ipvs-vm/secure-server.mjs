/** A real server that speaks HTTPS and says its name: secure-server.mjs NAME PORT, with a new certificate. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

const [, , name, port] = process.argv;
const directory = mkdtempSync('/run/certificate-');
const [keyFile, certFile] = ['key', 'certificate'].map((file) => join(directory, file));
const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
const files = ['-keyout', keyFile, '-out', certFile];
execFileSync('openssl', ['req', '-x509', ...curve, ...files, '-subj', '/CN=shop.example.net'], {
  stdio: 'ignore',
});
const options = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
const server = createServer(options, (_, response) => {
  // Each request is a connection of its own, which is balanced for itself.
  response.setHeader('connection', 'close');
  response.end(`${name}\n`);
});
server.listen(Number(port), () => process.stdout.write('ready\n'));
