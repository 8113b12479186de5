/**
 * VRRPV3-MIB (RFC 6527), read-only: objects and notifications made of the status document. A router of
 * version 2 is shown as well: the objects have the same meaning.
 */
import type { EventDocument, InstanceDocument, StatusDocument } from '../../control/protocol.ts';
import { type IpAddress, ipToBytes, parseIp } from '../../net/address.ts';
import type { InstanceSettings } from '../../protocol/engine/settings.ts';
import { compareOids, type Oid } from '../../wire/agentx/oid.ts';
import type { Binding, Value } from '../../wire/agentx/value.ts';

export const VRRPV3_MIB: Oid = [1, 3, 6, 1, 2, 1, 207];

const NOTIFICATIONS: Oid = [...VRRPV3_MIB, 0];
const OPERATIONS: Oid = [...VRRPV3_MIB, 1, 1, 1, 1];
const ADDRESSES: Oid = [...VRRPV3_MIB, 1, 1, 2, 1];
const STATISTICS: Oid = [...VRRPV3_MIB, 1, 2];
const STATISTICS_ENTRY: Oid = [...STATISTICS, 5, 1];

/** SNMPv2-MIB: what a notification is. */
const TRAP_OID: Oid = [1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0];

const FAMILY = { ipv4: 1, ipv6: 2 } as const;
const STATUS = { initialize: 1, backup: 2, master: 3 } as const;
const NEW_MASTER_REASON = { 'not-master': 0, priority: 1, preempted: 2, 'no-response': 3 } as const;
const PROTOCOL_ERROR: Readonly<Record<string, number>> = {
  'ip-ttl-error': 1,
  'version-error': 2,
  'checksum-error': 3,
  'vrid-error': 4,
};

/** SNMPv2-TC. */
const TRUTH = { true: 1, false: 2 } as const;
const ACTIVE = 1;

const MASTER_ADDRESS = 3;
const NEW_MASTER_COLUMN = 2;
const PROTOCOL_ERROR_COLUMN = 6;

/** How old the objects may be. */
export const REFRESH_MS = 1_000;

const MICROSECONDS_PER_CENTISECOND = 10_000;
const MILLISECONDS_PER_CENTISECOND = 10;

export interface MibSource {
  status(): StatusDocument;
  /** One row of it: a failover of many instances asks for each. */
  instance(name: string): InstanceDocument | undefined;
  instances(): readonly InstanceSettings[];
  /** The index of the link; zero: there is none. */
  linkIndex(name: string): number;
  now(): Date;
}

/** The last protocol error of each instance, which the status document lacks. */
export class ProtocolErrors {
  readonly #last = new Map<string, number>();

  /** True if the event is one, of an instance. */
  take(event: EventDocument): boolean {
    if (event.kind !== 'discard' || event.instance === null) return false;
    const number = PROTOCOL_ERROR[event.reason];
    if (number !== undefined) this.#last.set(event.instance, number);
    return number !== undefined;
  }

  of(instance: string): number {
    return this.#last.get(instance) ?? 0;
  }
}

/** Every object, in order. */
export function mibObjects(source: MibSource, errors: ProtocolErrors): readonly Binding[] {
  const { instances, ietf_vrrp: router } = source.status();
  const settings = new Map(source.instances().map((one) => [one.name, one]));
  const now = source.now().getTime();
  const count = router?.statistics;
  const bindings = [
    scalar(1, counter64(count?.['checksum-errors'] ?? 0)),
    scalar(2, counter64(count?.['version-errors'] ?? 0)),
    scalar(3, counter64(count?.['vrid-errors'] ?? 0)),
    // No discontinuity since the agent started.
    scalar(4, ticks(0)),
    ...instances.flatMap((instance) => {
      const index = indexOf(instance, source);
      const own = settings.get(instance.name);
      // Without its link it has no row: the index of the link is part of the row's name.
      if (index === undefined || own === undefined) return [];
      return [
        ...operations(instance, own, index, now),
        ...addresses(instance, index),
        ...statistics(instance, index, errors),
      ];
    }),
  ];
  return bindings.sort((a, b) => compareOids(a.oid, b.oid));
}

/** What an event says to managers; undefined: RFC 6527 has no notification for it. */
export function notificationOf(
  event: EventDocument,
  source: MibSource,
  errors: ProtocolErrors,
): readonly Binding[] | undefined {
  if (event.kind !== 'transition' && event.kind !== 'discard') return undefined;
  const isNewMaster = event.kind === 'transition' && event.to === 'MASTER';
  const isError = event.kind === 'discard' && errors.take(event);
  if (!isNewMaster && !isError) return undefined;
  const instance = event.instance === null ? undefined : source.instance(event.instance);
  const index = instance && indexOf(instance, source);
  if (instance === undefined || index === undefined) return undefined;
  if (isError) {
    const error = integer(errors.of(instance.name));
    return [trap(2), column(STATISTICS_ENTRY, PROTOCOL_ERROR_COLUMN, index, error)];
  }
  return [
    trap(1),
    column(OPERATIONS, MASTER_ADDRESS, index, addressValue(instance.master?.address)),
    column(STATISTICS_ENTRY, NEW_MASTER_COLUMN, index, newMasterReason(instance)),
  ];
}

