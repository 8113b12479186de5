/** Derives the row of the read model from a virtual router. */
import { masterDownInterval, skewTime } from '../../../../fsm/vrrp/timing.ts';
import { routingViews } from '../addresses/managed-routing.ts';
import { addressKey } from '../links.ts';
import type { VirtualRouter } from '../router/virtual-router.ts';
import type { InstanceView } from '../view.ts';
import type { WitnessStanding } from '../witness/standing.ts';
import type { WitnessView } from '../witness-messages.ts';

export function instanceView(router: VirtualRouter): InstanceView {
  const { settings } = router;
  const { version, priority, masterInterval } = router.context;
  return {
    name: settings.name,
    row: router.row,
    state: router.stateName,
    releasing: router.state === 'holding.releasing',
    heldBack: router.context.preemptInhibited,
    awaitsTable:
      settings.preemptWhenSynced !== undefined &&
      router.lacksConnections &&
      router.state === 'backup.delaying',
    maintenance: router.maintenance,
    since: router.since,
    faults: router.faults,
    interface: settings.interface,
    virtualMac: settings.virtualMac ?? null,
    family: settings.family,
    vrid: settings.vrid,
    version: settings.version,
    priority: {
      configured: router.priority.configured,
      effective: router.context.priority,
      override: router.priority.override ?? null,
    },
    addresses: settings.addresses.map((one) => addressKey(one.address, one.prefixLength)),
    master: router.master,
    lastTransition: router.lastTransition,
    upSince: router.upSince,
    newMasterReason: router.newMasterReason,
    masterDownInterval: masterDownInterval(version, priority, masterInterval),
    skewTime: skewTime(version, priority, masterInterval),
    group: router.group ?? null,
    tracks: router.tracks,
    strays: router.strays,
    routing: routingViews(router.routing),
    ...(router.problems.length === 0 ? {} : { problems: router.problems }),
    ...(settings.authentication.type === 'hmac' ? { senders: router.senders } : {}),
    ...(router.pathLoss === undefined ? {} : { pathLoss: router.pathLoss }),
    ...(router.witness === undefined ? {} : { witness: witnessView(router.witness) }),
  };
}

/** While the right is renewed all the time, the moment at which it ends would always differ. */
function witnessView({ right, holds, holder, overlaps, until }: WitnessStanding): WitnessView {
  return { right, holds, holder, until: overlaps ? until : null };
}
