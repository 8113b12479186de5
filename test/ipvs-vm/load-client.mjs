/**
 * A client with many connections. Each line on stdin is a command, answered by a line of JSON:
 *   tcp|udp KIND VIP PORT COUNT LINES PERIOD   opens COUNT connections that send LINES lines, and then one
 *                                              every PERIOD ms (0: stay silent)
 *   visit KIND PROTOCOL VIP PORT LATER COUNT   opens COUNT clients with an address each, which send a line,
 *                                              leave, and return to port LATER at the end
 *   state                how many were answered, and how many busy ones wait for a late answer
 *   names                the name of each in the kernel's connection table; a visitor has port 0
 *   mark                 ends a phase: times are measured again from zero
 *   finish               every connection sends a last line, or returns; then the outcome of each
 * A TCP connection survives if each of its lines came back once, in order, from the same server. Datagrams
 * may get lost: a UDP connection survives if its last line came back.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

/** Prefix of a visitor's address. */
const VISITORS = '203.0.113.';
const FIRST_VISITOR = 201;

/** An answer that TCP retransmits after a takeover may be this late. */
const PATIENCE_MS = 20_000;
/** Datagrams are not retransmitted by a lower layer. */
const AGAIN_MS = 1_000;

/** Longer than an undisturbed busy connection is ever silent. */
const LATE_MS = 1_000;

class Flow {
  sent = 0;
  received = 0;
  missed = 0;
  server;
  broken;
  lastAt = 0;
  /** Time at which each line was sent. */
  #sentAt = [0];
  /** Longest time between two answers, and from a line to its answer, in ms: of this and of each past phase. */
  longest = { gap: 0, wait: 0 };
  phases = [];
  isOver = false;
  #rest = '';

  constructor(kind, protocol, vip, port, from) {
    Object.assign(this, { kind, protocol, vip, port });
    if (protocol === 'tcp') this.#connect(from);
    else this.#bind(from);
  }

  say() {
    this.#sentAt[++this.sent] = performance.now();
    this.again();
  }

  get isWaiting() {
    return this.broken === undefined && performance.now() - this.lastAt > LATE_MS;
  }

  /** Sends the last line again. */
  again() {
    if (this.broken !== undefined || this.isOver) return;
    if (this.protocol === 'tcp') this.socket.write(`${this.sent}\n`);
    else if (this.name !== undefined) this.socket.send(`${this.sent}\n`);
  }

  mark() {
    this.phases.push({ gap: Math.round(this.longest.gap), wait: Math.round(this.longest.wait) });
    this.longest = { gap: 0, wait: 0 };
  }

  close() {
    this.isOver = true;
    if (this.protocol === 'tcp') this.socket.end();
    else this.socket.close();
  }

