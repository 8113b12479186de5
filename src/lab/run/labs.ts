/** The labs of this process, so that an interrupted one leaves nothing behind. */
import { Lab, type LabOptions } from '../topology/lab.ts';

let count = 0;

/** Unlike that of any other run on this machine, as long as processes have numbers of their own. */
export function labPrefix(): string {
  return `run${process.pid.toString(36)}-${(count++).toString(36)}`;
}

export class Labs {
  readonly #live = new Set<Lab>();
  /** Not yet there in full, and to be waited for before they can be removed. */
  readonly #making = new Set<Promise<Lab>>();

  async up(options: LabOptions): Promise<Lab> {
    const making = Lab.up(options);
    this.#making.add(making);
    try {
      const lab = await making;
      this.#live.add(lab);
      return lab;
    } finally {
      this.#making.delete(making);
    }
  }

  async down(lab: Lab): Promise<void> {
    if (!this.#live.has(lab)) return;
    await lab.down();
    this.#live.delete(lab);
  }

  /** It is to go on after this process. */
  forget(lab: Lab): void {
    lab.release();
    this.#live.delete(lab);
  }

  async downAll(): Promise<void> {
    for (const made of await Promise.allSettled(this.#making)) {
      if (made.status === 'fulfilled') this.#live.add(made.value);
    }
    for (const lab of this.#live) await this.down(lab);
  }
}
