/**
 * The questions of the engine, one at a time for each instance; renewals of several instances together. A
 * question that waits is replaced by a later one of the same instance.
 */
import type { Duration } from '../../net/time.ts';
import type { WitnessAnswer, WitnessRequest } from '../../protocol/engine/witness-messages.ts';
import type { KeyKeeper } from './key-keeper.ts';

interface RequestQueueOptions {
  readonly keys: Pick<KeyKeeper, 'acquire' | 'renew' | 'release' | 'handOver'>;
  readonly answer: (request: WitnessRequest, answer: WitnessAnswer) => void;
  readonly onError: (error: unknown) => void;
}

/** Instances that acquire, release or hand over at the same time. */
const CONCURRENT_MAX = 16;

export class RequestQueue {
  readonly #options: RequestQueueOptions;
  /** By instance, in order of arrival. */
  readonly #waiting = new Map<string, WitnessRequest>();
  readonly #busy = new Set<string>();
  #running = 0;
  #isScheduled = false;
  #isClosed = false;

  constructor(options: RequestQueueOptions) {
    this.#options = options;
  }

  add(request: WitnessRequest): void {
    this.#waiting.set(request.instance, request);
    this.#schedule();
  }

  /** Whatever still runs is not answered any more. */
  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
  }

  /** After the other messages that have arrived, so that renewals come together. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#start();
    });
  }

  #start(): void {
    const ready = [...this.#waiting.values()].filter(({ instance }) => !this.#busy.has(instance));
    for (const [ttl, renewals] of renewalsByTtl(ready)) {
      this.#perform(renewals, () => this.#renew(renewals, ttl));
    }
    for (const request of ready) {
      if (request.ask.type === 'renew') continue;
      if (this.#running >= CONCURRENT_MAX) return;
      this.#perform([request], async () => this.#reply(request, await this.#single(request)));
    }
  }

  #perform(requests: readonly WitnessRequest[], work: () => Promise<void>): void {
    for (const { instance } of requests) {
      this.#waiting.delete(instance);
      this.#busy.add(instance);
    }
    this.#running++;
    void work()
      .catch(this.#options.onError)
      .finally(() => {
        this.#running--;
        for (const { instance } of requests) this.#busy.delete(instance);
        if (this.#waiting.size > 0) this.#schedule();
      });
  }

  async #renew(requests: readonly WitnessRequest[], ttl: Duration): Promise<void> {
    const instances = requests.map(({ instance }) => instance);
    const answers = await this.#options.keys.renew(instances, ttl);
    for (const request of requests) {
      const answer = answers.get(request.instance);
      if (answer !== undefined) this.#reply(request, answer);
    }
  }

  #single({ instance, ask }: WitnessRequest): Promise<WitnessAnswer> {
    const { keys } = this.#options;
    switch (ask.type) {
      case 'acquire':
        return keys.acquire(instance, ask.ttl);
      case 'release':
        return keys.release(instance);
      case 'hand-over':
        return keys.handOver(instance, ask.to);
      case 'renew':
        return keys.renew([instance], ask.ttl).then((answers) => answers.get(instance) ?? NOTHING);
    }
  }

  #reply(request: WitnessRequest, answer: WitnessAnswer): void {
    if (!this.#isClosed) this.#options.answer(request, answer);
  }
}

/** A reload may have changed the `ttl` of some only. */
function renewalsByTtl(requests: readonly WitnessRequest[]): Map<Duration, WitnessRequest[]> {
  const renewals = new Map<Duration, WitnessRequest[]>();
  for (const request of requests) {
    if (request.ask.type !== 'renew') continue;
    const { ttl } = request.ask;
    renewals.set(ttl, [...(renewals.get(ttl) ?? []), request]);
  }
  return renewals;
}

const NOTHING: WitnessAnswer = {
  outcome: 'failed',
  reason: 'malformed',
  message: 'etcd was not asked',
};
