/** Reports of the engine as facts and sentences for people: one vocabulary for log, history and API. */
import { getSystemErrorName } from 'node:util';
import { isIpvsEvent } from '../control/ipvs-events.ts';
import type { EventFacts } from '../control/protocol.ts';
import type { BeforeMasterOutcome, Report } from '../engine/reports.ts';
import { ipvsSentenceOf } from './ipvs-event.ts';

/** A report that is news: the others are state, shown by the status document, or for one reader. */
export type NewsReport = Exclude<Report, { kind: 'view' | 'instance-removed' | 'answer' }>;

export function isNews(report: Report): report is NewsReport {
  switch (report.kind) {
    case 'view':
    case 'instance-removed':
    case 'answer':
      return false;
    default:
      return true;
  }
}

export function factsOf(report: NewsReport): EventFacts {
  switch (report.kind) {
    case 'transition': {
      const { kind, instance, from, to, event, cause, reason, priority } = report;
      return { kind, instance, from, to, event, cause, reason, priority };
    }
    case 'priority-changed': {
      const { kind, instance, from, to, reason } = report;
      return { kind, instance, from, to, reason };
    }
    case 'discard': {
      const { kind, instance = null, reason, source = null, count } = report;
      return { kind, instance, reason, source, count };
    }
    case 'warning': {
      const { kind, instance, warning, source, count } = report;
      return { kind, instance, warning, source, count };
    }
    case 'address-restored':
    case 'address-cleaned': {
      const { kind, instance, address } = report;
      return { kind, instance, address };
    }
    case 'virtual-link-restored': {
      const { kind, instance, interface: name } = report;
      return { kind, instance, interface: name };
    }
    case 'virtual-link-failed': {
      const { kind, instance, interface: name, message } = report;
      return { kind, instance, interface: name, problem: message };
    }
    case 'address-failed': {
      const { kind, instance, address, operation } = report;
      return { kind, instance, address, operation, errno: errnoName(report.errno) };
    }
    case 'group': {
      const { kind, group, from, to } = report;
      return { kind, group, from, to };
    }
    case 'track': {
      const { kind, track, source, instances, up, value = null, detail } = report;
      const state = up ? 'up' : 'down';
      return { kind, track, source, instances, state, value, result: detail };
    }
    case 'route-restored': {
      const { kind, instance, route } = report;
      return { kind, instance, route };
    }
    case 'route-failed': {
      const { kind, instance, route, operation } = report;
      return { kind, instance, route, operation, errno: errnoName(report.errno) };
    }
    case 'routes-cleaned':
      return { kind: 'routes-cleaned', routes: report.routes };
    case 'stall':
      return { kind: 'stall', duration_ms: report.microseconds / 1_000 };
    case 'send-failed': {
      const { kind, errno, count } = report;
      return { kind, errno, count };
    }
    case 'address-conflict': {
      const { kind, instance, address, mac, count } = report;
      return { kind, instance, address, mac, count };
    }
    case 'dual-master': {
      const { kind, instance, peer, peerPriority } = report;
      return { kind, instance, peer, peer_priority: peerPriority };
    }
    case 'dual-master-ended': {
      const { kind, instance, peer, microseconds } = report;
      return { kind, instance, peer, duration_ms: microseconds / 1_000 };
    }
    case 'before-master': {
      const { kind, instance, id, outcome } = report;
      return { kind, instance, id, outcome };
    }
  }
}

export function sentenceOf(facts: EventFacts): string {
  if (isIpvsEvent(facts)) return ipvsSentenceOf(facts);
  switch (facts.kind) {
    case 'transition':
      return `${facts.from} to ${facts.to}: ${facts.reason}`;
    case 'priority-changed':
      return `priority ${facts.from} to ${facts.to}: ${facts.reason}`;
    case 'discard':
      return `packet from ${facts.source ?? 'an unknown source'} refused: ${facts.reason} (${facts.count} so far)`;
    case 'warning':
      return `packet from ${facts.source} is odd: ${facts.warning} (${facts.count} so far)`;
    case 'address-restored':
      return `${facts.address} was removed by somebody else and is back`;
    case 'address-cleaned':
      return `${facts.address} was left by a former run and is removed`;
    case 'virtual-link-restored':
      return `${facts.interface} was removed or set down by somebody else and is back`;
    case 'virtual-link-failed':
      return `${facts.interface}, which is to carry the virtual MAC address: ${facts.problem}`;
    case 'address-failed':
      return `the kernel refused to ${facts.operation} ${facts.address}: ${facts.errno}`;
    case 'configuration-reloaded': {
      const { started, stopped, changed, restarted } = facts;
      return `configuration reloaded: ${started} started, ${stopped} stopped, ${changed} changed in place, ${restarted} restarted`;
    }
    case 'configuration-refused':
      return `${facts.file} is not applied; errors: ${facts.errors}`;
    case 'group':
      return `sync group ${facts.from} to ${facts.to}`;
    case 'track':
      return facts.value === null
        ? `track:${facts.track} is ${facts.state}: ${facts.result}`
        : `track:${facts.track} is ${facts.value}`;
    case 'route-restored':
      return `"${facts.route}" was removed by somebody else and is back`;
    case 'route-failed':
      return `the kernel refused to ${facts.operation} "${facts.route}": ${facts.errno}`;
    case 'accept-filter-restored':
      return 'somebody had changed or flushed the table of "accept: false": it is back';
    case 'accept-filter-failed':
      return `"accept: false" is not in force: ${facts.detail}`;
    case 'routes-cleaned':
      return `left by a former run and removed: ${facts.routes.join(', ')}`;
    case 'command':
      return facts.outcome === null
        ? `${facts.by} asks for ${facts.request}`
        : `${facts.request} (asked for by ${facts.by}): ${facts.outcome}`;
    case 'stall':
      return `the protocol thread stood still for ${facts.duration_ms} ms`;
    case 'send-failed':
      return `a message could not be sent (${facts.count} so far): ${facts.errno}${SEND_HINT[facts.errno] ?? ''}`;
    case 'address-conflict':
      return `${facts.mac} claims ${facts.address} too (${facts.count} times so far)`;
    case 'dual-master':
      return `${facts.peer} is MASTER too, with priority ${facts.peer_priority}`;
    case 'dual-master-ended':
      return `${facts.peer} is no longer MASTER too, after ${facts.duration_ms} ms`;
    case 'before-master':
      return BEFORE_MASTER[facts.outcome];
    case 'notification':
      return `${facts.target} ${facts.outcome}: ${facts.detail}`;
  }
}

const BEFORE_MASTER: { readonly [Outcome in BeforeMasterOutcome]: string } = {
  asked: 'the take-over waits for before_master',
  granted: 'before_master is done: the take-over goes on',
  refused: 'before_master has failed',
  'timed-out': 'before_master is not done in time',
  withdrawn: 'the take-over is not wanted any more',
};

/** What is most likely behind it. */
const SEND_HINT: { readonly [errno: string]: string } = {
  EPERM: ': a firewall of this machine refuses them, and peers do not hear this router',
  EMSGSIZE: ': the MTU of the link is too small for the list of addresses',
};

export function errnoName(errno: number): string {
  return errno > 0 ? getSystemErrorName(-errno) : `errno ${errno}`;
}
