/** Events of BFD sessions. That a session went up or down is the event `track` of what depends on it. */
import type { BfdHops } from '../../net/bfd.ts';
import type { BfdRefusal } from '../../protocol/engine/bfd-messages.ts';
import { reported } from './event-entry.ts';

export interface RefusedFacts {
  readonly neighbour: string;
  readonly hops: BfdHops;
  readonly reason: BfdRefusal;
  readonly found: string | null;
  readonly expected: string | null;
}

/** What is wrong, and what to do. */
const REFUSED: { readonly [Reason in BfdRefusal]: (facts: RefusedFacts) => string } = {
  version: ({ found }) => `their version is ${found}, and this program speaks version 1`,
  length: ({ found }) => `their length of ${found} bytes is wrong`,
  multiplier: () => 'their detection multiplier is zero',
  multipoint: () => 'they are of a multipoint session, which RFC 5880 reserves',
  'my-discriminator': () => 'their own discriminator is zero',
  authentication: ({ found }) =>
    `they are authenticated (type ${found}), which is not supported: remove it there; TTL 255 protects a single hop`,
  ttl: ({ found, expected, hops }) =>
    hops === 'single'
      ? `their TTL is ${found}, not 255: a router is between (set "multihop: true" on both sides), or they are forged`
      : `their TTL is ${found}, and at least ${expected} is required: set "min_ttl: ${found}" if as many routers are between`,
  source: ({ found, expected }) =>
    `they are sent to ${found}, and "source" is ${expected}: configure that as the neighbour there`,
  link: ({ found, expected }) => `they arrive on ${found ?? 'another link'}, not on ${expected}`,
  'your-discriminator': ({ found, expected }) =>
    `they are for the session ${found}, not ${expected}: does it have a session with another host, or two with this one?`,
  demand: () =>
    'they ask for demand mode, which is not supported: this host continues to send, and the session stays up',
};

export const BFD_EVENTS = {
  'bfd-refused': reported<'bfd-refused', RefusedFacts>({
    when:
      'Packets of a BFD neighbour were refused; at most once in ten minutes for each neighbour and reason, ' +
      'and again after the session was up.',
    level: 'warn',
    facts: ({ neighbour, hops, reason, found, expected }) => ({
      ...{ neighbour, hops, reason, found, expected },
    }),
    sentence: (facts) =>
      `BFD packets of ${facts.neighbour} are refused: ${REFUSED[facts.reason](facts)}`,
    fields: {
      neighbour: 'address of the neighbour',
      hops: '`single` or `multi`',
      reason:
        '`version`, `length`, `multiplier`, `multipoint`, `my-discriminator`, `authentication`, `ttl`, `source`, `link` or `your-discriminator`; `demand`: only the request is refused',
      found: 'the value that was refused; null: none',
      expected: 'the value that is required; null: none',
    },
    example: {
      ...{ neighbour: '192.0.2.1', hops: 'single', reason: 'ttl', found: '254', expected: '255' },
    },
  }),
  'bfd-socket-failed': reported<
    'bfd-socket-failed',
    { readonly neighbour: string; readonly hops: BfdHops; readonly errno: string | null }
  >({
    when: 'The socket of a BFD session cannot be opened; once, and again when it is open.',
    level: {
      of: ({ errno }) => (errno === null ? 'info' : 'error'),
      words: '`error`; `info` when it is open',
    },
    facts: ({ neighbour, hops, errno }) => ({ neighbour, hops, errno }),
    sentence: ({ neighbour, hops, errno }) =>
      errno === null
        ? `the socket for BFD with ${neighbour} is open`
        : `the socket for BFD with ${neighbour} cannot be opened (${errno}${hint(errno, hops)}); it is tried again each second`,
    fields: {
      neighbour: 'address of the neighbour',
      hops: '`single` or `multi`',
      errno: 'as in errno(3); null: the socket is open',
    },
    example: { neighbour: '192.0.2.1', hops: 'single', errno: 'EADDRINUSE' },
  }),
};

/** What most likely causes it. */
function hint(errno: string, hops: BfdHops): string {
  const port = hops === 'single' ? 3784 : 4784;
  if (errno === 'EADDRINUSE') return `: another program, like bfdd, has UDP port ${port}`;
  return errno === 'EADDRNOTAVAIL' ? ': "source" is not an address of this host' : '';
}
