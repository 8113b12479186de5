/** One thing that has to be seen: exactly one kind, and when. */
import * as z from 'zod';
import { choice, duration, mapping, wholeNumber } from '../../config/schema/schema-parts.ts';
import { clientName, directorName } from './names.ts';

const time = (description: string) => duration().meta({ description }).optional();

const durationLimits = (description: string) =>
  mapping(
    {
      at_most: time('Not longer than this.'),
      at_least: time('Not shorter than this.'),
      probe: choice(['icmp', 'tcp', 'udp'])
        .meta({ description: 'Of `outage`: which probe. Default: the first.' })
        .optional(),
    },
    description,
  ).optional();

const countLimits = (description: string) =>
  z
    .union(
      [
        wholeNumber(0, 100_000),
        mapping(
          {
            at_most: wholeNumber(0, 100_000).meta({ description: 'Not more.' }).optional(),
            at_least: wholeNumber(0, 100_000).meta({ description: 'Not fewer.' }).optional(),
            node: directorName().meta({ description: 'Of this director alone.' }).optional(),
          },
          description,
        ),
      ],
      { error: 'expected a whole number, or { at_most, at_least, node }' },
    )
    .meta({ description })
    .optional();

const holder = (description: string) =>
  z
    .union([directorName(), z.literal('none'), z.literal('one')], {
      error: 'expected a director (lb1 to lb8), one or none',
    })
    .meta({ description })
    .optional();

export const expectation = mapping(
  {
    owner: holder(
      'Who has the address, alone, on a link with a carrier: a director, `one` of them, or `none`.',
    ),
    arp_owner: holder("Whose answers to the client's ARP requests are seen, and no one else's."),
    masters: countLimits('How many directors advertise as MASTER at any time of the window.'),
    outage: durationLimits('The longest time in which the client got no answer.'),
    dual: durationLimits(
      'The longest time in which two or more reachable machines had the address.',
    ),
    transitions: countLimits('How often directors became MASTER.'),
    discarded: countLimits('How many advertisements vrrp-agent refused, by its own counters.'),
    stream: choice(['survives', 'breaks'])
      .meta({ description: 'What became of the TCP connection.' })
      .optional(),
    invariants: time(
      'This long after each step, and until the next one: somebody answers for the address if ' +
        'anybody could, and nobody else has it unless directors cannot hear each other.',
    ),
    client: clientName()
      .meta({
        description: 'Of `arp_owner`, `outage` and `stream`: for which client. Default: client.',
      })
      .optional(),
    at: time('At this moment.'),
    from: time('From this time on. Default: the start of the clock.'),
    to: time('Up to this time. Default: the end.'),
    why: z.string().meta({ description: 'The reason, for the report.' }).optional(),
  },
  'Something that has to be seen.',
);

export type ExpectationFile = z.infer<typeof expectation>;

export const KINDS = [
  'owner',
  'arp_owner',
  'masters',
  'outage',
  'dual',
  'transitions',
  'discarded',
  'stream',
  'invariants',
] as const satisfies readonly (keyof ExpectationFile)[];
export type ExpectationKind = (typeof KINDS)[number];
