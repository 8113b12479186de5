/**
 * The expectations of a scenario: exactly one condition each, and a window. Their keys in the file,
 * the checks that a schema cannot express, and the words that reports use. `judge/judge.ts` evaluates
 * them.
 */
import * as z from 'zod';
import type { Findings, Path } from '../../config/finding.ts';
import {
  choice,
  duration,
  mapping,
  pattern,
  wholeNumber,
} from '../../config/schema/schema-parts.ts';
import { formatDuration, microseconds } from '../../net/time.ts';
import { durationAt, type Inventory, type ProbeType } from './inventory.ts';
import { CLIENT_NAME, clientName, directorName } from './names.ts';

const moment = (description: string) => duration().meta({ description }).optional();

const durationLimits = (description: string) =>
  mapping(
    {
      at_most: moment('Not longer than this.'),
      at_least: moment('Not shorter than this.'),
      probe: choice(['icmp', 'tcp', 'udp'])
        .meta({ description: 'For `outage`: which probe. Default: the first.' })
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
            node: directorName().meta({ description: 'Only this director.' }).optional(),
          },
          description,
        ),
      ],
      { error: 'expected a whole number, or { at_most, at_least, node }' },
    )
    .meta({ description })
    .optional();

const lostLimits = z
  .union(
    [
      wholeNumber(0, 10_000_000),
      mapping(
        {
          at_most: wholeNumber(0, 10_000_000).meta({ description: 'Not more.' }).optional(),
          at_least: wholeNumber(0, 10_000_000).meta({ description: 'Not fewer.' }).optional(),
          probe: choice(['icmp', 'tcp', 'udp'])
            .meta({ description: 'Which probe. Default: the first.' })
            .optional(),
        },
        'How many requests of a client got no answer.',
      ),
    ],
    { error: 'expected a whole number, or { at_most, at_least, probe }' },
  )
  .meta({ description: 'How many requests of a client got no answer.' });

const eventKind = () => pattern(/^[a-z][a-z0-9-]*$/, 'the kind of an event, such as "transition"');

const eventLimits = z
  .union(
    [
      eventKind(),
      mapping(
        {
          kind: eventKind().meta({ description: 'Its kind: docs/reference/events.md.' }),
          at_most: wholeNumber(0, 100_000).meta({ description: 'Not more often.' }).optional(),
          at_least: wholeNumber(0, 100_000).meta({ description: 'Not less often.' }).optional(),
          node: directorName().meta({ description: 'Only of this director.' }).optional(),
        },
        'How often the vrrp-agents reported an event.',
      ),
    ],
    { error: 'expected the kind of an event, or { kind, at_most, at_least, node }' },
  )
  .meta({
    description: 'How often the vrrp-agents reported an event. Default: at least once.',
  });

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
      'The only director that has the address on a link with carrier: its name, `one` (any), or `none`.',
    ),
    arp_owner: holder("The only director that answers the client's ARP requests."),
    masters: countLimits('How many directors advertise as MASTER at some time in the window.'),
    outage: durationLimits('The longest time without an answer to the client.'),
    lost: lostLimits.optional(),
    dual: durationLimits(
      'The longest time during which two or more reachable directors had the address.',
    ),
    transitions: countLimits('How often directors became MASTER.'),
    discarded: countLimits('How many advertisements vrrp-agent refused, from its counters.'),
    event: eventLimits.optional(),
    stream: choice(['survives', 'breaks'])
      .meta({ description: 'What happened to the TCP connection.' })
      .optional(),
    invariants: moment(
      'From this long after each step until the next one, some director answers for the address if ' +
        'one can, and only one has it unless directors cannot hear each other.',
    ),
    client: clientName()
      .meta({
        description:
          'For `arp_owner`, `outage`, `lost` and `stream`: which client. Default: client.',
      })
      .optional(),
    at: moment('At this time.'),
    from: moment('From this time. Default: the start of the clock.'),
    to: moment('Until this time. Default: the end.'),
    why: z.string().meta({ description: 'The reason, for the report.' }).optional(),
  },
  'Something that must be observed.',
);

type ExpectationFile = z.infer<typeof expectation>;

const KINDS = [
  'owner',
  'arp_owner',
  'masters',
  'outage',
  'lost',
  'dual',
  'transitions',
  'discarded',
  'event',
  'stream',
  'invariants',
] as const satisfies readonly (keyof ExpectationFile)[];
type ExpectationKind = (typeof KINDS)[number];

export interface Limits {
  readonly atMost: number | undefined;
  readonly atLeast: number | undefined;
}

