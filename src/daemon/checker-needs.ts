/** What the checker process needs for a configuration, what it inherits, and how `status` shows it. */
import type { CheckerNeeds, CheckerStatus } from '../checker/supervisor/checker.ts';
import type { KnownState } from '../checker/supervisor/probe-watch.ts';
import type { AgentSettings } from '../config/agent-settings.ts';
import type { CheckerDocument } from '../control/protocol.ts';
import { findUser } from '../kernel/permissions/users.ts';
import type { CapabilityName } from '../kernel/process/privileges.ts';
import type { ProbeSettings } from '../net/probe.ts';
import type { EngineSnapshot } from '../protocol/engine/snapshot.ts';

/**
 * Undefined: nothing is checked, and neither a webhook nor a witness is configured. A user that this host lacks counts as none:
 * `check`, `run` and reloads say so.
 */
export function checkerNeeds(agent: AgentSettings): CheckerNeeds {
  const user = agent.checkerUser === undefined ? undefined : findUser(agent.checkerUser);
  const probes = probesOf(agent);
  const commands = probes.filter((one) => one.kind === 'script');
  const asksWitness = agent.witnessAccess !== undefined;
  if (probes.length === 0 && !hasWebhooks(agent) && !asksWitness) return undefined;
  return {
    user: user && { uid: user.uid, gid: user.gid },
    capabilities: capabilitiesFor(probes),
    // A command without a user of its own runs as the agent itself would run it.
    keepsForPrograms: user === undefined && commands.some((one) => one.user === undefined),
    noNewPrivileges: commands.length === 0,
  };
}

/** One sentence, if this host lacks the user of the checker. */
export function checkerUserWarnings(
  { checkerUser: name }: Pick<AgentSettings, 'checkerUser'>,
  knows: (name: string) => boolean = hasUser,
): string[] {
  if (name === undefined || knows(name)) return [];
  return [
    `there is no local user "${name}", which "checker" names: the checker process would run as ` +
      "the agent's user",
  ];
}

export function hasUser(name: string): boolean {
  return findUser(name) !== undefined;
}

function capabilitiesFor(probes: readonly ProbeSettings[]): CapabilityName[] {
  const kinds = new Set(probes.map(({ kind }) => kind));
  const hasUsers = probes.some((one) => one.kind === 'script' && one.user !== undefined);
  return [
    // ARP, Neighbor Discovery and echo requests.
    ...(kinds.has('gateway') || kinds.has('ping') ? (['NET_RAW'] as const) : []),
    // To end a command that has become another user.
    ...(kinds.has('script') ? (['KILL'] as const) : []),
    ...(hasUsers ? (['SETUID', 'SETGID'] as const) : []),
  ];
}

function probesOf({ probes, ipvs }: AgentSettings): readonly ProbeSettings[] {
  const services = ipvs?.services ?? [];
  const ofServers = services.flatMap(({ health }) => [
    ...Object.values(health.checks).flat(),
    ...Object.values(health.weights),
  ]);
  return [...probes.values(), ...ofServers];
}

function hasWebhooks({ notifications }: AgentSettings): boolean {
  const { webhooks, instances, groups } = notifications;
  const subjects = [...instances.values(), ...groups.values()];
  return webhooks.length > 0 || subjects.some((one) => one.webhooks.length > 0);
}

/** The states of tracked objects that the former process has found. */
export function knownStates({ probes }: EngineSnapshot): (readonly [string, KnownState])[] {
  return probes.flatMap(([name, { status, value }]) =>
    status === 'unknown' ? [] : [[name, { up: status === 'up', value }] as const],
  );
}

export function checkerDocument(status: CheckerStatus | undefined): CheckerDocument | undefined {
  if (status === undefined) return undefined;
  const { state, pid = null, privileges, since, restarts, lastEnd } = status;
  return {
    state,
    pid,
    uid: privileges?.uid ?? null,
    capabilities: privileges?.capabilities ?? null,
    since: since.toISOString(),
    restarts,
    last_end:
      lastEnd === undefined ? null : { at: lastEnd.at.toISOString(), reason: lastEnd.reason },
  };
}
