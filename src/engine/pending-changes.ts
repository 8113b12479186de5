/** What has been asked of the kernel and not been answered: each change with its place in its batch. */
export interface BatchPlace {
  readonly id: number;
  readonly position: number;
}

export interface Answered<Item> {
  readonly item: Item;
  /** Zero: done. */
  readonly errno: number;
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

  /** Those of the batch that were added here, with their errnos. */
  take(id: number, errnos: readonly number[]): Answered<Item>[] {
    const batch = this.#batches.get(id) ?? [];
    this.#batches.delete(id);
    return batch.map(({ item, position }) => ({ item, errno: errnos[position] ?? 0 }));
  }
}
