/** What a load balancer has up or down: its services and their real servers. Pure. */
import type { EventFacts } from '../control/events/event-table.ts';

export interface Balanced {
  readonly service: string;
  /** Null: the service itself. */
  readonly server: string | null;
}

export interface BalancedState extends Balanced {
  readonly down: boolean;
}

export function balancedKey({ service, server }: Balanced): string {
  return `${service} ${server ?? ''}`;
}

/** What an event says of a server or a service; undefined: nothing. */
export function balancedIn(facts: EventFacts): BalancedState | undefined {
  switch (facts.kind) {
    case 'ipvs-server-down':
    case 'ipvs-server-up': {
      const { service, server } = facts;
      return { service, server, down: facts.kind === 'ipvs-server-down' };
    }
    case 'ipvs-service-down':
    case 'ipvs-service-up':
      return { service: facts.service, server: null, down: facts.kind === 'ipvs-service-down' };
    case 'ipvs-removed':
      return { service: facts.service, server: facts.server ?? null, down: false };
    default:
      return undefined;
  }
}

export function isBalanced(value: unknown): boolean {
  const { service, server } = (value ?? {}) as Partial<Balanced>;
  return typeof service === 'string' && (server === null || typeof server === 'string');
}
