/** Turns the observations of a run into its record, with verdicts. */
import { probeReport } from '../probes/probe.ts';
import type { PerformedStep } from '../run/timeline.ts';
import type { ScenarioNode } from '../scenario/inventory.ts';
import { addressOfVip } from '../scenario/inventory.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { isLasting } from '../scenario/steps.ts';
import { probeSummary, probesOf, streamsOf } from './clients.ts';
import { type Evidence, judge } from './judge.ts';
import {
  type Change,
  holdsFromKernel,
  masterPeriodsOf,
  statesFromEvents,
  statesFromWire,
  transitionsToMaster,
  unreachable,
} from './lanes.ts';
import type { Observations } from './observations.ts';
import { type Facts, factsIn } from './observe.ts';
import { lengthOf, longestOf } from './outages.ts';
import type {
  EventRecord,
  NodeRecord,
  ProbeSummary,
  RunRecord,
  Span,
  TakeoverRecord,
  Verdict,
} from './record.ts';
import { longestDual, within, without } from './spans.ts';
import { takeoversIn } from './takeovers.ts';

interface CompleteObservations extends Observations {
  readonly tearDown: number;
}

export function summarize(scenario: Scenario, seen: CompleteObservations): RunRecord {
  const facts = factsIn(seen.frames, scenario.watched.address, scenario.clients);
  const nodes = scenario.nodes.map((node) => nodeRecord(node, scenario, seen, facts));
  const duration = seen.end - seen.zero;
  const window = { from: 0, to: duration };
  const probes = probesOf(scenario, seen, facts);
  const streams = streamsOf(scenario, seen);
  const { discarded, clock } = seen;
  const events = eventsOf(seen);
  const evidence: Evidence = {
    ...{ duration, clock, nodes, probes, streams, discarded, events },
    witnesses: scenario.witness?.on_loss === 'go_on' ? 0 : (scenario.witness?.etcd ?? 0),
    steps: seen.steps.map(({ action, began, ended }) => ({
      ...{ action, from: began - seen.zero, to: ended - seen.zero },
    })),
  };
  const summaries = probes.map((asked) => probeSummary(asked, window));
  const verdicts = [
    ...runFailures(seen),
    ...scenario.expectations.map((one) => judge(one, evidence)),
  ];
  const first = probes[0]?.probes;
  const dual = lengthOf(longestDual(nodes, window));
  const takeovers = takeoversOf(scenario, seen, facts);
  return {
    started_at: new Date(seen.startedAt / 1_000).toISOString(),
    duration,
    settled_after: seen.settledAfter,
    set_up: seen.setUp,
    tear_down: seen.tearDown,
    resolution: first === undefined || first.length < 2 ? null : probeReport(first).spacing,
    frames_lost: seen.framesLost,
    steps: seen.steps.map((step) => ({
      kind: step.action.kind,
      from: step.began - seen.zero,
      to: endOf(step) - seen.zero,
      done: step.ended - seen.zero,
      text: step.text,
      error: step.error ?? null,
    })),
    nodes,
    takeovers,
    probes: summaries,
    streams,
    events,
    discarded,
    numbers: {
      outage: longestOutage(summaries),
      takeover: longestTakeover(takeovers),
      dual,
      transitions: nodes.flatMap(({ states }) => transitionsToMaster(states)).length,
      lost: summaries.reduce((sum, { lost }) => sum + lost, 0),
      announcements: nodes.reduce((sum, node) => sum + node.announcements.length, 0),
      adverts: nodes.reduce((sum, node) => sum + node.adverts.length, 0),
    },
    verdicts,
    holds: verdicts.every(({ holds }) => holds),
  };
}

function eventsOf({ events, zero, end }: Observations): EventRecord[] {
  return events
    .map(({ at, node, kind }) => ({ at: at - zero, node, kind }))
    .filter(({ at }) => at >= 0 && at <= end - zero)
    .sort((a, b) => a.at - b.at);
}

/** The takeovers within the run. */
function takeoversOf(scenario: Scenario, { zero, end }: CompleteObservations, facts: Facts) {
  const routers = scenario.nodes.map(({ name, instances }) => {
    const announced = instances.map(({ vrid = 0, addresses }) => ({
      ...{ vrid, addresses: addresses.map(addressOfVip) },
    }));
    return [name, announced] as const;
  });
  const question = { ...scenario.watched, routers: new Map(routers), end };
  const relative = (at: number | null) => (at === null ? null : at - zero);
  return takeoversIn(facts, question)
    .filter(({ first_advert }) => first_advert >= zero && first_advert <= end)
    .map(
      (one): TakeoverRecord => ({
        ...one,
        last_advert: one.last_advert - zero,
        first_advert: one.first_advert - zero,
        first_announcement: relative(one.first_announcement),
        first_answer: relative(one.first_answer),
      }),
    );
}

