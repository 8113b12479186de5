/** Events of the peer link: the other directors, as this one hears them on the second network. */
import type { PeerRefusal } from '../../protocol/engine/director-messages.ts';
import { type LevelRule, reported } from './event-entry.ts';

const PEER = 'name of the director, as in `peer_link`';
const ADDRESS = 'its address on the link';

export interface PeerRefusedFacts {
  readonly peer: string | null;
  readonly address: string;
  readonly reason: PeerRefusal;
  /** The director is up: its own datagrams are believed. */
  readonly up: boolean;
}

/** What was wrong with the datagrams, and the most likely cause. */
const REFUSED: { readonly [Reason in PeerRefusal]: (facts: PeerRefusedFacts) => string } = {
  source: ({ peer, address }) =>
    peer === null
      ? `${address} sends to the peer link, and is no director of the configuration`
      : `director ${peer} sends from ${address}, which is not its address in the configuration`,
  length: () => 'their length is not that of a datagram of the peer link',
  version: () =>
    'they are of another version of the peer link, or not of it: are both programs of the same version?',
  key: () => 'they are signed with a key that this director does not have: add it to "keys"',
  authentication: ({ up }) =>
    up
      ? 'their authentication is wrong, while those of the director itself are right: another host forges them'
      : 'their authentication is wrong: do both directors have the same key?',
  malformed: () =>
    'they are signed, and cannot be decoded: do both programs have the same version?',
  replay: () => 'they have been heard before: another host repeats them',
  unproven: ({ up }) =>
    up
      ? 'they are of other processes than that of the director: another host forges or repeats them'
      : 'the director does not hear this one: is the way to it blocked?',
};

const CLOCK_LEVEL: LevelRule<{ readonly agrees: boolean }> = {
  of: ({ agrees }) => (agrees ? 'info' : 'warn'),
  words: '`warn`; `info` once the clocks agree',
};

function secondsText(milliseconds: number): string {
  return `${Math.abs(milliseconds / 1_000).toFixed(3)} s`;
}

