/** Events about what the agent keeps in the kernel: addresses, routes and rules, virtual MAC links. */
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
    }
  >({
    when: 'This host has a VIP that the agent has not added: its own address, or that of another program. It stays.',
    level: 'error',
    facts: ({ instance, address, interface: name, prefixLength }) => ({
      ...{ instance, address, interface: name, prefix_length: prefixLength },
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
    },
    example: { instance: 'web', address: '192.0.2.11', interface: 'eth0', prefix_length: 24 },
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
      readonly count: number;
    }
  >({
    when: 'Another host claims a VIP that this MASTER holds.',
    level: 'error',
    facts: ({ instance, address, mac, count }) => ({ instance, address, mac, count }),
    sentence: ({ mac, address, count }) => `${mac} also claims ${address} (${count} so far)`,
    fields: {
      instance: INSTANCE,
      address: 'the VIP',
      mac: 'MAC address of the other host',
      count: COUNT_SO_FAR,
    },
    example: { instance: 'web', address: '203.0.113.100', mac: '02:00:00:00:00:07', count: 1 },
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
    when: 'At start the agent removed routes and rules that a previous run had left.',
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
    example: { instance: 'web', interface: 'vrrp4-55', count: 1 },
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
    example: { instance: 'web', interface: 'vrrp4-55', problem: 'EPERM' },
  }),
} as const;

interface Refusal {
  readonly errno: string;
  readonly detail: string | null;
}

function refusalOf({ errno, detail }: Refusal): string {
  return detail === null ? errno : `${errno} (${detail})`;
}
