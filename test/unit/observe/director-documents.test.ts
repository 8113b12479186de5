import { expect, test } from 'vitest';
import { ip } from '../../../src/net/address.ts';
import { type Duration, instant, milliseconds } from '../../../src/net/time.ts';
import { directorDocuments } from '../../../src/observe/director-documents.ts';
import type { DirectorView } from '../../../src/protocol/engine/director-messages.ts';
import { settingsOf } from './samples.ts';

const LB2 = { name: 'lb2', address: ip('198.51.100.140') };
const LB3 = { name: 'lb3', address: ip('198.51.100.141') };
const SETTINGS = {
  ...settingsOf('web'),
  peerLink: {
    source: ip('198.51.100.139'),
    ...{ port: 8843, heartbeat: milliseconds(100), directors: [LB2, LB3], services: 0 },
  },
};
const clock = (at: number) => new Date(at / 1_000);

test('directors are documents in the units of the API, in the order of the file', () => {
  const view: DirectorView = {
    ...{ ...LB3, since: instant(5_000_000), version: '1.2.3', differs: ['ipvs.services'] },
    ...{ rtt: 314 as Duration, clockOffset: -1_499_600 as Duration },
    status: 'up',
    configuration: 'differs',
    instances: [{ name: 'web', state: 'MASTER', priority: 150, faults: [] }],
  };
  expect(directorDocuments(SETTINGS, [view], clock)).toEqual([
    {
      ...{ ...LB2, state: 'never', since: null, rtt_ms: null, clock_offset_ms: null },
      ...{ version: null, configuration: 'unknown', differs: [], instances: [] },
    },
    {
      ...{ ...LB3, state: 'up', since: '1970-01-01T00:00:05.000Z', rtt_ms: 0.314 },
      ...{ clock_offset_ms: -1_500, version: '1.2.3', configuration: 'differs' },
      differs: ['ipvs.services'],
      instances: [{ name: 'web', state: 'MASTER', priority: 150, faults: [] }],
    },
  ]);
});

test('there are none without a peer link', () => {
  expect(directorDocuments(settingsOf('web'), [], clock)).toEqual([]);
});
