/** What this director says about its virtual routers, and what of the configuration has to be the same. */
import { digestOf } from '../../../net/digest.ts';
import type { CanServe, InstanceStatement, Promised } from '../../../wire/peer-link/statement.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { InstanceSettings } from '../settings.ts';

/** The keys of an instance that have to be the same on all directors, in the order of the digests. */
export const SHARED_KEYS = [
  'vrid',
  'version',
  'advertisement_interval',
  'addresses',
  'extra_addresses',
  'authentication',
  'accept',
  'virtual_mac',
  'unicast',
  'witness',
] as const;

/** The password is not among them: a digest would help to guess it. */
const SHARED: {
  readonly [Key in (typeof SHARED_KEYS)[number]]: (of: InstanceSettings) => unknown;
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

/** Changes with whatever another director should hear at once. */
export function urgencyKey(statement: InstanceStatement) {
  const { state, priority, canServe, resigningTo, source, misses, faults } = statement;
  const agreement = [statement.claims === true, statement.promise?.to, statement.promise?.ttl];
  return [state, priority, canServe, resigningTo, source, misses, ...agreement, ...faults].join(
    ' ',
  );
}