  #connect(from) {
    const options = { host: this.vip, port: this.port, noDelay: true };
    this.socket = connect(from === undefined ? options : { ...options, localAddress: from });
    this.socket.setEncoding('utf8');
    this.socket.on('error', (error) => this.#break(error.code ?? error.message));
    this.socket.on('close', () => this.#break('closed'));
    this.socket.on('connect', () => {
      this.name = nameOf(this.socket.localAddress, this.socket.localPort, this);
    });
    this.socket.on('data', (chunk) => this.#take(chunk));
  }

  #bind(from) {
    this.socket = createSocket('udp4');
    this.socket.on('error', (error) => this.#break(error.code ?? error.message));
    this.socket.on('message', (line) => this.#take(line.toString()));
    this.socket.bind({ port: 0, ...(from === undefined ? {} : { address: from }) }, () => {
      this.socket.connect(this.port, this.vip, () => {
        const { address, port } = this.socket.address();
        this.name = nameOf(address, port, this);
        this.again();
      });
    });
  }

  #break(why) {
    if (!finished && !this.isOver) this.broken ??= why;
  }

  #take(chunk) {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const [server, word] = line.split(' ');
      const number = Number(word);
      this.server ??= server;
      if (server !== this.server && this.kind !== 'one-packet') this.#break(`odd: ${line}`);
      if (this.protocol === 'tcp' && number !== this.received + 1) this.#break(`odd: ${line}`);
      // A datagram that was sent again may be answered twice.
      if (number <= this.received) continue;
      this.missed += number - this.received - 1;
      this.received = number;
      const now = performance.now();
      const { gap, wait } = this.longest;
      this.longest = {
        gap: this.lastAt > 0 ? Math.max(gap, now - this.lastAt) : 0,
        wait: Math.max(wait, now - this.#sentAt[number]),
      };
      this.lastAt = now;
    }
  }
}

const flows = [];
const visitors = [];
const timers = [];
let finished = false;

function nameOf(address, port, { vip, port: servicePort }) {
  return { client: `${address} ${port}`, service: `${vip} ${servicePort}` };
}

function add(protocol, kind, vip, port, count, lines, period) {
  for (let i = 0; i < count; i++) {
    const flow = new Flow(kind, protocol, vip, Number(port));
    flows.push(flow);
    for (let line = 0; line < lines; line++) setTimeout(() => flow.say(), line * 100);
    if (period > 0) {
      const repeat = () => timers.push(setInterval(() => flow.say(), period));
      setTimeout(repeat, (i * period) / count);
    }
  }
  say({ opened: flows.length });
}

const COMMANDS = {
  tcp: (...args) => add('tcp', ...args),
  udp: (...args) => add('udp', ...args),
  visit(kind, protocol, vip, port, later, count) {
    for (let i = 0; i < count; i++) {
      const from = `${VISITORS}${FIRST_VISITOR + i}`;
      const flow = new Flow(kind, protocol, vip, Number(port), from);
      visitors.push({ flow, from, later: Number(later) });
      flow.say();
    }
    say({ opened: visitors.length });
  },
  names() {
    const ofVisit = ({ flow: { kind, protocol, vip, port }, from }) => ({
      ...{ kind, protocol, client: `${from} 0`, service: `${vip} ${port}` },
    });
    const ofFlow = ({ kind, protocol, name }) => ({ kind, protocol, ...name });
    say({ names: [...flows.map(ofFlow), ...visitors.map(ofVisit)] });
  },
  state() {
    for (const { flow } of visitors) if (flow.received > 0 && !flow.isOver) flow.close();
    const answered = [...flows, ...visitors.map(({ flow }) => flow)];
    const waiting = flows.filter((flow) => flow.kind === 'busy' && flow.isWaiting);
    say({
      answered: answered.filter(({ received }) => received > 0).length,
      waiting: waiting.length,
    });
  },
  mark() {
    for (const flow of flows) flow.mark();
    say({ marked: flows.length });
  },
  finish() {
    for (const timer of timers) clearInterval(timer);
    for (const flow of flows) flow.say();
    // In another order than before, so that a round-robin scheduler does not repeat its choices.
    for (const visitor of visitors.toReversed()) {
      const { kind, protocol, vip } = visitor.flow;
      visitor.return = new Flow(kind, protocol, vip, visitor.later, visitor.from);
      visitor.return.say();
    }
    const all = [...flows, ...visitors.map((visitor) => visitor.return)];
    const end = performance.now() + PATIENCE_MS;
    const isMissing = (one) => one.broken === undefined && one.received < one.sent;
    const again = setInterval(() => {
      for (const one of all) if (one.protocol === 'udp' && isMissing(one)) one.again();
    }, AGAIN_MS);
    const wait = setInterval(() => {
      if (all.some(isMissing) && performance.now() < end) return;
      clearInterval(wait);
      clearInterval(again);
      finished = true;
      say({ result: [...flows.map(outcome), ...visitors.map(outcomeOfVisit)] });
      process.exit(0);
    }, 100);
  },
};

function outcome({ kind, vip, broken, sent, received, missed, phases }) {
  const lost = broken ?? (received < sent ? `${sent - received} lines without an answer` : null);
  return { kind, vip, lost, missed, phases };
}

function outcomeOfVisit({ flow, return: back }) {
  const [before, now] = [flow, back].map(({ server }) => server?.split('#')[0]);
  const moved = before === now ? null : `${back.name?.client}: ${before} before, now ${now}`;
  return { ...outcome(back), lost: outcome(back).lost ?? moved };
}

function say(document) {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const [command, ...args] = line.split(' ');
  COMMANDS[command]?.(...args);
});
say({ ready: true });
