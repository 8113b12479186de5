/** A probe whose reading becomes a weight. After a failed reading the last weight remains in effect. */

import { makeProbe, type ProbeContext } from '../../checker/probes/make-probe.ts';
import type { Probe } from '../../checker/probes/probe.ts';
import type { ProbeOutcome, ProbeSettings, WeightScale } from '../../net/probe.ts';
import { type Feedback, nextFeedback } from '../plan/server-weight.ts';

export class WeightProbe implements Probe {
  readonly #probe: Probe;
  readonly #scale: WeightScale;
  #last: Feedback | undefined;

  constructor(probe: Probe, scale: WeightScale) {
    this.#probe = probe;
    this.#scale = scale;
  }

  async run(timeoutMs: number): Promise<ProbeOutcome> {
    const { passed, value: reading, detail } = await this.#probe.run(timeoutMs);
    if (passed && reading !== undefined) {
      this.#last = nextFeedback(this.#scale, this.#last, reading);
    }
    const { weight } = this.#last ?? {};
    return {
      passed,
      detail: passed ? `${this.#scale.reads} ${detail}` : detail,
      ...(weight === undefined ? {} : { value: weight }),
    };
  }

  close(): void {
    this.#probe.close();
  }
}

/** A `WeightProbe` for settings with a weight scale, a plain probe for all others. */
export function makeServerProbe(settings: ProbeSettings, context: ProbeContext): Probe {
  const probe = makeProbe(settings, context);
  const scale = 'weight' in settings ? settings.weight : undefined;
  return scale === undefined ? probe : new WeightProbe(probe, scale);
}