function operations(
  instance: InstanceDocument,
  settings: InstanceSettings,
  index: Oid,
  now: number,
): Binding[] {
  const { ietf_vrrp: leaves, master, state, priority } = instance;
  const own = state === 'MASTER' ? master?.address : undefined;
  const primary = settings.unicast?.source ?? settings.sourceAddress ?? own;
  const up = leaves?.['up-datetime'];
  const isUp = up !== undefined && leaves?.state !== 'initialize';
  const upMs = isUp ? Math.max(0, now - Date.parse(up)) : 0;
  const row: readonly (readonly [number, Value])[] = [
    [MASTER_ADDRESS, addressValue(master?.address)],
    [4, addressValue(primary)],
    [5, octets(virtualMacOf(instance))],
    [6, integer(STATUS[leaves?.state ?? 'initialize'])],
    [7, gauge(priority.effective)],
    [8, integer(addressesOf(instance).length)],
    [9, integer(Math.round(settings.advertisementInterval / MICROSECONDS_PER_CENTISECOND))],
    [10, truth(settings.preempt)],
    [11, truth(settings.accept)],
    [12, ticks(Math.floor(upMs / MILLISECONDS_PER_CENTISECOND))],
    [13, integer(ACTIVE)],
  ];
  return row.map(([number, value]) => column(OPERATIONS, number, index, value));
}

function addresses(instance: InstanceDocument, index: Oid): Binding[] {
  return addressesOf(instance).map((address) => {
    const bytes = ipToBytes(address);
    return column(ADDRESSES, 2, [...index, bytes.length, ...bytes], integer(ACTIVE));
  });
}

function statistics(instance: InstanceDocument, index: Oid, errors: ProtocolErrors): Binding[] {
  const { name, counters } = instance;
  const row: readonly (readonly [number, Value])[] = [
    [1, { type: 'counter32', number: counters['master-transitions'] }],
    [NEW_MASTER_COLUMN, newMasterReason(instance)],
    [3, counter64(counters['advertisement-rcvd'])],
    [4, counter64(counters['interval-errors'])],
    [5, counter64(counters['ip-ttl-errors'])],
    [PROTOCOL_ERROR_COLUMN, integer(errors.of(name))],
    [7, counter64(counters['priority-zero-pkts-rcvd'])],
    [8, counter64(counters['priority-zero-pkts-sent'])],
    [9, counter64(counters['invalid-type-pkts-rcvd'])],
    [10, counter64(counters['address-list-errors'])],
    [11, counter64(counters['packet-length-errors'])],
    [12, ticks(0)],
    [13, gauge(REFRESH_MS)],
  ];
  return row.map(([number, value]) => column(STATISTICS_ENTRY, number, index, value));
}

function newMasterReason({ ietf_vrrp: leaves }: InstanceDocument): Value {
  return integer(NEW_MASTER_REASON[leaves?.['new-master-reason'] ?? 'not-master']);
}

/** Link, VRID and family; undefined: there is no such link. */
function indexOf(instance: InstanceDocument, { linkIndex }: MibSource): Oid | undefined {
  const link = linkIndex(instance.interface);
  return link === 0 ? undefined : [link, instance.vrid, FAMILY[instance.family]];
}

function addressesOf({ addresses: written }: InstanceDocument): IpAddress[] {
  return written.flatMap((one) => parseIp(one.replace(/\/.*/, '')) ?? []);
}

/** RFC 9568 section 7.3, also of a router whose addresses use the MAC address of its link. */
function virtualMacOf({ family, vrid }: InstanceDocument): Uint8Array {
  return Uint8Array.of(0, 0, 0x5e, 0, FAMILY[family], vrid);
}

function scalar(number: number, value: Value): Binding {
  return { oid: [...STATISTICS, number, 0], value };
}

function column(entry: Oid, number: number, index: Oid, value: Value): Binding {
  return { oid: [...entry, number, ...index], value };
}

function trap(number: number): Binding {
  return { oid: TRAP_OID, value: { type: 'oid', oid: [...NOTIFICATIONS, number] } };
}

function integer(number: number): Value {
  return { type: 'integer', number };
}

function gauge(number: number): Value {
  return { type: 'gauge', number };
}

function ticks(number: number): Value {
  return { type: 'ticks', number };
}

function counter64(number: number): Value {
  return { type: 'counter64', number };
}

function truth(value: boolean): Value {
  return integer(TRUTH[`${value}`]);
}

function octets(bytes: Uint8Array): Value {
  return { type: 'octets', bytes };
}

/** Empty: no address is known (RFC 4001 has a length of zero for that). */
function addressValue(address: string | undefined): Value {
  const parsed = address === undefined ? undefined : parseIp(address);
  return octets(parsed === undefined ? new Uint8Array(0) : ipToBytes(parsed));
}