export type Condition =
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'arp_owner'; readonly owner: string; readonly client: string }
  | ({ readonly kind: 'masters' | 'transitions' | 'discarded'; readonly node?: string } & Limits)
  | ({
      readonly kind: 'outage' | 'lost';
      readonly probe: ProbeType;
      readonly client: string;
    } & Limits)
  | ({ readonly kind: 'event'; readonly event: string; readonly node?: string } & Limits)
  | ({ readonly kind: 'dual' } & Limits)
  | { readonly kind: 'invariants'; readonly bound: number }
  | { readonly kind: 'stream'; readonly fate: 'survives' | 'breaks'; readonly client: string };

/** A condition with its window on the clock of the steps. */
export type Expectation = Condition & {
  readonly from: number;
  readonly to: number;
  readonly why: string;
};

/** Undefined after reporting an expectation that cannot be used. */
export function lowerExpectation(
  file: ExpectationFile,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): Expectation | undefined {
  const named = KINDS.filter((kind) => file[kind] !== undefined);
  const [kind] = named;
  if (kind === undefined) {
    const message = `this entry expects nothing: add one of ${KINDS.join(', ')}`;
    findings.error(path, 'missing', message);
    return undefined;
  }
  if (named.length > 1) {
    const message = `an entry has one condition, this one has ${named.join(' and ')}`;
    findings.error(path, 'conflict', message);
    return undefined;
  }
  const window = lowerWindow(file, path, inventory, findings);
  const condition = lowerCondition(file, kind, [...path, kind], inventory, findings);
  return condition === undefined ? undefined : { ...condition, ...window, why: file.why ?? '' };
}

function lowerWindow(file: ExpectationFile, path: Path, inventory: Inventory, findings: Findings) {
  const time = (key: 'at' | 'from' | 'to', otherwise: number) => {
    const text = file[key];
    if (text === undefined) return otherwise;
    return durationAt(text, [...path, key], findings, [0, inventory.duration]);
  };
  if (file.at !== undefined && (file.from !== undefined || file.to !== undefined)) {
    findings.error([...path, 'at'], 'conflict', '"at" cannot be used together with "from" or "to"');
  }
  const [from, to] =
    file.at === undefined
      ? [time('from', 0), time('to', inventory.duration)]
      : [time('at', 0), time('at', 0)];
  if (from > to) findings.error([...path, 'to'], 'conflict', '"to" is before "from"');
  return { from, to };
}

function lowerCondition(
  file: ExpectationFile,
  kind: ExpectationKind,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): Condition | undefined {
  const client = clientIn(file, kind, path, inventory, findings);
  switch (kind) {
    case 'owner':
      return { kind, owner: holderIn(file[kind], path, inventory, findings) };
    case 'arp_owner':
      return { kind, client, owner: holderIn(file[kind], path, inventory, findings) };
    case 'masters':
    case 'transitions':
    case 'discarded':
      return { kind, ...countLimitsIn(file[kind] ?? 0, path, inventory, findings) };
    case 'outage': {
      const probe = probeIn(file.outage?.probe, client, path, inventory, findings);
      return { kind, client, probe, ...timeLimitsIn(file.outage ?? {}, path, inventory, findings) };
    }
    case 'lost': {
      const { probe: named, ...limited } = typeof file.lost === 'object' ? file.lost : {};
      const probe = probeIn(named, client, path, inventory, findings);
      const limits = typeof file.lost === 'number' ? file.lost : limited;
      return { kind, client, probe, ...countLimitsIn(limits, path, inventory, findings) };
    }
    case 'event':
      return eventIn(file.event, path, inventory, findings);
    case 'dual':
      return { kind, ...timeLimitsIn(file.dual ?? {}, path, inventory, findings) };
    case 'invariants': {
      const bound = durationAt(file.invariants ?? '', path, findings, [1, inventory.duration]);
      return { kind, bound };
    }
    case 'stream':
      probeIn('stream', client, path, inventory, findings);
      return { kind, client, fate: file.stream ?? 'survives' };
  }
}

function timeLimitsIn(
  { at_most, at_least }: TimeFile,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): Limits {
  if (at_most === undefined && at_least === undefined) {
    findings.error(path, 'missing', 'expected at_most, at_least, or both');
  }
  const limit = (text: string | undefined, key: string) =>
    text === undefined
      ? undefined
      : durationAt(text, [...path, key], findings, [0, inventory.duration]);
  return { atMost: limit(at_most, 'at_most'), atLeast: limit(at_least, 'at_least') };
}

type TimeFile = NonNullable<ExpectationFile['dual']>;
type CountFile = NonNullable<ExpectationFile['masters']>;

function countLimitsIn(
  file: CountFile,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): Limits & { readonly node?: string } {
  if (typeof file === 'number') return { atMost: file, atLeast: file };
  const { at_most, at_least, node } = file;
  if (at_most === undefined && at_least === undefined) {
    findings.error(path, 'missing', 'expected at_most, at_least, or both');
  }
  if (node !== undefined) checkNode(node, [...path, 'node'], inventory, findings);
  return { atMost: at_most, atLeast: at_least, ...(node === undefined ? {} : { node }) };
}

