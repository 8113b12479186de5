import { expect, test } from 'vitest';
import { renderWitness, renderWitnessSummary } from '../../../../src/cli/render/witness.ts';
import { paletteFor } from '../../../../src/cli/terminal/text.ts';
import type { StatusDocument } from '../../../../src/control/protocol.ts';
import type {
  WitnessDocument,
  WitnessStatusDocument,
} from '../../../../src/control/witness-document.ts';

const NOW = new Date('2026-03-01T12:00:10.000Z');
const SCREEN = { palette: paletteFor(false, {}), width: 100, now: NOW };

const WITNESS: WitnessDocument = {
  up: true,
  since: '2026-03-01T12:00:00.000Z',
  detail: null,
  version: '3.4.23',
  ttl_ms: 5_000,
  on_loss: 'release',
  prefix: '/pair/',
  endpoints: [
    { url: 'https://203.0.113.21:2379', state: 'up', detail: null },
    { url: 'https://203.0.113.22:2379', state: 'down', detail: 'cannot be reached' },
  ],
  problems: [],
  keys: [{ instance: 'web', director: 'lb1', since: null }],
};

const HELD: WitnessStatusDocument['instances'][number] = {
  ...{ name: 'web', state: 'MASTER', right: 'held', holds: true, holder: 'lb1' },
  until: '2026-03-01T12:00:13.500Z',
};

test('says so without a witness', () => {
  expect(renderWitness({ witness: null, instances: [] }, SCREEN)).toMatch(/^no witness/);
});

test('shows etcd, its members, the keys, and what each instance has', () => {
  const refused = { ...HELD, name: 'mail', state: 'BACKUP', right: 'none' as const, holds: false };
  const text = renderWitness(
    {
      witness: { ...WITNESS, problems: ['a clock'] },
      instances: [HELD, { ...refused, holder: 'lb2', until: null }],
    },
    SCREEN,
  );
  expect(text.split('\n')).toEqual([
    'witness: etcd 3.4.23 up 10s',
    '  keys /pair/NAME, ttl 5 s, on_loss release',
    '  https://203.0.113.21:2379 up',
    '  https://203.0.113.22:2379 down: cannot be reached',
    'keys at the last look, a minute ago at most:',
    '  /pair/web: lb1',
    '! a clock',
    expect.stringMatching(/^NAME +STATE +RIGHT +FOR +KEY/),
    expect.stringMatching(/^web +MASTER +holds the key +3\.5 s +here/),
    expect.stringMatching(/^mail +BACKUP +none +- +lb2/),
    '',
  ]);
});

test('is two lines of status while the key is held, and one while it is not needed', () => {
  const statusOf = (right: 'held' | 'peers' | 'none' | 'went-on') =>
    ({
      witness: { ...WITNESS, up: right !== 'none', detail: right === 'none' ? 'slow' : null },
      instances: [{ name: 'web', state: 'MASTER', witness: { ...HELD, right } }],
    }) as unknown as StatusDocument;
  expect(renderWitnessSummary(statusOf('peers'), SCREEN)).toBe('witness: etcd 3.4.23 up 10s\n');
  expect(renderWitnessSummary(statusOf('held'), SCREEN)).toMatch(
    /\n {2}web: holds the key for 3\.5 s more, unless it is renewed\n$/,
  );
  expect(renderWitnessSummary(statusOf('none'), SCREEN)).toMatch(
    /^witness: etcd 3\.4\.23 down 10s: slow\n {2}web: may not have the VIPs/,
  );
  expect(renderWitnessSummary(statusOf('went-on'), SCREEN)).toMatch(/there may be a second owner/);
  expect(renderWitnessSummary({ instances: [] } as unknown as StatusDocument, SCREEN)).toBe('');
});

test.each([
  ['a BACKUP of a MASTER that it sees', {}, false],
  ['one that sees no MASTER', { master: null }, true],
  ['one that does not see the other director', { peer: 'down' }, true],
  ['one whose key another director has', { holder: 'lb2' }, true],
  ['one out of service', { state: 'FAULT', master: null, peer: 'down' }, false],
])('has a line in status of an instance without a right: %s', (_, differs, isShown) => {
  const { state, master, holder, peer } = {
    ...{ state: 'BACKUP', master: {}, holder: null, peer: 'up' },
    ...differs,
  };
  const status = {
    witness: WITNESS,
    peers: [{ state: peer }],
    instances: [{ name: 'web', state, master, witness: { ...HELD, right: 'none', holder } }],
  } as unknown as StatusDocument;
  const lines = renderWitnessSummary(status, SCREEN).trimEnd().split('\n');
  expect(lines).toHaveLength(isShown ? 2 : 1);
});
