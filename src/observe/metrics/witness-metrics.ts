/** Metrics of the witness. */
import type { MetricDefinition } from './metric.ts';

export const WITNESS_METRICS: readonly MetricDefinition[] = [
  {
    name: 'vrrp_witness_up',
    type: 'gauge',
    help: '1 while the witness (etcd) would answer if it were needed, else 0; absent without a witness.',
    labels: [],
    samples: ({ status: { witness } }) =>
      witness === undefined ? [] : [{ labels: {}, value: witness.up ? 1 : 0 }],
  },
  {
    name: 'vrrp_witness_holds',
    type: 'gauge',
    help: '1 while this director holds the key of the instance in the witness, else 0; absent for an instance without a witness.',
    labels: ['instance'],
    samples: ({ status: { instances } }) =>
      instances.flatMap(({ name, witness }) =>
        witness === undefined ? [] : [{ labels: { instance: name }, value: witness.holds ? 1 : 0 }],
      ),
  },
  {
    name: 'vrrp_witness_right',
    type: 'gauge',
    help: '1 for the present reason why the instance may be MASTER (`peers`, `held`), why it is nevertheless (`went-on`), or that it may not (`none`); 0 for the others.',
    labels: ['instance', 'right'],
    samples: ({ status: { instances } }) =>
      instances.flatMap(({ name, witness }) =>
        witness === undefined
          ? []
          : RIGHTS.map((right) => ({
              labels: { instance: name, right },
              value: witness.right === right ? 1 : 0,
            })),
      ),
  },
];

const RIGHTS = ['peers', 'held', 'went-on', 'none'] as const;