/** Without a limit: at least once. */
function eventIn(
  file: ExpectationFile['event'],
  path: Path,
  inventory: Inventory,
  findings: Findings,
): Condition {
  const { kind: event, ...limits } = typeof file === 'object' ? file : { kind: file ?? '' };
  if (!inventory.nodes.some(({ agent }) => agent === 'vrrp-agent')) {
    findings.error(path, 'conflict', 'no vrrp-agent runs in this scenario: none reports events');
  }
  const isLimited = 'at_most' in limits || 'at_least' in limits;
  const counted = isLimited ? limits : { ...limits, at_least: 1 };
  return { kind: 'event', event, ...countLimitsIn(counted, path, inventory, findings) };
}

function holderIn(
  owner: string | undefined,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): string {
  if (owner === undefined || owner === 'none') return 'none';
  if (owner !== 'one') checkNode(owner, path, inventory, findings);
  return owner;
}

const CLIENT_KINDS: ReadonlySet<ExpectationKind> = new Set([
  ...(['arp_owner', 'outage', 'lost', 'stream'] as const),
]);

function clientIn(
  { client = CLIENT_NAME }: ExpectationFile,
  kind: ExpectationKind,
  path: Path,
  { clients }: Inventory,
  findings: Findings,
): string {
  const where = [...path.slice(0, -1), 'client'];
  if (client !== CLIENT_NAME && !CLIENT_KINDS.has(kind)) {
    findings.error(where, 'conflict', `${kind} is the same for all clients`, 'key');
  }
  if (!clients.includes(client)) {
    findings.error(where, 'conflict', `this scenario has no ${client}`);
  }
  return client;
}

/** Default: the client's first probe that is not a stream. */
function probeIn(
  probe: ProbeType | undefined,
  client: string,
  path: Path,
  inventory: Inventory,
  findings: Findings,
): ProbeType {
  const own = inventory.probes.filter((one) => one.client === client).map(({ type }) => type);
  const wanted = probe ?? own.find((type) => type !== 'stream');
  if (wanted === undefined || !own.includes(wanted)) {
    const which = wanted === undefined ? '' : ` of type ${wanted}`;
    const whose = client === CLIENT_NAME ? '' : ` from ${client}`;
    findings.error(path, 'conflict', `this scenario has no probe${which}${whose}`);
  }
  return wanted ?? 'icmp';
}

function checkNode(name: string, path: Path, inventory: Inventory, findings: Findings): void {
  if (inventory.nodes.some((node) => node.name === name)) return;
  findings.error(path, 'conflict', `this scenario has no ${name}`);
}

export function describeExpectation(expectation: Expectation, end: number): string {
  return `${condition(expectation)}${windowOf(expectation, end)}`;
}

function condition(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'owner':
      return `owner ${expectation.owner}`;
    case 'arp_owner':
      return `ARP owner ${expectation.owner}${clientOf(expectation)}`;
    case 'outage':
      return `${expectation.probe} outage${clientOf(expectation)} ${limits(expectation, time)}`;
    case 'lost':
      return `${expectation.probe} requests lost${clientOf(expectation)} ${limits(expectation, String)}`;
    case 'event':
      return `event ${expectation.event}${nodeOf(expectation)} ${limits(expectation, String)}`;
    case 'dual':
      return `dual ${limits(expectation, time)}`;
    case 'invariants':
      return `invariants hold ${time(expectation.bound)} after each step`;
    case 'stream':
      return `stream${clientOf(expectation)} ${expectation.fate}`;
    default:
      return `${expectation.kind}${nodeOf(expectation)} ${limits(expectation, String)}`;
  }
}

function nodeOf({ node }: { readonly node?: string }): string {
  return node === undefined ? '' : ` of ${node}`;
}

function clientOf({ client }: { readonly client: string }): string {
  return client === CLIENT_NAME ? '' : ` of ${client}`;
}

function limits({ atMost, atLeast }: Limits, show: (value: number) => string): string {
  if (atMost === atLeast && atMost !== undefined) return `= ${show(atMost)}`;
  const parts = [
    ...(atLeast === undefined ? [] : [`≥ ${show(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${show(atMost)}`]),
  ];
  return parts.join(' and ');
}

function windowOf({ from, to }: Expectation, end: number): string {
  if (from === to) return ` at ${time(from)}`;
  if (from === 0 && to === end) return '';
  if (to === end) return ` from ${time(from)}`;
  return from === 0 ? ` until ${time(to)}` : ` from ${time(from)} to ${time(to)}`;
}

function time(value: number): string {
  return formatDuration(microseconds(value));
}
