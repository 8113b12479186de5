/** The labs of this process, so that an interrupted process can remove them all. */
import { Lab, type LabOptions } from '../topology/lab.ts';

let count = 0;

/** Unique on this host among running processes. */
export function labPrefix(): string {
  return `run${process.pid.toString(36)}-${(count++).toString(36)}`;
}

export class Labs {
  readonly #live = new Set<Lab>();
  /** Labs under construction: each must be complete before it can be removed. */
  readonly #creating = new Set<Promise<Lab>>();

  async up(options: LabOptions): Promise<Lab> {
    const creating = Lab.up(options);
    this.#creating.add(creating);
    try {
      const lab = await creating;
      this.#live.add(lab);
      return lab;
    } finally {
      this.#creating.delete(creating);
    }
  }

  async down(lab: Lab): Promise<void> {
    if (!this.#live.has(lab)) return;
    await lab.down();
    this.#live.delete(lab);
  }

  /** The lab outlives this process. */
  keep(lab: Lab): void {
    lab.release();
    this.#live.delete(lab);
  }

  async downAll(): Promise<void> {
    for (const made of await Promise.allSettled(this.#creating)) {
      if (made.status === 'fulfilled') this.#live.add(made.value);
    }
    for (const lab of this.#live) await this.down(lab);
  }
}
