/** The witness as the checker process serves it: the questions of the engine, the minute's look, the watch. */
import type { FromWitness, ToWitness, WitnessOrders } from '../channel/witness-messages.ts';
import { WORDS_MAX } from '../channel/witness-messages.ts';
import { EtcdCluster } from './cluster.ts';
import { ConditionCheck } from './condition.ts';
import { FreedWatch } from './freed-watch.ts';
import { KeyKeeper } from './key-keeper.ts';
import { RequestQueue } from './request-queue.ts';

interface WitnessOptions {
  readonly send: (message: FromWitness) => void;
  readonly onError: (error: unknown) => void;
}

type Inspection = Extract<ToWitness, { readonly kind: 'witness-inspect' }>;
type Request = Extract<ToWitness, { readonly kind: 'witness-request' }>['request'];

/** A part of `ttl` for one attempt: later than that, an answer is of little use. */
const ATTEMPTS_IN_TTL = 4;
const ATTEMPT_MS = { least: 500, most: 4_000 };
const STAGGERS_IN_ATTEMPT = 4;

/** The minute's question is not urgent: a slow moment is no outage. */
const LOOK_MS = 2_000;

export class Witness {
  readonly #options: WitnessOptions;
  readonly #keys: KeyKeeper;
  readonly #queue: RequestQueue;
  readonly #condition: ConditionCheck;
  readonly #watch: FreedWatch;

  constructor(orders: WitnessOrders, options: WitnessOptions) {
    const { send, onError } = options;
    const { endpoints, prefix, ca, cert, key, user, ttlSeconds, director, host } = orders;
    this.#options = options;
    const attemptMs = Math.min(
      Math.max((ttlSeconds * 1_000) / ATTEMPTS_IN_TTL, ATTEMPT_MS.least),
      ATTEMPT_MS.most,
    );
    const staggerMs = attemptMs / STAGGERS_IN_ATTEMPT;
    const tls = { ca, cert, key };
    const cluster = new EtcdCluster({ endpoints, tls, user, attemptMs, staggerMs });
    const routers = new Map(orders.instances);
    this.#watch = new FreedWatch({
      ...{ cluster, prefix, director },
      freed: (instance) => send({ kind: 'witness-freed', instance }),
    });
    this.#keys = new KeyKeeper({
      ...{ cluster, prefix, director, host, attemptMs },
      now: () => performance.now(),
      routerOf: (instance) => routers.get(instance) ?? '',
      refused: (instance, revision) => this.#watch.add(instance, revision),
    });
    this.#condition = new ConditionCheck({
      ...{ cluster, prefix, director, host, routers },
      attemptMs: Math.max(attemptMs, LOOK_MS),
      takeMs: attemptMs,
      report: (condition) => send({ kind: 'witness-condition', condition }),
    });
    this.#queue = new RequestQueue({
      keys: this.#keys,
      onError,
      answer: (request, answer) => this.#answer(request, answer),
    });
    this.#condition.start();
  }

  request(request: Request): void {
    if (request.ask.type !== 'acquire') this.#watch.remove(request.instance);
    this.#queue.add(request);
  }

  async inspect({ id, instance, removes }: Inspection): Promise<void> {
    const found = await this.#keys.inspect(instance, removes);
    const { send } = this.#options;
    if (!found.ok) {
      const failure = found.error.detail.slice(0, WORDS_MAX);
      const nothing = { key: null, revision: null, removed: false };
      send({ kind: 'witness-inspected', id, failure, ...nothing });
      return;
    }
    const { found: one, removed } = found.value;
    const owner = one?.owner;
    const revision = one?.key.mod_revision ?? null;
    const key =
      one === undefined
        ? null
        : {
            instance,
            director: owner?.director ?? null,
            since: owner?.since ?? null,
            router: owner?.router ?? null,
            isOwn: this.#keys.isOwn(owner),
          };
    send({ kind: 'witness-inspected', id, failure: null, key, revision, removed });
  }

  close(): void {
    this.#queue.close();
    this.#condition.close();
    this.#watch.close();
  }

  #answer({ id, instance }: Request, answer: Parameters<RequestQueueAnswer>[1]): void {
    if (answer.outcome !== 'refused') this.#watch.remove(instance);
    this.#condition.learned(answer.outcome === 'failed' ? answer.message : undefined);
    this.#options.send({ kind: 'witness-answer', id, instance, answer: bounded(answer) });
  }
}

type RequestQueueAnswer = ConstructorParameters<typeof RequestQueue>[0]['answer'];

function bounded(answer: Parameters<RequestQueueAnswer>[1]): typeof answer {
  if (answer.outcome !== 'failed') return answer;
  return { ...answer, message: answer.message.slice(0, WORDS_MAX) };
}
