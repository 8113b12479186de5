/** Names of machines and programs in scenarios. */
import { pattern } from '../../config/schema/schema-parts.ts';

export const AGENTS = ['vrrp-agent', 'keepalived', 'frr'] as const;
export type AgentName = (typeof AGENTS)[number];

/** The first client; the others are `client2`, `client3`, ... */
export const CLIENT_NAME = 'client';

export function clientNames(count: number): string[] {
  return Array.from({ length: count }, (_, at) => (at === 0 ? CLIENT_NAME : `client${at + 1}`));
}

export function directorName() {
  return pattern(/^lb[1-8]$/, 'a director: lb1 to lb8');
}

export function machineName() {
  return pattern(
    /^(lb[1-8]|client[2-4]?|etcd[23]?)$/,
    'a machine: lb1 to lb8, client, client2 to client4, etcd, etcd2, etcd3',
  );
}

/** What has a program that steps start and stop. */
export function programName() {
  return pattern(
    /^(lb[1-8]|etcd[23]?)$/,
    'a director, lb1 to lb8, or a witness: etcd, etcd2, etcd3',
  );
}

export function clientName() {
  return pattern(/^client[2-4]?$/, 'a client: client, client2 to client4');
}
