/** What this director says about its virtual routers, and what of the configuration has to be the same. */
import { digestOf } from '../../../net/digest.ts';
import type { CanServe, InstanceStatement, Promised } from '../../../wire/peer-link/statement.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { InstanceSettings } from '../settings.ts';
import { SHARED_KEYS, type SharedKey } from '../shared-keys.ts';

/** The password is not among them: a digest would help to guess it. */
const SHARED: {
  readonly [Key in SharedKey]: (of: InstanceSettings) => unknown;
} = {
  vrid: ({ vrid, family }) => [vrid, family],
  version: ({ version, alsoVersion2 }) => [version, alsoVersion2 === true],
  advertisement_interval: ({ advertisementInterval }) => advertisementInterval,
  addresses: ({ addresses }) => addresses.map(({ address, prefixLength: to }) => [address, to]),
  extra_addresses: ({ extraAddresses }) =>
    extraAddresses.map(({ address, prefixLength: to }) => [address, to]),
  authentication: ({ authentication }) => authentication.type,
  accept: ({ accept }) => accept,
  virtual_mac: ({ virtualMac }) => virtualMac !== undefined,
  unicast: ({ unicast }) => unicast !== undefined,
  witness: ({ witness }) => witness === true,
};

const digestsBySettings = new WeakMap<InstanceSettings, readonly number[]>();

export function digestsOf(settings: InstanceSettings): readonly number[] {
  let digests = digestsBySettings.get(settings);
  if (digests === undefined) {
    digests = SHARED_KEYS.map((key) => digestOf(JSON.stringify(SHARED[key](settings))));
    digestsBySettings.set(settings, digests);
  }
  return digests;
}

/** The keys in which the statement differs from the own settings. */
export function differingKeys(settings: InstanceSettings, statement: InstanceStatement): string[] {
  const own = digestsOf(settings);
  return SHARED_KEYS.filter((_, position) => {
    const other = statement.digests[position];
    return other !== undefined && other !== own[position];
  });
}

/** What this director knows of its own place on the segment. */
export interface Standing {
  readonly canServe: CanServe;
  /** BACKUP, and no advertisement arrives. */
  readonly misses: boolean;
}

/** With a witness: what it claims for itself, and promises to another director. */
export interface Agreement {
  readonly claims: boolean;
  readonly promise: Promised | undefined;
}

export function statementOf(
  router: VirtualRouter,
  { canServe, misses }: Standing,
  resigningTo: string | null,
  agreement: Agreement | undefined,
): InstanceStatement {
  const { settings } = router;
  return {
    name: settings.name,
    interface: settings.interface,
    family: settings.family,
    vrid: settings.vrid,
    state: router.stateName,
    priority: router.context.priority,
    canServe,
    resigningTo,
    source: router.source ?? null,
    misses,
    faults: router.faults,
    digests: digestsOf(settings),
    ...(agreement?.claims === true ? { claims: true as const } : {}),
    ...(agreement?.promise === undefined ? {} : { promise: agreement.promise }),
  };
}

/** They differ in what another director should hear at once. */
export function differsUrgently(one: InstanceStatement, other: InstanceStatement): boolean {
  return (
    one.state !== other.state ||
    one.priority !== other.priority ||
    one.canServe !== other.canServe ||
    one.resigningTo !== other.resigningTo ||
    one.source !== other.source ||
    one.misses !== other.misses ||
    one.claims !== other.claims ||
    one.promise?.to !== other.promise?.to ||
    one.promise?.ttl !== other.promise?.ttl ||
    one.faults.length !== other.faults.length ||
    one.faults.some((fault, place) => fault !== other.faults[place])
  );
}

export function isSameStatement(one: InstanceStatement, other: InstanceStatement): boolean {
  if (one === other) return true;
  return (
    one.name === other.name &&
    one.interface === other.interface &&
    one.family === other.family &&
    one.vrid === other.vrid &&
    one.digests.length === other.digests.length &&
    one.digests.every((digest, place) => digest === other.digests[place]) &&
    !differsUrgently(one, other)
  );
}

/** Of one router. The list of digests is another one after each change of the settings. */
export function saysTheSame(one: InstanceStatement, other: InstanceStatement): boolean {
  return one.digests === other.digests && !differsUrgently(one, other);
}
