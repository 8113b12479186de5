/** Events about what the agent keeps in the kernel: addresses, routes and rules, virtual MAC links. */
import type { ReannouncementReason } from '../../protocol/engine/reports.ts';
import {
  COUNT_SO_FAR,
  INSTANCE,
  REPAIRS,
  repeated,
  reported,
  systemErrorName,
} from './event-entry.ts';

const REFUSED_FIELDS = {
  operation: '`add` or `remove`',
  errno: 'as in errno(3)',
  detail: 'the explanation of the kernel; null: it gave none',
} as const;

export interface StrayFacts {
  readonly instance: string;
  readonly address: string;
  readonly interface: string;
  readonly present: boolean;
  readonly answers: boolean;
  readonly count: number;
}

const COMINGS = 'times without a pause of five minutes; recorded at 1, 2, 4, 8 and so on';

function strayText({ address, interface: name, present, answers }: StrayFacts): string {
  if (!present) return `${address} is no longer on ${name}`;
  const found = `this host has ${address} on ${name}, too, not from this agent`;
  if (!answers) return `${found}; it does not answer for it`;
  return (
    `${found}, and answers for it even as BACKUP: remove it (ip addr del ${address} dev ${name}), ` +
    "choose another VIP if it is the host's own, or set arp_ignore=1 on a real server of IPVS"
  );
}

export interface ReannouncementFacts {
  readonly interface: string;
  readonly reason: ReannouncementReason;
  readonly from: string | null;
  readonly to: string | null;
  readonly instances: readonly string[];
  readonly count: number;
}

const REANNOUNCEMENT: {
  readonly [Reason in ReannouncementReason]: (facts: ReannouncementFacts) => string;
} = {
  'mac-changed': ({ from, to }) => `has MAC address ${to} in place of ${from}`,
  'failed-over': () => 'is reached through another port',
  'router-flag-changed': () => 'forwards IPv6, or does so no longer',
};

