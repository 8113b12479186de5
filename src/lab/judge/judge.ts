/** Compares observations with expectations. */

import type { StepClock } from '../run/step-clock.ts';
import type { Expectation, Limits } from '../scenario/expectations.ts';
import { describeExpectation } from '../scenario/expectations.ts';
import { brokenInvariants, type PerformedAction } from './invariants.ts';
import { transitionsToMaster } from './lanes.ts';
import { type ClientProbes, lengthOf, longestOf, outagesIn } from './outages.ts';
import type { EventRecord, NodeRecord, Span, StreamSummary, Verdict } from './record.ts';
import { longestDual, onAt, overlay, seconds } from './spans.ts';

export interface Evidence {
  readonly duration: number;
  /** Maps the windows of expectations to the run. */
  readonly clock: StepClock;
  readonly nodes: readonly NodeRecord[];
  readonly probes: readonly ClientProbes[];
  readonly streams: readonly StreamSummary[];
  readonly discarded: number;
  readonly events: readonly EventRecord[];
  readonly steps: readonly PerformedAction[];
  /** Members of etcd; 0: no witness. */
  readonly witnesses: number;
}

type Judgement = Pick<Verdict, 'holds' | 'seen'>;

export function judge(expectation: Expectation, evidence: Evidence): Verdict {
  const { clock } = evidence;
  return {
    expectation: describeExpectation(expectation, clock.duration),
    why: expectation.why,
    ...judgement({ ...expectation, ...clock.windowOf(expectation) }, evidence),
  };
}

function judgement(expectation: Expectation, evidence: Evidence): Judgement {
  const { nodes } = evidence;
  switch (expectation.kind) {
    case 'owner':
      return ownership(expectation, expectation.owner, nodes);
    case 'arp_owner':
      return answerers(expectation, expectation, nodes);
    case 'masters': {
      const senders = ofNode(nodes, expectation.node)
        .filter(({ adverts }) => adverts.some((at) => isIn(at, expectation)))
        .map(({ name }) => name);
      return counted(senders.length, expectation, senders.join(', '));
    }
    case 'outage':
    case 'lost': {
      const { client, probe } = expectation;
      const asked = evidence.probes.find((one) => one.client === client && one.type === probe);
      const probes = (asked?.probes ?? []).filter(({ sentAt }) => isIn(sentAt, expectation));
      if (probes.length === 0) return { holds: false, seen: 'no requests' };
      if (expectation.kind === 'outage') {
        return timed(longestOf(outagesIn(probes, expectation)), expectation);
      }
      const lost = probes.filter(({ answeredAt }) => answeredAt === undefined);
      return counted(lost.length, expectation, '');
    }
    case 'event': {
      const reported = evidence.events
        .filter(({ kind, node }) => kind === expectation.event && isOf(node, expectation.node))
        .filter(({ at }) => isIn(at, expectation))
        .map(({ node, at }) => `${node} at ${seconds(at)}`);
      return counted(reported.length, expectation, reported.slice(0, 6).join(', '));
    }
    case 'dual':
      return timed(longestDual(nodes, expectation), expectation);
    case 'transitions': {
      const transitions = ofNode(nodes, expectation.node).flatMap(({ name, states }) =>
        transitionsToMaster(states)
          .filter((at) => isIn(at, expectation))
          .map((at) => `${name} at ${seconds(at)}`),
      );
      return counted(transitions.length, expectation, transitions.slice(0, 6).join(', '));
    }
    case 'invariants': {
      const broken = brokenInvariants(evidence, expectation.bound);
      return { holds: broken.length === 0, seen: broken.slice(0, 4).join('; ') || 'all hold' };
    }
    case 'discarded':
      return counted(evidence.discarded, expectation, '');
    case 'stream': {
      const stream = evidence.streams.find(({ client }) => client === expectation.client);
      const { fate = 'never-connected', brokenAt = null, reason = null } = stream ?? {};
      const when = brokenAt === null ? '' : ` at ${seconds(brokenAt)} (${reason ?? 'unknown'})`;
      return { holds: fate === expectation.fate, seen: `${fate}${when}` };
    }
  }
}

function ownership(window: Span, wanted: string, nodes: readonly NodeRecord[]): Judgement {
  const lanes = nodes.map(({ holds }) => holds);
  const names = (on: readonly number[]) =>
    on.map((which) => nodes[which]?.name ?? '').join(' and ') || 'none';
  const fits = (on: readonly number[]) =>
    wanted === 'one' ? on.length === 1 : names(on) === wanted;
  if (window.from === window.to) {
    const on = onAt(lanes, window.from);
    return { holds: fits(on), seen: names(on) };
  }
  const wrong = overlay(lanes, window).find(({ on }) => !fits(on));
  if (wrong === undefined) return { holds: true, seen: wanted };
  const until = wrong.to < window.to ? ` until ${seconds(wrong.to)}` : '';
  return { holds: false, seen: `${names(wrong.on)} at ${seconds(wrong.from)}${until}` };
}

/** Clients send an ARP request every 10 ms: a moment is judged over this time before it. */
const MOMENT = 50_000;

function answerers(
  span: Span,
  { owner: wanted, client }: { readonly owner: string; readonly client: string },
  nodes: readonly NodeRecord[],
): Judgement {
  const window = span.from === span.to ? { from: span.from - MOMENT, to: span.to } : span;
  const answered = nodes
    .filter(({ arpAnswers }) => (arpAnswers[client] ?? []).some((at) => isIn(at, window)))
    .map(({ name }) => name);
  const seen = answered.join(' and ') || 'none';
  if (wanted === 'one') return { holds: answered.length === 1, seen };
  return { holds: seen === wanted, seen };
}

function timed(found: Span | undefined, limits: Limits): Judgement {
  const length = lengthOf(found);
  const at = found === undefined ? '' : ` at ${seconds(found.from)}`;
  return { holds: isWithin(length, limits), seen: `${(length / 1_000).toFixed(1)} ms${at}` };
}

function counted(count: number, limits: Limits, which: string): Judgement {
  const seen = which === '' ? String(count) : `${count}: ${which}`;
  return { holds: isWithin(count, limits), seen };
}

function isWithin(value: number, { atMost, atLeast }: Limits): boolean {
  return value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? 0);
}

function ofNode(nodes: readonly NodeRecord[], name: string | undefined): readonly NodeRecord[] {
  return nodes.filter((node) => isOf(node.name, name));
}

function isOf(node: string, wanted: string | undefined): boolean {
  return wanted === undefined || node === wanted;
}

function isIn(at: number, { from, to }: Span): boolean {
  return at >= from && at <= to;
}
