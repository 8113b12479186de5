/** Names that a scenario uses for its machines and programs. */
import { pattern } from '../../config/schema-parts.ts';

export const AGENTS = ['vrrp-agent', 'keepalived', 'frr'] as const;
export type AgentName = (typeof AGENTS)[number];

export const CLIENT_NAME = 'client';

export function directorName() {
  return pattern(/^lb[1-8]$/, 'a director: lb1 to lb8');
}

export function machineName() {
  return pattern(/^(lb[1-8]|client)$/, 'a machine: lb1 to lb8, or client');
}