export const KERNEL_EVENTS = {
  'address-restored': reported<
    'address-restored',
    { readonly instance: string; readonly address: string; readonly count: number }
  >({
    when: 'Another program removed a VIP of a MASTER; the agent added it again.',
    level: 'warn',
    facts: ({ instance, address, count }) => ({ instance, address, count }),
    sentence: ({ address, count }) =>
      `another program removed ${address}; the agent restored it${repeated(count)}`,
    fields: { instance: INSTANCE, address: 'the VIP', count: REPAIRS },
    example: { instance: 'web', address: '203.0.113.100', count: 1 },
  }),
  'address-foreign': reported<
    'address-foreign',
    {
      readonly instance: string;
      readonly address: string;
      readonly interface: string;
      readonly prefix_length: number;
      readonly count: number;
    }
  >({
    when: 'This host has a VIP that the agent has not added: its own address, or that of another program. It stays.',
    level: 'error',
    facts: ({ instance, address, interface: name, prefixLength, count }) => ({
      ...{ instance, address, interface: name, prefix_length: prefixLength, count },
    }),
    sentence: ({ address, interface: name, prefix_length: length }) =>
      `${address}/${length} on ${name} is not from this agent, and stays even when this director is not MASTER: ` +
      'if it is the address of the host, choose another VIP (or priority 255); ' +
      `if it is left by another program, run "ip addr del ${address}/${length} dev ${name}"`,
    fields: {
      instance: INSTANCE,
      address: 'the VIP',
      interface: 'name of the interface that has it',
      prefix_length: 'its prefix length there',
      count: COMINGS,
    },
    example: {
      ...{ instance: 'web', address: '192.0.2.11', interface: 'eth0', prefix_length: 24 },
      count: 1,
    },
  }),
  'address-cleaned': reported<
    'address-cleaned',
    { readonly instance: string; readonly address: string }
  >({
    when: 'The agent removed a VIP that a previous run had left.',
    level: 'info',
    facts: ({ instance, address }) => ({ instance, address }),
    sentence: ({ address }) => `removed ${address}, left by a previous run of this agent`,
    fields: { instance: INSTANCE, address: 'the VIP' },
    example: { instance: 'web', address: '203.0.113.100' },
  }),
  'address-failed': reported<
    'address-failed',
    {
      readonly instance: string;
      readonly address: string;
      readonly operation: 'add' | 'remove';
      readonly errno: string;
      readonly detail: string | null;
    }
  >({
    when: 'The kernel refused to add or remove a VIP.',
    level: 'error',
    facts: ({ instance, address, operation, errno, text }) => ({
      ...{ instance, address, operation, errno: systemErrorName(errno), detail: text ?? null },
    }),
    sentence: (facts) =>
      `the kernel refused to ${facts.operation} ${facts.address}: ${refusalOf(facts)}`,
    fields: { instance: INSTANCE, address: 'the VIP', ...REFUSED_FIELDS },
    example: {
      ...{ instance: 'web', address: '203.0.113.100', operation: 'add' },
      ...{ errno: 'EINVAL', detail: 'ipv4: Invalid broadcast address' },
    },
  }),
  'address-conflict': reported<
    'address-conflict',
    {
      readonly instance: string;
      readonly address: string;
      readonly mac: string;
      readonly settling: boolean;
      readonly count: number;
    }
  >({
    when: 'Another host claims a VIP that this MASTER holds.',
    level: {
      of: ({ settling }) => (settling ? 'info' : 'error'),
      words: '`info` while `settling`, else `error`',
    },
    facts: ({ instance, address, mac, settling, count }) => ({
      ...{ instance, address, mac, settling, count },
    }),
    sentence: ({ mac, address, count }) => `${mac} also claims ${address} (${count} so far)`,
    fields: {
      instance: INSTANCE,
      address: 'the VIP',
      mac: 'MAC address of the other host',
      settling:
        'true: a Master_Down_Interval after a takeover, or another MASTER is heard: the protocol may settle it, as when two routers start together',
      count: COUNT_SO_FAR,
    },
    example: {
      ...{ instance: 'web', address: '203.0.113.100', mac: '02:00:00:00:00:07' },
      ...{ settling: false, count: 1 },
    },
  }),
  'stray-address': reported<'stray-address', StrayFacts>({
    when: 'Another program has given a VIP to another interface of this host, such as `lo`, or taken it away again.',
    level: {
      of: ({ present, answers }) => (present && answers ? 'warn' : 'info'),
      words: '`warn` while this host answers for it, else `info`',
    },
    facts: ({ instance, stray, present, answers = true, count }) => ({
      ...{ instance, address: stray.address, interface: stray.interface, present, answers, count },
    }),
    sentence: strayText,
    fields: {
      instance: INSTANCE,
      address: 'the VIP with the prefix length that it has there',
      interface: 'interface that has it',
      present: 'false: it is gone',
      answers: 'this host answers ARP or ND for it even when it is not MASTER (`arp_ignore`)',
      count: COMINGS,
    },
    example: {
      ...{ instance: 'web', address: '203.0.113.100/32', interface: 'lo' },
      ...{ present: true, answers: true, count: 1 },
    },
  }),
  'announced-again': reported<'announced-again', ReannouncementFacts>({
    when: 'The link of a MASTER has another MAC address, fails over to another port or changes the Router flag; the agent announced the VIPs again.',
    level: {
      of: ({ reason }) => (reason === 'mac-changed' ? 'warn' : 'info'),
      words: '`warn` for `mac-changed`, else `info`',
    },
    facts: ({ interface: name, reason, macs, instances, count }) => ({
      ...{ interface: name, reason, from: macs?.from ?? null, to: macs?.to ?? null },
      ...{ instances, count },
    }),
    sentence: (facts) =>
      `${facts.interface} ${REANNOUNCEMENT[facts.reason](facts)}: the agent announced the addresses of ${facts.instances.join(', ')} again`,
    fields: {
      interface: 'interface of the VIPs',
      reason:
        '`mac-changed`, `failed-over` (a bond, a team or a moved virtual machine) or `router-flag-changed`',
      from: 'MAC address before; null: the same',
      to: 'MAC address now; null: the same',
      instances: 'the instances whose VIPs are on the interface',
      count: 'times without a pause of five minutes; recorded at 1, 2, 4, 8 and so on',
    },
    example: {
      ...{ interface: 'eth0', reason: 'mac-changed', from: '02:00:00:00:00:02' },
      ...{ to: '02:00:00:00:00:03', instances: ['web'], count: 1 },
    },
  }),
  'route-restored': reported<
    'route-restored',
    { readonly instance: string; readonly route: string; readonly count: number }
  >({
    when: 'Another program removed a route or rule of a MASTER; the agent added it again.',
    level: 'warn',
    facts: ({ instance, route, count }) => ({ instance, route, count }),
    sentence: ({ route, count }) =>
      `another program removed "${route}"; the agent restored it${repeated(count)}`,
    fields: { instance: INSTANCE, route: 'the route or rule as ip(8) writes it', count: REPAIRS },
    example: { instance: 'web', route: 'route 198.51.100.0/24 via 192.0.2.1 dev eth0', count: 1 },
  }),
  'route-failed': reported<
    'route-failed',
    {
      readonly instance: string;
      readonly route: string;
      readonly operation: 'add' | 'remove';
      readonly errno: string;
      readonly detail: string | null;
    }
  >({
    when: 'The kernel refused to add or remove a route or rule.',
    level: 'error',
    facts: ({ instance, route, operation, errno, text }) => ({
      ...{ instance, route, operation, errno: systemErrorName(errno), detail: text ?? null },
    }),
    sentence: (facts) =>
      `the kernel refused to ${facts.operation} "${facts.route}": ${refusalOf(facts)}`,
    fields: {
      instance: INSTANCE,
      route: 'the route or rule as ip(8) writes it',
      ...REFUSED_FIELDS,
    },
    example: {
      ...{ instance: 'web', route: 'route 198.51.100.0/24 via 192.0.2.1 dev eth0' },
      ...{ operation: 'add', errno: 'ENETUNREACH', detail: 'Nexthop has invalid gateway' },
    },
  }),
  'routes-cleaned': reported<'routes-cleaned', { readonly routes: readonly string[] }>({
    when: 'At startup the agent removed routes and rules that a previous run had left.',
    level: 'info',
    facts: ({ routes }) => ({ routes }),
    sentence: ({ routes }) => `removed routes left by a previous run: ${routes.join(', ')}`,
    fields: { routes: 'the routes and rules as ip(8) writes them' },
    example: { routes: ['route 198.51.100.0/24 via 192.0.2.1 dev eth0'] },
  }),
  'virtual-link-restored': reported<
    'virtual-link-restored',
    { readonly instance: string; readonly interface: string; readonly count: number }
  >({
    when: 'Another program removed the link of the virtual MAC or set it down; it is up again.',
    level: 'warn',
    facts: ({ instance, interface: name, count }) => ({ instance, interface: name, count }),
    sentence: ({ interface: name, count }) =>
      `another program removed ${name} or set it down; the agent restored it${repeated(count)}`,
    fields: { instance: INSTANCE, interface: 'name of the link', count: REPAIRS },
    example: { instance: 'web', interface: 'vr4-55-eth0', count: 1 },
  }),
  'virtual-link-failed': reported<
    'virtual-link-failed',
    { readonly instance: string; readonly interface: string; readonly problem: string }
  >({
    when: 'The link of the virtual MAC cannot be created or set up; recorded once until it succeeds.',
    level: 'error',
    facts: ({ instance, interface: name, message }) => ({
      ...{ instance, interface: name, problem: message },
    }),
    sentence: ({ interface: name, problem }) =>
      `the virtual MAC link ${name} cannot be used: ${problem}`,
    fields: { instance: INSTANCE, interface: 'name of the link', problem: 'why' },
    example: { instance: 'web', interface: 'vr4-55-eth0', problem: 'EPERM' },
  }),
} as const;

interface Refusal {
  readonly errno: string;
  readonly detail: string | null;
}

function refusalOf({ errno, detail }: Refusal): string {
  return detail === null ? errno : `${errno} (${detail})`;
}
