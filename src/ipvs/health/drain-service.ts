/**
 * Takes servers out of service for an operator, and returns them: a drained server gets no new
 * connections and keeps the existing ones. The state file is written first: after a crash half-way the
 * server is drained, and never returns by itself.
 */

import { pause } from '../../async/deadline.ts';
import type { DrainCommands, DrainTerms } from '../../control/commands.ts';
import { CommandRefusal } from '../../control/commands.ts';
import type { ServerEventFacts } from '../../control/events/ipvs-events.ts';
import type { DrainDocument } from '../../control/ipvs-document.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { type ServerRow, type ServiceKey, serviceName } from '../../net/ipvs.ts';
import { messageOf } from '../keep/ipvs-log.ts';
import type { ServiceKeeper } from '../keep/service-keeper.ts';
import { connectionsOf } from '../plan/cut-connections.ts';
import { serves } from '../plan/server-weight.ts';
import type { DrainStore } from './drain-store.ts';
import type { HealthKeeper } from './health-keeper.ts';
import type { ServerHealth, ServiceHealth } from './server-health.ts';

interface DrainServiceOptions {
  readonly health: Pick<HealthKeeper, 'service' | 'services' | 'drainsChanged'>;
  readonly store: DrainStore;
  /** Undefined: the kernel has no IPVS. */
  readonly table: () => Pick<ServiceKeeper, 'touch' | 'serversIn' | 'refused'> | undefined;
  /** This process ends, or is replaced. */
  readonly isStopping: () => boolean;
  /** Adds an event to the history and the log. */
  readonly record: (facts: ServerEventFacts) => void;
}

const POLL_MS = 200;

/** The code of the refusal when the agent ends, or is replaced, while a client waits. */
const AGENT_ENDS = 'agent-ends';

interface Target {
  readonly service: ServiceHealth;
  readonly server: ServerHealth;
  /** Endpoint of the server, as `10.0.0.11:80`. */
  readonly name: string;
}

export class DrainService implements DrainCommands {
  readonly #options: DrainServiceOptions;

  constructor(options: DrainServiceOptions) {
    this.#options = options;
  }

  async drain(terms: DrainTerms, by: string): Promise<DrainDocument> {
    const { store, health, record } = this.#options;
    const target = this.#target(terms);
    const { server, name } = target;
    let { service } = target;
    if (server.drain === undefined) {
      if (!terms.force) refuseLast(target);
      const since = new Date().toISOString();
      const key = serviceName(service.settings.service.key);
      await written(() => store.add({ service: terms.service, key, server: name, since, by }));
      service = this.#current(service);
      record({ kind: 'ipvs-drain', service: service.settings.name, server: name, by });
      health.drainsChanged(service.settings.name);
    }
    await this.#tableUntilEnd(name).touch([service.settings.name]);
    const began = performance.now();
    for (;;) {
      this.#tableUntilEnd(name);
      service = this.#current(service);
      const document = this.#document(service, name, performance.now() - began);
      const left = (terms.wait ?? 0) / 1_000 - document.waited_ms;
      if (document.outcome !== 'draining' || left <= 0) return document;
      await pause(Math.min(POLL_MS, left));
    }
  }

  async undrain(terms: Pick<DrainTerms, 'service' | 'server'>, by: string): Promise<DrainDocument> {
    const { store, health, record } = this.#options;
    const target = this.#target(terms);
    const { server, name } = target;
    let { service } = target;
    if (server.drain !== undefined) {
      const key = serviceName(service.settings.service.key);
      await written(() => store.remove({ service: terms.service, key, server: name }));
      service = this.#current(service);
      record({ kind: 'ipvs-undrain', service: service.settings.name, server: name, by });
      health.drainsChanged(service.settings.name);
    }
    await this.#table().touch([service.settings.name]);
    return this.#document(service, name, 0);
  }

