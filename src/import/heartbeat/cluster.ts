/** The parts of heartbeat's ha.cf that apply to every instance. */
import { type Branch, type Draft, Sourced } from '../draft.ts';
import { type Statement, textOf } from '../statement.ts';

export interface Cluster {
  /** The first link that heartbeat uses. */
  readonly link: string | undefined;
  /** Keys of an instance. */
  readonly keys: Branch;
}

/** Logs, processes and membership are the program's own, or are configured on each router. */
const NEEDLESS = new Set([
  ...[
    'logfile',
    'logfacility',
    'debugfile',
    'debug',
    'use_logd',
    'udpport',
    'baud',
    'node',
    'initdead',
  ],
  ...['warntime', 'crm', 'compression', 'coredumps', 'realtime', 'hopfudge', 'watchdog', 'msgfmt'],
]);

export function clusterOf(statements: readonly Statement[], { ledger }: Draft): Cluster {
  const keys: Branch = {};
  const track: Sourced[] = [];
  let link: string | undefined;
  for (const one of statements) {
    const [key = '', value = '', second = ''] = one.words;
    if (key === 'keepalive') {
      keys['advertisement_interval'] = new Sourced(timeOf(value), one);
      ledger.carry(one);
    } else if (key === 'deadtime') {
      const message = `${textOf(one)}: a MASTER that is silent is replaced after some 3.6 advertisement intervals`;
      ledger.note(one, 'changed', message);
    } else if (key === 'auto_failback') {
      if (value === 'off') keys['preempt'] = new Sourced(false, one);
      ledger.carry(one);
      if (value !== 'off' && value !== 'on') {
        ledger.note(
          one,
          'changed',
          `${textOf(one)}: here the preferred router takes over, as with on`,
        );
      }
    } else if (key === 'ping' || key === 'ping_group') {
      // Each host of `ping` counts by itself, one host of a group is enough.
      const hosts = one.words.slice(key === 'ping' ? 1 : 2);
      const gateways = key === 'ping' ? hosts.map((host) => [host]) : [hosts];
      track.push(...gateways.map((gateway) => new Sourced({ gateway }, one)));
      ledger.carry(one);
    } else if (key === 'bcast' || key === 'mcast' || key === 'ucast') {
      link ??= value;
      const message = `${textOf(one)}: VRRP is sent on the interface of the addresses, and on no other`;
      ledger.note(one, 'changed', message);
    } else if (key === 'respawn' && /ipfail/.test(second + one.words.join(' '))) ledger.skip(one);
    else if (key === 'auth' || /^[0-9]+$/.test(key)) {
      ledger.lose(
        one,
        'authkeys: VRRP over multicast is not authenticated; the key is not converted',
      );
    } else if (NEEDLESS.has(key)) ledger.skip(one);
    else ledger.lose(one, `ha.cf: ${textOf(one)}`);
  }
  return { link, keys: track.length === 0 ? keys : { ...keys, track } };
}

/** Seconds without a unit. */
function timeOf(text: string): string {
  return /^[0-9.]+$/.test(text) ? `${text}s` : text;
}