export const PEER_EVENTS = {
  'peer-up': reported<
    'peer-up',
    {
      readonly peer: string;
      readonly address: string;
      readonly version: string;
      readonly restarted: boolean;
    }
  >({
    when: 'Another director is heard over the peer link, and hears this one.',
    level: 'info',
    colour: () => 'good',
    facts: ({ peer, address, version, restarted }) => ({ peer, address, version, restarted }),
    sentence: ({ peer, address, version, restarted }) =>
      restarted
        ? `director ${peer} (${address}) has restarted and is up; version ${version}`
        : `director ${peer} (${address}) is up on the peer link; version ${version}`,
    fields: {
      peer: PEER,
      address: ADDRESS,
      version: 'version of its program',
      restarted: 'whether it is another process than the one heard before',
    },
    example: { peer: 'lb2', address: '198.51.100.140', version: '0.1.0', restarted: false },
  }),
  'peer-down': reported<
    'peer-down',
    { readonly peer: string; readonly address: string; readonly silence_ms: number }
  >({
    when: 'Another director is no longer heard over the peer link: three heartbeats are missing.',
    level: 'warn',
    facts: ({ peer, address, silence }) => ({ peer, address, silence_ms: silence / 1_000 }),
    sentence: ({ peer, address, silence_ms: silence }) =>
      `director ${peer} (${address}) is down on the peer link: nothing heard for ${Math.round(silence)} ms`,
    fields: {
      peer: PEER,
      address: ADDRESS,
      silence_ms: 'time since its last datagram, in milliseconds',
    },
    example: { peer: 'lb2', address: '198.51.100.140', silence_ms: 350 },
  }),
  'peer-refused': reported<'peer-refused', PeerRefusedFacts>({
    when:
      'Datagrams of the peer link were refused; at most once in ten minutes for each director and reason, ' +
      'and again after it has come up.',
    level: 'warn',
    facts: ({ peer, address, reason, up }) => ({ peer, address, reason, up }),
    sentence: (facts) => {
      const text = REFUSED[facts.reason](facts);
      if (facts.reason === 'source') return text;
      return `datagrams of director ${facts.peer ?? '?'} (${facts.address}) are refused: ${text}`;
    },
    fields: {
      peer: `${PEER}; null: unknown`,
      address: 'the source of the datagrams',
      reason:
        '`source`, `length`, `version`, `key`, `authentication`, `malformed`, `replay` or `unproven`',
      up: 'whether other datagrams of this director are believed',
    },
    example: { peer: 'lb2', address: '198.51.100.140', reason: 'authentication', up: false },
  }),
  'peer-clock': reported<
    'peer-clock',
    {
      readonly peer: string;
      readonly offset_ms: number;
      readonly before_ms: number | null;
      readonly agrees: boolean;
    }
  >({
    when: 'The clock of another director differs from the own one by a second or more, or agrees again.',
    level: CLOCK_LEVEL,
    facts: ({ peer, offset, before, agrees }) => ({
      peer,
      offset_ms: offset / 1_000,
      before_ms: before === null ? null : before / 1_000,
      agrees,
    }),
    sentence: ({ peer, offset_ms: offset, before_ms: before, agrees }) => {
      if (agrees) return `the clock of director ${peer} agrees with that of this one again`;
      const place = offset > 0 ? 'ahead of' : 'behind';
      const then = before === null ? '' : ` (${secondsText(before)} before)`;
      return `the clock of director ${peer} is ${secondsText(offset)} ${place} that of this one${then}: set the time on both (NTP)`;
    },
    fields: {
      peer: PEER,
      offset_ms: 'how far its clock is ahead, in milliseconds',
      before_ms: 'the offset that was reported before; null: none',
      agrees: 'whether the clocks agree again',
    },
    example: { peer: 'lb2', offset_ms: 3_200, before_ms: null, agrees: false },
  }),
  'peer-name': reported<
    'peer-name',
    {
      readonly peer: string;
      readonly address: string;
      readonly name: string;
      readonly own: boolean;
    }
  >({
    when: 'Another director has another name than the configuration gives it.',
    level: 'warn',
    facts: ({ peer, address, name, own }) => ({ peer, address, name, own }),
    sentence: ({ peer, address, name, own }) =>
      own
        ? `director ${peer} (${address}) has the name of this one, ${name}: set "router" on each`
        : `director ${peer} (${address}) calls itself ${name}: give it that name in "peer_link", or set "router" there`,
    fields: {
      peer: PEER,
      address: ADDRESS,
      name: 'the name that it gives itself',
      own: 'whether that is the name of this director',
    },
    example: { peer: 'lb2', address: '198.51.100.140', name: 'lb3', own: false },
  }),
  'peer-configuration': reported<
    'peer-configuration',
    { readonly peer: string; readonly differs: readonly string[] }
  >({
    when: 'The shared part of the configuration differs from that of another director, or is the same again.',
    level: {
      of: ({ differs }) => (differs.length > 0 ? 'warn' : 'info'),
      words: '`warn`; `info` once it is the same',
    },
    facts: ({ peer, differs }) => ({ peer, differs }),
    sentence: ({ peer, differs }) =>
      differs.length > 0
        ? `the configuration of director ${peer} differs in ${differs.join(', ')}`
        : `the configuration of director ${peer} is the same again`,
    fields: { peer: PEER, differs: 'paths of the sections that differ' },
    example: { peer: 'lb2', differs: ['instances.web.addresses'] },
  }),
  'peer-link-failed': reported<
    'peer-link-failed',
    { readonly source: string; readonly errno: string | null }
  >({
    when: 'The socket of the peer link cannot be opened; once, and again when it is open.',
    level: {
      of: ({ errno }) => (errno === null ? 'info' : 'error'),
      words: '`error`; `info` when it is open',
    },
    facts: ({ source, errno }) => ({ source, errno }),
    sentence: ({ source, errno }) =>
      errno === null
        ? `the peer link is open on ${source}`
        : `the peer link cannot be opened on ${source} (${errno}); it is tried again each second`,
    fields: {
      source: 'the own address on the link',
      errno: 'as in errno(3); null: the socket is open',
    },
    example: { source: '198.51.100.139', errno: 'EADDRNOTAVAIL' },
  }),
};