  #target(terms: Pick<DrainTerms, 'service' | 'server'>): Target {
    this.#table();
    const { health } = this.#options;
    const service = health.service(terms.service);
    if (service === undefined) {
      const known = health.services().map(({ settings }) => settings.name);
      throw unknown('no-such-service', `no service is named ${terms.service}`, known);
    }
    const named = service.servers.map((server) => ({
      server,
      name: formatEndpoint(server.server),
    }));
    const exact = named.find(({ name }) => name === terms.server);
    const [first, second] = named.filter(({ server }) => server.server.address === terms.server);
    const found = exact ?? (second === undefined ? first : undefined);
    if (found !== undefined) return { service, ...found };
    const what = second === undefined ? 'has no server' : 'has more than one server';
    const known = named.map(({ name }) => name);
    throw unknown('no-such-server', `${terms.service} ${what} ${terms.server}`, known);
  }

  #table() {
    const table = this.#options.table();
    if (table !== undefined) return table;
    const message = 'this kernel has no IPVS: no server can be drained';
    throw new CommandRefusal({ status: 409, code: 'ipvs-unavailable', message });
  }

  /** For a server that is drained. */
  #tableUntilEnd(server: string) {
    const table = this.#options.table();
    if (table !== undefined) return table;
    const [code, why] = this.#options.isStopping()
      ? [AGENT_ENDS, 'the agent is stopping or being replaced']
      : ['ipvs-unavailable', 'this kernel no longer has IPVS'];
    throw new CommandRefusal({ status: 409, code, message: `${why}; ${server} stays drained` });
  }

  /** A reload may give it another name, or another address. */
  #current(service: ServiceHealth): ServiceHealth {
    const { name, service: one } = service.settings;
    const key = serviceName(one.key);
    const services = this.#options.health.services();
    const renamed = services.find(({ settings }) => serviceName(settings.service.key) === key);
    return renamed ?? services.find(({ settings }) => settings.name === name) ?? service;
  }

  #document({ settings }: ServiceHealth, server: string, waited: number): DrainDocument {
    const table = this.#table();
    const drain = this.#options.store.of(settings.name, server);
    const actual = table.serversIn(settings).find((one) => formatEndpoint(one) === server);
    const { key } = settings.service;
    const outcome = drain === undefined ? 'in-service' : 'draining';
    return {
      service: settings.name,
      server,
      outcome: outcome === 'draining' && isEmpty(actual, key) ? 'drained' : outcome,
      drained: drain === undefined ? null : { since: drain.since, by: drain.by },
      weight: actual?.weight ?? null,
      active: actual?.activeConnections ?? 0,
      inactive: actual?.inactiveConnections ?? 0,
      waited_ms: Math.round(waited),
      warnings: table.refused.has(serviceName(key))
        ? ['the kernel refused a change of this service: see `vrrp-agent ipvs show`']
        : [],
    };
  }
}

function isEmpty(server: ServerRow | undefined, key: ServiceKey): boolean {
  if (server === undefined) return true;
  return server.weight === 0 && connectionsOf(server, key) === 0;
}

function refuseLast({ service, server, name }: Target): void {
  const isLast =
    serves(server.weight) &&
    service.fallback === null &&
    !service.servers.some((one) => one !== server && serves(one.weight));
  if (!isLast) return;
  const message =
    `${name} is the last server of ${service.settings.name} that takes new connections: ` +
    'with --force, new clients are refused';
  throw new CommandRefusal({ status: 409, code: 'last-server', message });
}

async function written(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    const message = `nothing has changed, because the state file cannot be written: ${messageOf(error)}`;
    throw new CommandRefusal({ status: 500, code: 'state-unwritable', message });
  }
}

function unknown(code: string, message: string, known: readonly string[]): CommandRefusal {
  const names = known.length === 0 ? 'there are none' : `there are: ${known.join(', ')}`;
  return new CommandRefusal({ status: 404, code, message: `${message}; ${names}` });
}
