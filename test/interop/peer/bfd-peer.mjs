/**
 * A neighbour that speaks BFD, written without the agent's code: a few lines of RFC 5880 on Node's UDP
 * sockets. Prints a line of JSON for each packet that it receives. Argument: a JSON object with
 * `own` and `neighbour`, and what it does wrong: `ttl`, `wrong` (adds this to Your Discriminator),
 * `flags` (set in each packet once it is Up), `authenticated`.
 */
import { createSocket } from 'node:dgram';

const options = JSON.parse(process.argv[2]);
const { own, neighbour, ttl = 255, wrong = 0, flags = 0, authenticated = false } = options;
const STATES = ['AdminDown', 'Down', 'Init', 'Up'];
const started = performance.now();
let state = 1;
let theirs = 0;

const listener = createSocket('udp4');
const sender = createSocket('udp4');
listener.bind(3784, own);
sender.bind({ address: own, port: 50_505 }, () => {
  sender.setTTL(ttl);
  setInterval(() => send(0), 50);
});

listener.on('message', (bytes, { port }) => {
  const their = (bytes[1] >> 6) & 3;
  theirs = bytes.readUInt32BE(4);
  if (state === 1 && their === 1) state = 2;
  else if (their >= 2 && (state === 2 || their === 2)) state = 3;
  else if (state === 3 && their === 1) state = 1;
  if ((bytes[1] & 0x20) !== 0) send(0x10);
  process.stdout.write(
    `${JSON.stringify({
      ms: Math.round(performance.now() - started),
      port,
      length: bytes.length,
      state: STATES[their],
      poll: (bytes[1] & 0x20) !== 0,
      demand: (bytes[1] & 0x02) !== 0,
      multiplier: bytes[2],
      desiredMinTx: bytes.readUInt32BE(12),
      requiredMinRx: bytes.readUInt32BE(16),
    })}\n`,
  );
});

function send(bits) {
  const bytes = Buffer.alloc(authenticated ? 28 : 24);
  bytes[0] = 0x20;
  bytes[1] = (state << 6) | bits | (state === 3 ? flags : 0) | (authenticated ? 0x04 : 0);
  bytes[2] = 3;
  bytes[3] = bytes.length;
  bytes.writeUInt32BE(0x01020304, 4);
  bytes.writeUInt32BE(theirs === 0 ? 0 : theirs + wrong, 8);
  bytes.writeUInt32BE(state === 3 ? 50_000 : 1_000_000, 12);
  bytes.writeUInt32BE(50_000, 16);
  if (authenticated) bytes.set([1, 4, 1, 0x78], 24);
  sender.send(bytes, 3784, neighbour);
}
