/** Liveness: whatever happened before, once no other MASTER is heard, every router becomes MASTER. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { type Duration, milliseconds, seconds } from '../../../src/net/time.ts';
import type { InstanceSettings, SyncGroupSettings } from '../../../src/protocol/engine/settings.ts';
import { settingsChange } from '../../../src/protocol/engine/settings-change.ts';
import { advert, Rig } from '../rig.ts';

type Step =
  | { readonly kind: 'hear'; readonly vrid: number; readonly priority: number }
  | { readonly kind: 'elapse' | 'freeze'; readonly duration: Duration }
  | { readonly kind: 'answer'; readonly vrid: number; readonly granted: boolean }
  | { readonly kind: 'hold-back' | 'release' | 'regroup' | 'takeover' }
  | { readonly kind: 'reload'; readonly vrid: number; readonly change: Partial<InstanceSettings> };

const vrid = fc.constantFrom(1, 2);

const gate = fc.record({
  deadline: fc.constantFrom(milliseconds(500), seconds(9)),
  onFailure: fc.constantFrom('proceed' as const, 'abort' as const),
});

const change: fc.Arbitrary<Partial<InstanceSettings>> = fc.oneof(
  fc.record({ preempt: fc.boolean() }),
  fc.record({ preemptDelay: fc.constantFrom(milliseconds(0), seconds(2)) }),
  fc.record({ beforeMaster: gate }),
  fc.constant({ beforeMaster: undefined } as unknown as Partial<InstanceSettings>),
  fc.record({ advertisementInterval: fc.constantFrom(milliseconds(300), seconds(1)) }),
);

const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('hear' as const),
      vrid,
      priority: fc.constantFrom(0, 50, 50, 200),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('elapse' as const),
      duration: fc.constantFrom(0, 100, 700, 3_700).map(milliseconds),
    }),
  },
  fc.record({ kind: fc.constant('freeze' as const), duration: fc.constant(seconds(5)) }),
  fc.record({ kind: fc.constant('answer' as const), vrid, granted: fc.boolean() }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'hold-back' as const,
        'release' as const,
        'regroup' as const,
        'takeover' as const,
      ),
    }),
  },
  fc.record({ kind: fc.constant('reload' as const), vrid, change }),
);

const members = fc.tuple(
  fc.record({ preempt: fc.boolean(), beforeMaster: gate }),
  fc.record({ preempt: fc.boolean(), preemptDelay: fc.constantFrom(0 as Duration, seconds(2)) }),
);

class Director {
  rig: Rig;
  #isGrouped = true;
  readonly #mode: SyncGroupSettings['mode'];

  constructor(instances: readonly Partial<InstanceSettings>[], mode: SyncGroupSettings['mode']) {
    this.#mode = mode;
    const named = instances.map((one, position) => ({
      name: `vr${position + 1}`,
      vrid: position + 1,
      addresses: [
        { address: ip(`203.0.113.${position + 1}`), prefixLength: 32, interface: 'eth0' },
      ],
      ...one,
    }));
    this.rig = new Rig(named, { syncGroups: this.#syncGroups() });
    this.rig.start();
  }

  get #all() {
    return { router: 'lb1', linger: 'off', syncGroups: this.#syncGroups() } as const;
  }

  #syncGroups(): SyncGroupSettings[] {
    const group = { name: 'g', instances: ['vr1', 'vr2'], mode: this.#mode, track: [] };
    return this.#isGrouped ? [group] : [];
  }

  play(step: Step): void {
    const { rig } = this;
    switch (step.kind) {
      case 'hear':
        rig.hear(advert({ ...step, addresses: [ip(`203.0.113.${step.vrid}`)] }));
        break;
      case 'elapse':
        rig.elapse(step.duration);
        break;
      case 'freeze':
        rig.freeze(step.duration);
        rig.turn();
        break;
      case 'answer':
        this.#answer(`vr${step.vrid}`, step.granted);
        break;
      case 'hold-back':
        this.#request({ type: 'failover', to: null, wait: seconds(1), force: true });
        break;
      case 'release':
        this.#request({ type: 'release' });
        break;
      case 'regroup': {
        const before = { ...this.#all, instances: rig.engine.instances };
        this.#isGrouped = !this.#isGrouped;
        this.#reload(before, rig.engine.instances);
        break;
      }
      case 'reload': {
        const before = { ...this.#all, instances: rig.engine.instances };
        const changed = rig.engine.instances.map((one) =>
          one.vrid === step.vrid ? { ...one, ...step.change } : one,
        );
        this.#reload(before, changed);
        break;
      }
      case 'takeover':
        this.#takeOver();
    }
  }

  #answer(instance: string, granted: boolean): void {
    const asked = this.rig.reports.findLast(
      (one) => one.kind === 'before-master' && one.instance === instance,
    );
    if (asked?.kind !== 'before-master') return;
    this.rig.handle({ kind: 'before-master.answered', instance, id: asked.id, granted });
  }

  #request(request: Extract<Parameters<Rig['handle']>[0], { kind: 'request' }>['request']): void {
    this.rig.handle({ kind: 'request', id: 1, instance: 'vr1', request });
  }

  #reload(
    before: Parameters<typeof settingsChange>[0],
    instances: readonly InstanceSettings[],
  ): void {
    const change = settingsChange(before, { ...this.#all, instances });
    this.rig.handle({ kind: 'settings.changed', change });
  }

  #takeOver(): void {
    const next = new Rig(this.rig.engine.instances, {
      syncGroups: this.#syncGroups(),
      standby: true,
    });
    next.now = this.rig.now;
    next.start();
    const capture = JSON.parse(JSON.stringify(this.rig.engine.capture()));
    next.handle({ kind: 'adopt', capture });
    this.rig = next;
  }
}

test('the silence of all others leads to a takeover, alone and in a sync group', {
  timeout: 120_000,
}, () => {
  const mode = fc.constantFrom('all' as const, 'any' as const);
  fc.assert(
    fc.property(members, mode, fc.array(steps, { maxLength: 30 }), (instances, group, script) => {
      const director = new Director(instances, group);
      for (const step of script) director.play(step);
      for (let i = 0; i < 150; i++) {
        director.play({ kind: 'answer', vrid: 1, granted: true });
        director.play({ kind: 'answer', vrid: 2, granted: true });
        director.rig.elapse(milliseconds(200));
      }
      const states = director.rig.engine.view().map(({ state }) => state);
      expect(states).toEqual(['MASTER', 'MASTER']);
    }),
    { numRuns: 300 },
  );
});
