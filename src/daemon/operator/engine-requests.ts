/** Sends requests to the engine and matches the answers, which arrive as reports. */
import type { Input } from '../../protocol/engine/inputs.ts';
import type { OperatorAnswer, OperatorRequest } from '../../protocol/engine/requests.ts';

/** The engine did not answer: it has stopped, or the kernel does not remove a VIP. */
export class NoEngineAnswer extends Error {
  override readonly name = 'NoEngineAnswer';
  readonly code = 'no-engine-answer';
}

export class EngineRequests {
  readonly #feed: (inputs: readonly Input[]) => void;
  readonly #waiting = new Map<number, (answer: OperatorAnswer) => void>();
  #last = 0;

  constructor(feed: (inputs: readonly Input[]) => void) {
    this.#feed = feed;
  }

  /** Rejects with `NoEngineAnswer` after this time. */
  send(instance: string, request: OperatorRequest, limitMs: number): Promise<OperatorAnswer> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new NoEngineAnswer(`the protocol did not answer within ${limitMs / 1_000} s`));
      }, limitMs);
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#feed([{ kind: 'request', id, instance, request }]);
    });
  }

  answered(id: number, answer: OperatorAnswer): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(answer);
  }
}
