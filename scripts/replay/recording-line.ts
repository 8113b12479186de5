/** Reads the lines of a recording: what `src/protocol/thread/recording/line.ts` writes. */
import { z } from 'zod';
import type { LinkEvent } from '../../src/net/link.ts';
import { failure, type Result, success } from '../../src/net/result.ts';
import type { Input } from '../../src/protocol/engine/inputs.ts';
import { type Entry, FORMAT } from '../../src/protocol/thread/recording/entry.ts';

export type RecordedLine = Entry & { readonly seq: number };

/** A line with the settings of hundreds of routers is long; no line of a recording is longer. */
export const LINE_MAX = 8 * 1024 * 1024;

const PACKET_MAX = 65_535;

const COUNT = z.int().nonnegative();
const INDEX = z.int();
const ADDRESS = z.string().min(2).max(64);
const NAME = z.string().max(256);
const SEQ = { seq: COUNT };

const ADDRESS_STATE = z.looseObject({
  address: ADDRESS,
  prefixLength: COUNT,
  ours: z.boolean(),
  tentative: z.boolean(),
  duplicate: z.boolean(),
});
const LINK = z.looseObject({
  index: INDEX,
  name: NAME,
  mac: z.string(),
  mtu: COUNT,
  running: z.boolean(),
});
const LINK_STATE = LINK.extend({ addresses: z.array(ADDRESS_STATE) });

const INSTANCE = z.looseObject({
  name: NAME,
  interface: NAME,
  family: z.enum(['ipv4', 'ipv6']),
  vrid: z.int().min(1).max(255),
  version: z.union([z.literal(2), z.literal(3)]),
  priority: z.int().min(1).max(255),
  advertisementInterval: COUNT,
  addresses: z.array(z.looseObject({ address: ADDRESS, prefixLength: COUNT, interface: NAME })),
  extraAddresses: z.array(z.looseObject({ address: ADDRESS })),
  routes: z.array(z.looseObject({})),
  rules: z.array(z.looseObject({})),
  preempt: z.boolean(),
  preemptDelay: COUNT,
  accept: z.boolean(),
  checksum: z.string(),
  authentication: z.looseObject({ type: z.enum(['none', 'pass', 'hmac']) }),
  garp: z.looseObject({ repeat: COUNT }),
  neighborAdvertisement: z.looseObject({}),
  track: z.array(z.looseObject({ name: NAME, source: z.looseObject({ kind: z.string() }) })),
});
const COMMON = z.looseObject({
  router: NAME,
  linger: z.enum(['auto', 'off']),
  syncGroups: z.array(z.looseObject({ name: NAME, instances: z.array(NAME) })),
});
const SETTINGS = COMMON.extend({ instances: z.array(INSTANCE) });
const CHANGE = z.looseObject({
  common: COMMON,
  stop: z.array(NAME),
  change: z.array(z.looseObject({ name: NAME, settings: INSTANCE })),
  start: z.array(INSTANCE),
});
/** The state transfer between processes, in the form of the version that recorded it. */
const CAPTURE = z.looseObject({
  routers: z.array(
    z.looseObject({ identity: NAME, since: z.int(), counters: z.array(z.number()) }),
  ),
  probes: z.array(z.tuple([z.string(), z.looseObject({})])),
  counters: z.array(z.number()),
});

const kind = <K extends string>(name: K, more: z.ZodRawShape = {}) =>
  z.looseObject({ kind: z.literal(name), ...more });
const named = <K extends string>(name: K, more: z.ZodRawShape = {}) =>
  kind(name, { instance: NAME, ...more });
const ANSWERS = z.array(z.looseObject({ errno: z.int() }));

const LINK_EVENTS: { readonly [K in LinkEvent['kind']]: z.ZodType } = {
  'link.changed': kind('link.changed', { link: LINK }),
  'link.removed': kind('link.removed', { index: INDEX }),
  'forwarding.changed': kind('forwarding.changed', { index: INDEX, forwarding: z.boolean() }),
  'address.added': kind('address.added', { index: INDEX, address: ADDRESS_STATE }),
  'address.removed': kind('address.removed', {
    ...{ index: INDEX, address: ADDRESS, prefixLength: COUNT },
  }),
  'routing.added': kind('routing.added', { key: z.string() }),
  'routing.removed': kind('routing.removed', { key: z.string() }),
};

