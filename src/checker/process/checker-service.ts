/**
 * The work of the checker process: runs probes, sends webhooks and asks the witness as the agent wants,
 * reports results, and says every second that it is alive.
 */
import { DETAIL_MAX, type FromChecker, type ToChecker } from '../channel/messages.ts';
import type { WitnessOrders } from '../channel/witness-messages.ts';
import { postJson } from '../deliveries/http-post.ts';
import type { Witness } from '../etcd/witness.ts';
import { Prober } from '../prober.ts';
import { reasonOf } from '../probes/probe.ts';

interface CheckerServiceOptions {
  readonly send: (message: FromChecker) => void;
  readonly onError: (error: unknown) => void;
  readonly post?: typeof postJson;
}

const ALIVE_MS = 1_000;

/** Keeps a message far below the limit of a line. */
const RUNS_IN_MESSAGE = 200;

export class CheckerService {
  readonly #options: CheckerServiceOptions;
  readonly #prober: Prober;
  readonly #timer: NodeJS.Timeout;
  /** Loaded when the configuration has one; undefined: it has none. */
  #witness: Promise<Witness> | undefined;

  constructor(options: CheckerServiceOptions) {
    const { send, onError } = options;
    this.#options = options;
    this.#prober = new Prober({
      report: (id, change) =>
        send({ kind: 'changed', id, ...change, detail: change.detail.slice(0, DETAIL_MAX) }),
      onError,
    });
    this.#timer = setInterval(() => this.#beat(), ALIVE_MS);
  }

  receive(message: ToChecker): void {
    switch (message.kind) {
      case 'watch':
        this.#prober.watch(message);
        return;
      case 'unwatch':
        this.#prober.unwatch(message.id);
        return;
      case 'post':
        void this.#post(message);
        return;
      case 'witness':
        this.#replaceWitness(message.orders);
        return;
      case 'witness-request':
        void this.#witness?.then((witness) => witness.request(message.request));
        return;
      case 'witness-inspect':
        void this.#witness?.then((witness) => witness.inspect(message));
    }
  }

  /** True: commands still run, and have been told to end. */
  close(): boolean {
    clearInterval(this.#timer);
    this.#replaceWitness(undefined);
    return this.#prober.close();
  }

  #replaceWitness(orders: WitnessOrders | undefined): void {
    void this.#witness?.then((former) => former.close());
    const { send, onError } = this.#options;
    this.#witness =
      orders &&
      import('../etcd/witness.ts').then(({ Witness }) => new Witness(orders, { send, onError }));
  }

  async #post({ id, webhook, body }: Extract<ToChecker, { kind: 'post' }>): Promise<void> {
    const { send, post = postJson } = this.#options;
    try {
      send({ kind: 'posted', id, status: await post(webhook, body) });
    } catch (error) {
      const detail = error instanceof Error ? error.message : reasonOf(error);
      send({ kind: 'post-failed', id, detail: detail.slice(0, DETAIL_MAX) });
    }
  }

  #beat(): void {
    this.#sendRuns();
    this.#options.send({ kind: 'alive', wait: Math.round(this.#prober.wait) });
  }

  #sendRuns(): void {
    const runs = this.#prober.takeRuns();
    for (let first = 0; first < runs.length; first += RUNS_IN_MESSAGE) {
      const some = runs.slice(first, first + RUNS_IN_MESSAGE);
      this.#options.send({ kind: 'ran', runs: some });
    }
  }
}
