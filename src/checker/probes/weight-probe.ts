/** A probe whose reading becomes a weight. After a failed reading the last weight stands. */
import { type Feedback, nextFeedback } from '../../ipvs/plan/server-weight.ts';
import type { ProbeOutcome, WeightScale } from '../../net/probe.ts';
import type { Probe } from './probe.ts';

export class WeightProbe implements Probe {
  readonly #probe: Probe;
  readonly #scale: WeightScale;
  #last: Feedback | undefined;

  /** `last`: the weight that a former process found; undefined: none. */
  constructor(probe: Probe, scale: WeightScale, last?: number) {
    this.#probe = probe;
    this.#scale = scale;
    this.#last = last === undefined ? undefined : { smoothed: last, weight: last };
  }

  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const { passed, value: reading, detail } = await this.#probe.run(timeoutMs);
    if (passed === true && reading !== undefined) {
      this.#last = nextFeedback(this.#scale, this.#last, reading);
    }
    const { weight } = this.#last ?? {};
    return {
      passed,
      detail: passed === true ? `${this.#scale.reads} ${detail}` : detail,
      ...(weight === undefined ? {} : { value: weight }),
    };
  }

  close(): void {
    this.#probe.close();
  }
}