const INPUTS: { readonly [K in Input['kind']]: z.ZodType } = {
  ...LINK_EVENTS,
  wake: kind('wake'),
  quiet: kind('quiet'),
  shutdown: kind('shutdown'),
  'links.replaced': kind('links.replaced', { links: z.array(LINK_STATE) }),
  'address.claimed': kind('address.claimed', {
    ...{ index: INDEX, address: ADDRESS, mac: z.string(), to: ADDRESS.optional() },
  }),
  'kernel.changed': kind('kernel.changed', { id: z.int(), answers: ANSWERS }),
  'links.up': kind('links.up', { indexes: z.array(INDEX), answers: ANSWERS }),
  'virtual-link.down': kind('virtual-link.down', { name: NAME }),
  'virtual-link.failed': kind('virtual-link.failed', { name: NAME, message: z.string() }),
  'gateway.found': kind('gateway.found', {
    ...{ index: INDEX, family: z.string(), address: ADDRESS.nullable() },
  }),
  'prefix.found': kind('prefix.found', {
    ...{ index: INDEX, prefix: z.looseObject({ address: ADDRESS }), route: z.string().nullable() },
  }),
  'listen.failed': kind('listen.failed', { index: INDEX, errno: z.string() }),
  'send.failed': kind('send.failed', {
    ...{ errno: z.string(), count: COUNT },
    unheard: z.array(z.int()).optional(),
  }),
  request: named('request', { id: COUNT, request: z.looseObject({ type: z.string() }) }),
  'settings.changed': kind('settings.changed', { change: CHANGE }),
  resume: kind('resume', {
    former: z.array(z.looseObject({ fingerprint: COUNT, lastSentAt: COUNT })),
    keepsRouting: z.boolean(),
    keepsAddresses: z.boolean().optional(),
  }),
  restore: named('restore', { maintenance: z.boolean(), heldBack: z.boolean() }),
  'before-master.answered': named('before-master.answered', { id: COUNT, granted: z.boolean() }),
  'probe.changed': kind('probe.changed', { probe: z.string(), up: z.boolean() }),
  'probe.lost': kind('probe.lost', { probe: z.string() }),
  'ipvs.changed': named('ipvs.changed', { fault: z.string().nullable() }),
  'table.changed': named('table.changed', { synced: z.boolean() }),
  adopt: kind('adopt', { capture: CAPTURE }),
  'peer-link.opened': kind('peer-link.opened', { boot: z.string(), version: z.string() }),
  'peer-link.failed': kind('peer-link.failed', { errno: z.string() }),
  'director.heard': kind('director.heard', {
    ...{ director: NAME, wall: z.number() },
    datagram: z.looseObject({
      ...{ boot: z.string(), sequence: z.number(), sentAt: z.number(), wall: z.number() },
      echo: z.looseObject({ boot: z.string(), sequence: z.number() }).nullable(),
      statements: z.array(z.looseObject({ name: z.string(), faults: z.array(z.string()) })),
      table: z.string().nullable(),
    }),
  }),
  'director.refused': kind('director.refused', {
    ...{ director: z.string().nullable(), source: ADDRESS, reason: z.string() },
  }),
  'wall.changed': kind('wall.changed', { offset: z.int() }),
  'bfd.opened': kind('bfd.opened', { session: z.string(), random: COUNT, port: COUNT }),
  'bfd.failed': kind('bfd.failed', { session: z.string(), errno: z.string() }),
  'bfd.unsent': kind('bfd.unsent', { session: z.string(), errno: z.string() }),
  'bfd.heard': kind('bfd.heard', {
    ...{ hops: z.enum(['single', 'multi']), source: ADDRESS, index: COUNT, ttl: COUNT },
    packet: z.union([
      z.looseObject({ code: z.string(), found: COUNT }),
      z.looseObject({ state: z.string(), myDiscriminator: COUNT, desiredMinTx: COUNT }),
    ]),
  }),
  'table.summary': kind('table.summary', { summary: z.string() }),
  'witness.answered': named('witness.answered', {
    ...{ id: COUNT, answer: z.looseObject({ outcome: z.string() }) },
  }),
  'witness.freed': named('witness.freed'),
};

const INPUT = z.looseObject({ kind: z.string() }).superRefine((input, context) => {
  const schema = Object.hasOwn(INPUTS, input.kind)
    ? INPUTS[input.kind as Input['kind']]
    : z.never();
  const { error } = schema.safeParse(input);
  for (const issue of error?.issues ?? []) {
    context.addIssue({ code: 'custom', path: issue.path, message: issue.message });
  }
});

const LINE = z.discriminatedUnion('kind', [
  z.object({
    ...SEQ,
    kind: z.literal('begin'),
    recording: z.literal(FORMAT, `is not format ${FORMAT}`),
    version: z.string(),
    at: z.int(),
    wall: z.iso.datetime().transform((text) => Date.parse(text)),
    settings: SETTINGS,
    standby: z.boolean(),
    handoverOverlap: COUNT.optional(),
    links: z.array(LINK_STATE).optional(),
    capture: CAPTURE.optional(),
  }),
  z.object({ ...SEQ, kind: z.literal('input'), at: z.int(), input: INPUT }),
  z.object({
    ...SEQ,
    kind: z.literal('notice'),
    event: z.union(Object.values(LINK_EVENTS) as [z.ZodType, z.ZodType]),
  }),
  z.object({
    ...SEQ,
    kind: z.literal('packet'),
    at: z.int(),
    index: INDEX,
    packet: z
      .hex()
      .max(2 * PACKET_MAX)
      .refine((text) => text.length % 2 === 0, 'has half a byte')
      .transform((text) => new Uint8Array(Buffer.from(text, 'hex'))),
    authentic: z.boolean().optional(),
  }),
  z.object({
    ...SEQ,
    kind: z.literal('transition'),
    ...{ at: z.int(), instance: NAME, from: NAME, to: NAME, event: NAME, priority: z.int() },
  }),
  z.object({ ...SEQ, kind: z.literal('gap'), count: COUNT }),
]);

/** Says what is wrong where it is no line of a recording. */
export function readLine(text: string): Result<RecordedLine, string> {
  if (text.length > LINE_MAX) return failure(`is longer than ${LINE_MAX} characters`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return failure('is not JSON');
  }
  const read = LINE.safeParse(document);
  if (read.success) return success(read.data as unknown as RecordedLine);
  const [issue] = read.error.issues;
  const path = issue?.path.join('.') ?? '';
  return failure(
    `${path === '' ? '' : `${path}: `}${issue?.message ?? 'is no line of a recording'}`,
  );
}
