/**
 * The collaborators of an engine, and how they are wired: each gets the parts that it needs, and no
 * other.
 */
import type { Duration } from '../../../net/time.ts';
import { AddressConflicts } from '../addresses/address-conflicts.ts';
import { AddressKeeper } from '../addresses/address-keeper.ts';
import { Announcer } from '../addresses/announcer.ts';
import { Strays } from '../addresses/elsewhere.ts';
import { InterfaceBinding } from '../addresses/interface-binding.ts';
import { KernelAnswers } from '../addresses/kernel-answers.ts';
import { Leases } from '../addresses/leases.ts';
import { LinkDelays } from '../addresses/link-delays.ts';
import { PrefixWatch } from '../addresses/prefix-watch.ts';
import { Reannouncer } from '../addresses/reannouncer.ts';
import { Repairs } from '../addresses/repairs.ts';
import { RoutingKeeper } from '../addresses/routing-keeper.ts';
import { VirtualLinks } from '../addresses/virtual-links.ts';
import { Authenticator } from '../authentication/authenticator.ts';
import { BfdSessions } from '../bfd/sessions.ts';
import type { CounterTable } from '../counters.ts';
import { Directors } from '../directors/directors.ts';
import { FaultKeeper } from '../groups/fault-keeper.ts';
import { SyncGroups } from '../groups/sync-groups.ts';
import { Tracking } from '../groups/tracking.ts';
import { Judgement } from '../judgement/judgement.ts';
import { type Keyring, NO_KEYS } from '../keyring.ts';
import { LinkTable } from '../links.ts';
import { Masterships } from '../masterships.ts';
import { Operations } from '../operations/operations.ts';
import { Reconfiguration } from '../operations/reconfiguration.ts';
import { StateTransfer } from '../operations/state-transfer.ts';
import { Greeter } from '../router/greeter.ts';
import { HANDOVER_OVERLAP } from '../router/handover-overlap.ts';
import { Listening } from '../router/listening.ts';
import { PeerProblems } from '../router/peer-problems.ts';
import { Protocol } from '../router/protocol.ts';
import { Reception } from '../router/reception.ts';
import { Restarts } from '../router/restarts.ts';
import { RouterActions } from '../router/router-actions.ts';
import { SendFailures } from '../router/send-failures.ts';
import { Transitions } from '../router/transitions.ts';
import { VridSurvey } from '../router/vrid-survey.ts';
import type { InstanceSettings } from '../settings.ts';
import { Witness } from '../witness/witness.ts';
import { Outbox } from './outbox.ts';
import { RouterTable } from './router-table.ts';
import { TIMERS, Timers } from './timers.ts';

export interface EngineOptions {
  /** Off in the property test that compares the shortcut with the full path. */
  readonly shortcut?: boolean;
  /** Opens its sockets and does nothing else until the input `adopt`. */
  readonly standby?: boolean;
  /** How long a router keeps answering after its successor was heard. */
  readonly handoverOverlap?: Duration;
  /** For `Masterships`, shared with a file; absent: a process that dies leaves no trace. */
  readonly masterships?: Float64Array;
  /** Absent: no router authenticates by HMAC. */
  readonly keyring?: Keyring;
  /** One element, which always has the last number of a signed message: others may have to sign after it. */
  readonly lastNumber?: BigUint64Array;
}

const NOTHING_KEPT = new Float64Array(0);

export type EngineParts = ReturnType<typeof engineParts>;

export function engineParts(
  instances: readonly InstanceSettings[],
  counters: CounterTable,
  { shortcut = true, handoverOverlap = HANDOVER_OVERLAP, ...options }: EngineOptions,
) {
  const [links, outbox] = [new LinkTable(), new Outbox()];
  const routers = new RouterTable(instances);
  const timers = new Timers(TIMERS, routers.size);
  const repairs = new Repairs(timers);
  const masterships = new Masterships(options.masterships ?? NOTHING_KEPT);
  const { keyring = NO_KEYS, lastNumber = new BigUint64Array(1) } = options;
  const authenticator = new Authenticator({ keyring, outbox, lastNumber });
  const base = { routers, links, timers, outbox, counters, repairs, masterships, authenticator };

  const leases = new Leases(base);
  const keeper = new AddressKeeper({ ...base, leases });
  const announcer = new Announcer({ ...base, keeper });
  const greeter = new Greeter(base);
  const actions = new RouterActions({ ...base, announcer, keeper, greeter });
  const protocol = new Protocol(routers, actions);
  const onEvent = { protocol, actions, announcer, shortcut, handoverOverlap };
  const transitions = new Transitions({ ...base, ...onEvent });

  const groups = new SyncGroups(transitions, outbox);
  const directors = new Directors({ ...base, transitions });
  const witness = new Witness({ ...base, transitions, groups, directors, leases });
  const survey = new VridSurvey(base);
  const listening = new Listening(links, outbox, survey);
  const problems = new PeerProblems({ ...base, transitions, listening, survey });
  const routing = new RoutingKeeper(base);
  const restarts = new Restarts({ ...base, groups, routing });
  const tracking = new Tracking(links, transitions, outbox);
  const parts = {
    ...base,
    ...{ leases, keeper, announcer, greeter, protocol, transitions, groups, directors },
    ...{ witness, survey, listening, problems, routing, restarts },
    reception: new Reception({ ...base, protocol, transitions, problems, survey, shortcut }),
    tracking,
    faults: new FaultKeeper({ routers, links, transitions, groups, restarts, tracking }),
    virtualLinks: new VirtualLinks(base),
    reannouncer: new Reannouncer({ ...base, announcer }),
    linkDelays: new LinkDelays(),
    prefixes: new PrefixWatch(base),
    strays: new Strays({ ...base, transitions }),
    sendFailures: new SendFailures(counters, outbox, routers, links),
  };
  const binding = new InterfaceBinding(parts);
  const conflicts = new AddressConflicts(parts);
  return {
    ...parts,
    binding,
    bfd: new BfdSessions(parts),
    conflicts,
    judgement: new Judgement(parts),
    operations: new Operations(parts),
    answers: new KernelAnswers(parts),
    transfer: new StateTransfer({ ...parts, conflicts }),
    reconfiguration: new Reconfiguration({ ...parts, binding }),
  };
}
