/** Changes requested from the kernel that have no answer yet, each with its place in its batch. */
import { at } from '../../../net/assert.ts';
import type { KernelAnswer } from '../../../net/kernel-answer.ts';

export interface BatchPlace {
  readonly id: number;
  readonly position: number;
}

export interface Answered<Item> {
  readonly item: Item;
  readonly answer: KernelAnswer;
}

export class PendingChanges<Item> {
  readonly #batches = new Map<number, { readonly item: Item; readonly position: number }[]>();

  get isEmpty(): boolean {
    return this.#batches.size === 0;
  }

  add({ id, position }: BatchPlace, item: Item): void {
    const batch = this.#batches.get(id);
    if (batch === undefined) this.#batches.set(id, [{ item, position }]);
    else batch.push({ item, position });
  }

  /** Removes the changes of the batch and returns them with their answers. */
  take(id: number, answers: readonly KernelAnswer[]): Answered<Item>[] {
    const batch = this.#batches.get(id) ?? [];
    this.#batches.delete(id);
    return batch.map(({ item, position }) => ({ item, answer: at(answers, position) }));
  }
}
