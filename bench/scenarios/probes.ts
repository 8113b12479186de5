/** All tracked objects hang or fail: the effect on advertisements. */
import { besideHanging } from '../harness/beside.ts';
import { manyRouters } from '../harness/routers.ts';
import type { Scenario } from '../harness/scenario.ts';

const EVERY = { interval: '100ms', timeout: '50ms', init: 'up', weight: -1 };

/** Commands that ignore SIGTERM, hosts and services that do not answer. */
const TRACK = [
  { ...EVERY, name: 'hangs', script: ['/bin/sh', '-c', "trap '' TERM; while :; do sleep 1; done"] },
  { ...EVERY, name: 'starts', script: ['/bin/true'] },
  { ...EVERY, name: 'gateway', gateway: '192.0.2.254' },
  { ...EVERY, name: 'tcp', tcp: '192.0.2.254:80' },
  { ...EVERY, name: 'http', http: 'http://192.0.2.254/' },
  { process: 'no-such-process', interval: '100ms', init: 'up', weight: -1 },
];

export const probes: Scenario = {
  name: 'probes',
  title: 'Tracked commands and services that hang',
  method:
    'Eight routers, adverts every 10 ms; on both directors a command that never ends and one that is ' +
    'started ten times a second, a gateway, a TCP and an HTTP service that do not answer, and a ' +
    'missing process, each checked every 100 ms. keepalived is not measured.',
  run: (context) =>
    besideHanging(context, {
      routers: manyRouters(8),
      intervalMilliseconds: 10,
      direct: true,
      agentKeys: { defaults: { track: TRACK } },
    }),
};