/** Over all clients that use the first type of probe. */
function longestOutage(summaries: readonly ProbeSummary[]): number | null {
  const type = summaries[0]?.type;
  const same = summaries.filter((one) => one.type === type);
  if (same.length === 0) return null;
  return lengthOf(longestOf(same.flatMap(({ outages }) => outages)));
}

function longestTakeover(takeovers: readonly TakeoverRecord[]): number | null {
  const times = takeovers.flatMap(({ first_answer, last_advert }) =>
    first_answer === null ? [] : first_answer - last_advert,
  );
  return times.length === 0 ? null : Math.max(...times);
}

/** Failures of the run itself, which make its verdicts unreliable. */
function runFailures({ settledAfter, steps, framesLost }: Observations): Verdict[] {
  const failed = steps.flatMap(({ text, error }): Verdict[] =>
    error === undefined
      ? []
      : [{ expectation: `step: ${text}`, why: '', holds: false, seen: error }],
  );
  const unsettled: Verdict = {
    ...{ expectation: 'one owner before the first step', why: '', holds: false },
    seen: 'not in time',
  };
  const incomplete: Verdict = {
    ...{ expectation: 'a complete capture', why: '', holds: false },
    seen: `${framesLost} frames lost`,
  };
  return [
    ...(settledAfter === null ? [unsettled] : []),
    ...(framesLost > 0 ? [incomplete] : []),
    ...failed,
  ];
}

function nodeRecord(
  node: ScenarioNode,
  scenario: Scenario,
  seen: CompleteObservations,
  facts: Facts,
): NodeRecord {
  const { watched } = scenario;
  const { zero, end } = seen;
  const { name, agent, priority } = node;
  const window: Span = { from: 0, to: end - zero };
  const machineStates = seen.machineStates.get(name) ?? [];
  const adverts = facts.adverts.filter((one) => one.node === name && one.vrid === watched.vrid);
  const events = seen.states
    .filter((one) => one.node === name && one.instance === node.instances[0]?.name)
    .sort((a, b) => a.at - b.at);
  const states =
    agent === 'vrrp-agent' && !seen.ignoresEvents
      ? statesFromEvents(events, machineStates, end)
      : statesFromWire(adverts, machineStates, end);
  const changes = (seen.addresses.get(name) ?? []).filter((one) => one.address === watched.address);
  // FRRouting's addresses are always present, on a link that it sets up and down.
  const has = agent === 'frr' ? masterPeriodsOf(adverts, end) : holdsFromKernel(changes, end);
  const gone = unreachable(machineStates, linksOf(name, seen.steps), end);
  const relative = <Kind extends Span>(spans: readonly Kind[]) =>
    within(
      spans.map((span) => ({ ...span, from: span.from - zero, to: span.to - zero })),
      window,
    );
  const times = (all: readonly { readonly node: string; readonly at: number }[]) =>
    all.flatMap(({ node: from, at }) => {
      const time = at - zero;
      return from === name && time >= 0 && time <= window.to ? [time] : [];
    });
  const answers = watched.address.includes(':') ? facts.echoAnswers : facts.arpAnswers;
  return {
    ...{ name, agent, priority },
    states: relative(states),
    holds: relative(without(has, gone)),
    adverts: times(adverts.filter((one) => one.priority > 0)),
    resignations: times(adverts.filter((one) => one.priority === 0)),
    announcements: times(facts.announcements.filter((one) => one.address === watched.address)),
    arpAnswers: Object.fromEntries(
      scenario.clients.map((client) => [
        client,
        times(answers.filter((one) => one.client === client)),
      ]),
    ),
  };
}

/** Link changes by steps; crash and boot are machine states. */
function linksOf(name: string, steps: readonly PerformedStep[]): Change<boolean>[] {
  return steps.flatMap(({ action, began, ended }): Change<boolean>[] => {
    if (!('node' in action) || action.node !== name) return [];
    if ('network' in action && action.network === 'peers') return [];
    if (action.kind === 'link_down') return [{ at: began, value: false }];
    return action.kind === 'link_up' ? [{ at: ended, value: true }] : [];
  });
}

/** A lasting step is drawn over its whole length, others as a moment. */
function endOf({ began, ended, action }: PerformedStep): number {
  return isLasting(action) ? ended : began;
}
