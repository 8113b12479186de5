/** Steps and expectations in words, for progress, reports and test names. */
import { formatDuration, microseconds } from '../../net/time.ts';
import { CLIENT_NAME } from './names.ts';
import type { Action, Between, Expectation, Limits } from './scenario.ts';

export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'link_down':
      return `link down: ${action.node}`;
    case 'link_up':
      return `link up: ${action.node}`;
    case 'partition':
      return `partition ${sides(action)}${trafficOf(action)}`;
    case 'loss':
      return `${action.percent} % loss ${sides(action)}${trafficOf(action)}`;
    case 'delay':
      return `delay ${action.node} by ${time(action.by)}${
        action.jitter === 0 ? '' : ` ± ${time(action.jitter)}`
      }`;
    case 'heal':
      return 'heal';
    case 'reload':
      return `reload ${action.node} with ${settings(action.set)}`;
    case 'maintenance':
      return `maintenance ${action.state}: ${action.node}`;
    case 'cpu_stress':
      return `CPU stress for ${time(action.lasts)}`;
    case 'flood':
      return `flood: ${action.packet}, ${action.perSecond}/s for ${time(action.lasts)}`;
    case 'delete_address':
      return `${action.address} deleted on ${action.node}`;
    case 'add_address':
      return `${action.address} added on ${action.node}`;
    default:
      return `${action.kind} ${action.node}`;
  }
}

export function describeExpectation(expectation: Expectation, end: number): string {
  return `${demand(expectation)}${windowOf(expectation, end)}`;
}

function demand(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'owner':
      return `owner ${expectation.owner}`;
    case 'arp_owner':
      return `ARP owner ${expectation.owner}${clientOf(expectation)}`;
    case 'outage':
      return `${expectation.probe} outage${clientOf(expectation)} ${limits(expectation, time)}`;
    case 'dual':
      return `dual ${limits(expectation, time)}`;
    case 'invariants':
      return `invariants hold ${time(expectation.bound)} after each step`;
    case 'stream':
      return `stream${clientOf(expectation)} ${expectation.fate}`;
    default:
      return `${expectation.kind}${
        expectation.node === undefined ? '' : ` of ${expectation.node}`
      } ${limits(expectation, String)}`;
  }
}

function clientOf({ client }: { readonly client: string }): string {
  return client === CLIENT_NAME ? '' : ` of ${client}`;
}

function limits({ atMost, atLeast }: Limits, show: (value: number) => string): string {
  if (atMost === atLeast && atMost !== undefined) return `= ${show(atMost)}`;
  const parts = [
    ...(atLeast === undefined ? [] : [`≥ ${show(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${show(atMost)}`]),
  ];
  return parts.join(' and ');
}

function windowOf({ from, to }: Expectation, end: number): string {
  if (from === to) return ` at ${time(from)}`;
  if (from === 0 && to === end) return '';
  if (to === end) return ` from ${time(from)}`;
  return from === 0 ? ` until ${time(to)}` : ` from ${time(from)} to ${time(to)}`;
}

function sides({ from, to, isOneWay }: Between): string {
  return `${from.join('+')} ${isOneWay ? '→' : '↔'} ${to.join('+')}`;
}

function trafficOf({ traffic }: Between): string {
  return traffic === 'vrrp' ? ' (VRRP only)' : '';
}

function settings(set: Readonly<Record<string, unknown>>): string {
  return Object.entries(set)
    .map(([key, value]) => `${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

function time(value: number): string {
  return formatDuration(microseconds(value));
}
