/**
 * The order of cases. Case N of a seed is the same on every host and in every run: it belongs to
 * episode N / EPISODE, and the number of the episode alone determines its target.
 */
import { Random } from '../../test/sim/random.ts';
import { BFD_TARGET } from './bfd-target.ts';
import { ANSWERS_TARGET, CONNECTIONS_TARGET } from './connections-target.ts';
import { ENGINE_TARGET } from './engine-target.ts';
import { IPVS_TARGET } from './ipvs-target.ts';
import { LINES_TARGET } from './lines-target.ts';
import { NETLINK_TARGET } from './netlink-target.ts';
import { PEER_LINK_TARGET } from './peer-link-target.ts';
import { SEGMENT_TARGET } from './segment-target.ts';
import { EPISODE, type FuzzTarget } from './target.ts';
import { CONFIG_TARGET, CONTROL_TARGET } from './text-targets.ts';
import { WIRE_TARGETS } from './wire-targets.ts';

/** Episodes per round: a case of a slow target costs as much as a hundred cases of a decoder. */
const ROUND = 256;

const DECODERS: readonly FuzzTarget[] = [
  ...WIRE_TARGETS,
  NETLINK_TARGET,
  IPVS_TARGET,
  SEGMENT_TARGET,
  CONNECTIONS_TARGET,
  ANSWERS_TARGET,
  PEER_LINK_TARGET,
  BFD_TARGET,
  LINES_TARGET,
];

export interface Failure {
  readonly target: string;
  readonly seed: number;
  readonly case: number;
  readonly message: string;
  readonly input: string;
}

export interface Score {
  cases: number;
  milliseconds: number;
}

export function targetOf(episode: number): FuzzTarget {
  const place = episode % ROUND;
  if (place === 0) return CONFIG_TARGET;
  if (place <= 2) return CONTROL_TARGET;
  if (place % 4 === 3) return ENGINE_TARGET;
  // The places between those of the engine, so that no number of decoders leaves one out.
  const turn = place - Math.floor(place / 4);
  return DECODERS[turn % DECODERS.length] ?? NETLINK_TARGET;
}

export class Campaign {
  readonly seed: number;
  readonly scores = new Map<string, Score>();

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Runs the episode up to and including case `last`. */
  episode(number: number, last = EPISODE - 1): Failure | undefined {
    const target = targetOf(number);
    const random = new Random(Math.imul(this.seed + 1, 0x9e3779b1) ^ Math.imul(number, 0x85ebca6b));
    const startedAt = performance.now();
    let at = 0;
    try {
      target.begin(random);
      for (; at <= last; at++) target.play(random);
      return undefined;
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const position = { seed: this.seed, case: number * EPISODE + at };
      return { target: target.name, ...position, message, input: target.last() };
    } finally {
      this.#count(target.name, Math.min(at, last) + 1, performance.now() - startedAt);
    }
  }

  #count(name: string, cases: number, milliseconds: number): void {
    const score = this.scores.get(name) ?? { cases: 0, milliseconds: 0 };
    score.cases += cases;
    score.milliseconds += milliseconds;
    this.scores.set(name, score);
  }
}
