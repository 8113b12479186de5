import { describe, expect, test } from 'vitest';
import type { TransitionCause } from '../../src/engine/causes.ts';
import { ip } from '../../src/net/address.ts';
import { seconds } from '../../src/net/time.ts';
import { failover, masterOf } from './operator.ts';
import { advert, INDEX, linkOf, Rig } from './rig.ts';

function backup(more = {}): Rig {
  const rig = new Rig([more]);
  rig.start();
  return rig;
}

function master(more = {}): Rig {
  const rig = backup(more);
  rig.becomeMaster();
  rig.elapse(seconds(2));
  return rig;
}

/** A lower priority is MASTER until it is preempted. */
function preempting(rig: Rig, times: number): void {
  for (let i = 0; i < times; i++) {
    rig.hear(advert({ priority: 50 }));
    rig.elapse(seconds(1));
  }
}

const CASES: { readonly [Cause in TransitionCause]?: () => Rig } = {
  started: () => backup(),
  'owner-started': () => backup({ priority: 255 }),
  stopped: () => {
    const rig = backup();
    rig.handle({ kind: 'shutdown' });
    return rig;
  },
  'master-silent': () => {
    const rig = backup();
    rig.hear(advert({ priority: 200 }));
    rig.elapse(seconds(4));
    return rig;
  },
  'master-resigned': () => {
    const rig = backup();
    rig.hear(advert({ priority: 200 }));
    rig.hear(advert({ priority: 0 }));
    rig.elapse(seconds(1));
    return rig;
  },
  preempted: () => {
    const rig = backup();
    rig.hear(advert({ priority: 90 }));
    rig.elapse(seconds(4));
    return rig;
  },
  'preempted-after-delay': () => {
    const rig = backup({ preemptDelay: seconds(2) });
    preempting(rig, 3);
    return rig;
  },
  'higher-priority': () => {
    const rig = master();
    rig.hear(advert({ priority: 200 }));
    return rig;
  },
  'greater-address': () => {
    const rig = master();
    rig.hear(advert({ priority: 100, source: ip('192.0.2.200') }));
    return rig;
  },
  'successor-heard': () => {
    const rig = masterOf();
    failover(rig);
    rig.hear(advert({ priority: 50 }));
    return rig;
  },
  'no-successor': () => {
    const rig = new Rig([{}], { linger: 'auto' });
    rig.start();
    rig.becomeMaster();
    rig.handle({ kind: 'shutdown' });
    rig.elapse(seconds(2));
    return rig;
  },
  'table-synced': () => {
    const rig = backup({ preemptWhenSynced: seconds(60) });
    rig.hear(advert({ priority: 50 }));
    rig.handle({ kind: 'table.changed', instance: 'web', synced: true });
    preempting(rig, 2);
    return rig;
  },
  fault: () => {
    const rig = master();
    rig.handle({ kind: 'link.removed', index: INDEX });
    return rig;
  },
  'fault-cleared': () => {
    const rig = backup();
    rig.handle({ kind: 'link.removed', index: INDEX });
    rig.start([linkOf()]);
    return rig;
  },
  stall: () => {
    const rig = master();
    rig.freeze(seconds(10));
    rig.handle({ kind: 'wake' });
    return rig;
  },
};

describe('the cause of a transition is', () => {
  test.each(Object.entries(CASES))('%s', (cause, run) => {
    expect(run().view().lastTransition?.cause).toBe(cause);
  });
});
