/**
 * Clients of HTTP services, which count what they see and try nothing again. Each line on stdin is a command,
 * answered by a line of JSON:
 *   open VIP KEPT PERIOD FRESH   KEPT connections that send a request every PERIOD ms, and open again after a
 *                                failure; and a request on a new connection every FRESH ms
 *   mark                         what was seen since the last mark, for each VIP, once the requests under way have
 *                                ended; times are measured from zero
 */
import { Agent, get } from 'node:http';
import { createInterface } from 'node:readline';

/** An answer that TCP retransmits after a takeover may be this late. */
const PATIENCE_MS = 60_000;

class Site {
  #vip;
  /** Requests under way. */
  #running = new Set();
  #answeredAt = performance.now();
  #seen = nothing();

  constructor(vip) {
    this.#vip = vip;
  }

  async keep(period, delay) {
    await pause(delay);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (;;) {
      await this.#request(agent, 'kept');
      await pause(period);
    }
  }

  begin(period) {
    setInterval(() => void this.#request(false, 'fresh'), period);
  }

  async mark() {
    await Promise.all(this.#running);
    const now = performance.now();
    this.#seen.silence = Math.max(this.#seen.silence, now - this.#answeredAt);
    const seen = this.#seen;
    this.#seen = nothing();
    this.#answeredAt = now;
    return { ...seen, silence: Math.round(seen.silence), slowest: Math.round(seen.slowest) };
  }

  async #request(agent, kind) {
    const running = this.#ask(agent, kind);
    this.#running.add(running);
    await running;
    this.#running.delete(running);
  }

  async #ask(agent, kind) {
    const sentAt = performance.now();
    const { proxy, failure } = await answerOf({ host: this.#vip, agent, timeout: PATIENCE_MS });
    if (failure === undefined) this.#answered(kind, proxy, sentAt);
    else count(this.#seen.failed, `${kind}: ${failure}`);
  }

  #answered(kind, proxy, sentAt) {
    const now = performance.now();
    this.#seen.answered++;
    count(this.#seen[kind], proxy);
    this.#seen.slowest = Math.max(this.#seen.slowest, now - sentAt);
    this.#seen.silence = Math.max(this.#seen.silence, now - this.#answeredAt);
    this.#answeredAt = now;
  }
}

function nothing() {
  return { answered: 0, failed: {}, kept: {}, fresh: {}, silence: 0, slowest: 0 };
}

function count(counts, name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

function pause(duration) {
  return new Promise((resolve) => setTimeout(resolve, duration));
}

/** The proxy that answered: only nginx names itself. */
function answerOf(options) {
  return new Promise((resolve) => {
    const request = get(options, (response) => {
      response.resume();
      response.on('error', (error) => resolve({ failure: error.code ?? error.message }));
      response.on('end', () => {
        const isNginx = response.headers.server?.startsWith('nginx');
        const isAnswer = response.statusCode === 200;
        resolve(isAnswer ? { proxy: isNginx ? 'nginx' : 'haproxy' } : { failure: `status ${response.statusCode}` });
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => resolve({ failure: error.code ?? error.message }));
  });
}

const sites = new Map();

const COMMANDS = {
  open(vip, kept, period, fresh) {
    const site = new Site(vip);
    sites.set(vip, site);
    for (let at = 0; at < Number(kept); at++) void site.keep(Number(period), (at * period) / kept);
    site.begin(Number(fresh));
    return {};
  },
  async mark() {
    const marks = [...sites].map(async ([vip, site]) => [vip, await site.mark()]);
    return Object.fromEntries(await Promise.all(marks));
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [command, ...args] = line.split(' ');
  process.stdout.write(`${JSON.stringify(await COMMANDS[command](...args))}\n`);
}
