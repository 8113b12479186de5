/**
 * A client with many connections, told what to do by lines on stdin:
 *   open VIP PORT        221 - 20 connections: one busy, 100 slow, 50 silent after a line, 50 after five
 *   young VIP PORT       20 more, which send a line each at once
 *   state                how many have been answered
 *   names                local port and VIP of each
 *   finish               every connection sends a last line; then the outcome as one line of JSON
 * A connection survives when each of its lines came back once, in order, from the same server.
 */
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

class Connection {
  sent = 0;
  received = 0;
  server;
  broken;
  lastAt = 0;
  longestGap = 0;
  #rest = '';

  constructor(kind, vip, port) {
    this.kind = kind;
    this.vip = vip;
    this.socket = connect({ host: vip, port: Number(port), noDelay: true });
    this.socket.setEncoding('utf8');
    this.socket.on('error', (error) => this.#break(error.code ?? error.message));
    this.socket.on('close', () => this.#break('closed'));
    this.socket.on('data', (chunk) => this.#take(chunk));
  }

  send() {
    if (this.broken === undefined) this.socket.write(`${++this.sent}\n`);
  }

  #break(why) {
    if (!finished) this.broken ??= why;
  }

  #take(chunk) {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [server, number] = line.split(' ');
      this.server ??= server;
      if (server !== this.server || Number(number) !== this.received + 1) this.#break(`odd: ${line}`);
      this.received++;
      const now = performance.now();
      if (this.lastAt > 0) this.longestGap = Math.max(this.longestGap, now - this.lastAt);
      this.lastAt = now;
    }
  }
}

/** An answer that TCP sends again after a take-over may come this late. */
const PATIENCE_MS = 20_000;

const connections = [];
const timers = [];
let finished = false;

function add(count, kind, vip, port, lines, period) {
  for (let i = 0; i < count; i++) {
    const connection = new Connection(kind, vip, port);
    connections.push(connection);
    for (let line = 0; line < lines; line++) setTimeout(() => connection.send(), line * 100);
    if (period > 0) {
      const repeat = () => timers.push(setInterval(() => connection.send(), period));
      setTimeout(repeat, (i * period) / count);
    }
  }
}

const COMMANDS = {
  open(vip, port) {
    add(1, 'busy', vip, port, 1, 100);
    add(100, 'slow', vip, port, 1, 2_000);
    add(50, 'silent-1', vip, port, 1, 0);
    add(50, 'silent-5', vip, port, 5, 0);
    say({ opened: connections.length });
  },
  young(vip, port) {
    add(20, 'young', vip, port, 1, 0);
    say({ opened: connections.length });
  },
  names() {
    say({ names: connections.map(({ socket, vip }) => `${socket.localPort} ${vip}`) });
  },
  state() {
    say({ answered: connections.filter(({ received }) => received > 0).length });
  },
  finish() {
    for (const timer of timers) clearInterval(timer);
    for (const connection of connections) connection.send();
    const end = performance.now() + PATIENCE_MS;
    const wait = setInterval(() => {
      const missing = connections.filter((one) => one.broken === undefined && one.received < one.sent);
      if (missing.length > 0 && performance.now() < end) return;
      clearInterval(wait);
      finished = true;
      say({ result: connections.map(outcome) });
      process.exit(0);
    }, 100);
  },
};

function outcome({ kind, vip, broken, sent, received, longestGap }) {
  const lost = broken ?? (received < sent ? `${sent - received} lines without an answer` : null);
  return { kind, vip, lost, gap_ms: Math.round(longestGap) };
}

function say(document) {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...args] = line.split(' ');
  COMMANDS[command]?.(...args);
});
say({ ready: true });
