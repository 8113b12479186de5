/**
 * The matrix of configurations that operators have in a mixed pair, with Debian's keepalived 2.2.7, in
 * both roles. In each cell one of both is MASTER, priority 0 is honoured, a crash leads to a takeover,
 * and neither side refuses a packet.
 */
import { describe, expect, test, vi } from 'vitest';
import { advertisementsIn, type CapturedAdvertisement } from '../../src/lab/packets/capture.ts';
import { KeepalivedPeer, startKeepalived } from '../../src/lab/peers/keepalived.ts';
import type { Peer } from '../../src/lab/peers/peer.ts';
import { AgentPeer, startAgent } from '../../src/lab/peers/vrrp-agent.ts';
import type { Lab } from '../../src/lab/topology/lab.ts';
import { HOST_INTERFACE } from '../../src/lab/topology/layout.ts';
import { sleep, waitFor, wallClock } from '../../src/lab/wait.ts';
import { REFUSAL_COUNTERS } from '../../src/protocol/engine/intake-reasons.ts';
import { Contestant, Duel } from './harness/duel.ts';
import { clientReaches, holdsAlone } from './harness/master.ts';
import { CELLS, type Cell, globalOf, sidesOf } from './harness/matrix-cells.ts';
import { inLab } from './harness/own-lab.ts';
import { lacks } from './harness/requirements.ts';

const BETTER = 150;
const WORSE = 100;
const SETTLED_MILLISECONDS = 30_000;
/** Most of the time, a lab waits for a timer of a second or half a second. */
vi.setConfig({ maxConcurrency: 9 });

type Program = 'agent' | 'keepalived';

async function contestants(lab: Lab, cell: Cell, master: Program) {
  const [agentHost, keepalivedHost] = [lab.director(1), lab.director(2)];
  for (const host of [agentHost, keepalivedHost]) {
    const address = `${globalOf(host)}/64`;
    await lab.run(host, 'ip', ['addr', 'add', address, 'dev', HOST_INTERFACE, 'nodad']);
  }
  const sides = sidesOf(cell, { agent: agentHost, keepalived: keepalivedHost });
  const instance = { ...sides.agent, priority: master === 'agent' ? BETTER : WORSE };
  const options = { ...sides.keepalived, priority: master === 'keepalived' ? BETTER : WORSE };
  const agent = new Contestant(agentHost, (host) =>
    startAgent(lab, host, { instances: [instance] }),
  );
  const keepalived = new Contestant(keepalivedHost, (host) => startKeepalived(lab, host, options));
  return master === 'agent'
    ? { better: agent, worse: keepalived }
    : { better: keepalived, worse: agent };
}

/** What a program refused, by the words of its own statistics. */
async function refusedBy(peer: Peer): Promise<Record<string, number>> {
  if (peer instanceof KeepalivedPeer) return peer.errors();
  if (!(peer instanceof AgentPeer)) throw new Error('no statistics');
  const { counters } = await peer.instance();
  const counted = REFUSAL_COUNTERS.map((name) => [name, counters[name]] as const);
  return Object.fromEntries(counted.filter(([, count]) => count > 0));
}

async function refusesNothing(...ones: Contestant[]): Promise<void> {
  for (const { host, peer } of ones) {
    expect(await refusedBy(peer), `refused by ${host.name}`).toEqual({});
  }
}

class Story {
  readonly #duel: Duel;
  readonly #cell: Cell;
  readonly #frames: () => readonly CapturedAdvertisement[];

  constructor(duel: Duel, cell: Cell, frames: () => readonly CapturedAdvertisement[]) {
    this.#duel = duel;
    this.#cell = cell;
    this.#frames = frames;
  }

  /** Only this host has the address, and only its priority is advertised. */
  async isMaster({ host }: Contestant, priority: number): Promise<void> {
    const { lab, address } = this.#duel;
    await holdsAlone(lab, host, address, SETTLED_MILLISECONDS);
    if (this.#cell.isAnswering) {
      await waitFor(`an answer from ${address}`, () => clientReaches(lab, address));
    }
    const begin = wallClock();
    await sleep(this.#cell.intervalMilliseconds * 2.5);
    const priorities = this.#frames()
      .filter(({ at }) => at >= begin)
      .map(({ advertisement }) => advertisement.priority);
    expect(new Set(priorities), 'advertised priorities').toEqual(new Set([priority]));
  }

  /** From priority 0 to the first advertisement of the other one. */
  async handOver(better: Contestant, worse: Contestant): Promise<void> {
    const begin = wallClock();
    await better.peer.stop();
    await this.isMaster(worse, WORSE);
    const since = this.#frames().filter(({ at }) => at >= begin);
    const zero = since.find(({ advertisement }) => advertisement.priority === 0);
    const first = since.find(({ advertisement }) => advertisement.priority === WORSE);
    expect(zero, 'an advertisement of priority 0').toBeDefined();
    const gap = ((first?.at ?? Number.POSITIVE_INFINITY) - (zero?.at ?? 0)) / 1_000;
    // Skew_Time is 0.6 intervals, and Master_Down_Interval 3.6.
    expect(gap, 'Skew_Time').toBeLessThan(this.#cell.intervalMilliseconds * 2.5);
  }
}

async function play(cell: Cell, master: Program): Promise<void> {
  await inLab(async (lab) => {
    const duel = new Duel(lab, cell.address);
    const { better, worse } = await contestants(lab, cell, master);
    const capture = await duel.capture();
    const story = new Story(duel, cell, () => advertisementsIn(capture.frames()));
    await duel.start(worse, better);
    await story.isMaster(better, BETTER);
    await refusesNothing(better, worse);
    await story.handOver(better, worse);
    await better.start();
    await story.isMaster(better, BETTER);
    await refusesNothing(better, worse);
    await duel.crash(better);
    await story.isMaster(worse, WORSE);
    await refusesNothing(worse);
    await capture.stop();
  });
}

const ROLES = [
  ['the agent is MASTER, keepalived BACKUP', 'agent'],
  ['keepalived is MASTER, the agent BACKUP', 'keepalived'],
] as const;

describe.skipIf(lacks('keepalived'))('FR-F the matrix with keepalived', () => {
  const [punctual, calm] = [CELLS.filter(isPunctual), CELLS.filter((cell) => !isPunctual(cell))];

  describe.concurrent.each(calm)('$name', (cell) => {
    test.each(ROLES)('%s', (_, master) => play(cell, master));
  });

  // A moment without a processor is longer than the Master_Down_Interval of these.
  describe.each(punctual)('$name', (cell) => {
    test.each(ROLES)('%s', (_, master) => play(cell, master));
  });

  test('has 30 cells', () => {
    expect(CELLS).toHaveLength(30);
  });
});

function isPunctual({ intervalMilliseconds }: Cell): boolean {
  return intervalMilliseconds < 300;
}
