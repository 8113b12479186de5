/**
 * Reports services and real servers that go up or down: to commands, named pipes and HTTP receivers.
 * Many servers may change at once, so only some of their commands run at a time.
 */

import { RunPool } from '../../async/run-pool.ts';
import type { CommandRequest, RunningCommand } from '../../checker/deliveries/command.ts';
import { CommandQueue } from '../../checker/deliveries/command-queue.ts';
import type { Outcomes } from '../../checker/deliveries/outcomes.ts';
import type {
  CommandSettings,
  NotificationSettings,
  ServiceNotification,
} from '../../config/notification-settings.ts';
import type { HealthChange } from '../../ipvs/health/health-change.ts';
import { formatEndpoint } from '../../net/endpoint.ts';
import { healthDocument, healthEnvironment, healthLine, stateText } from './notified-health.ts';
import type { Receivers } from './receivers.ts';

interface ServiceNotifierOptions {
  readonly router: string;
  readonly settings: NotificationSettings['ipvs'];
  readonly outcomes: Outcomes;
  readonly receivers: Pick<Receivers, 'write' | 'post'>;
  readonly start: (request: CommandRequest) => RunningCommand;
  /** As in ISO 8601. */
  readonly now: () => string;
}

/** Commands that run at the same time. */
const SLOTS = 16;

export class ServiceNotifier {
  readonly #options: ServiceNotifierOptions;
  /** By service, or service and server: a server does not wait for another. */
  readonly #queues = new Map<string, CommandQueue>();
  readonly #pool = new RunPool(SLOTS);
  #settings: NotificationSettings['ipvs'];

  constructor(options: ServiceNotifierOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  reconfigure(settings: NotificationSettings['ipvs']): void {
    this.#settings = settings;
  }

  handle(change: HealthChange): void {
    const { router, receivers, now } = this.#options;
    const { fifo, webhooks, services } = this.#settings;
    const own = services.get(change.service);
    const at = now();
    receivers.write([fifo, own?.fifo], healthLine(change));
    receivers.post([...webhooks, ...(own?.webhooks ?? [])], healthDocument(change, router, at));
    const command = own && commandFor(own, change);
    const queue = this.#queueOf(change, command !== undefined);
    const state = stateText(change.isUp);
    if (command === undefined) {
      queue?.push([], state);
      return;
    }
    const environment = healthEnvironment(change, router, at);
    const start = () => this.#start({ settings: command.settings, arguments: [], environment });
    queue?.push([{ target: command.target, state, start }], state);
  }

  async drained(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.drained()));
  }

  abandon(): void {
    for (const queue of this.#queues.values()) queue.abandon();
  }

  /** Undefined: there is none, and none is needed. */
  #queueOf({ service, server }: HealthChange, isNeeded: boolean): CommandQueue | undefined {
    const key = server === undefined ? service : `${service} ${formatEndpoint(server)}`;
    const known = this.#queues.get(key);
    if (known !== undefined || !isNeeded) return known;
    const queue = new CommandQueue(service, this.#options.outcomes);
    this.#queues.set(key, queue);
    return queue;
  }

  /** Starts the command as soon as a slot is free. */
  #start(request: CommandRequest): RunningCommand {
    let running: RunningCommand | undefined;
    let cancel = () => {};
    const ended = new Promise<Awaited<RunningCommand['ended']>>((resolve) => {
      const slot = this.#pool.enter(() => {
        running = this.#options.start(request);
        void running.ended.then((outcome) => {
          slot.leave();
          resolve(outcome);
        });
      }, false);
      cancel = () => {
        slot.cancel();
        resolve({ kind: 'failed', detail: 'not run: too many commands were waiting' });
      };
    });
    return { ended, kill: () => (running === undefined ? cancel() : running.kill()) };
  }
}

interface NamedCommand {
  readonly target: string;
  readonly settings: CommandSettings;
}

/** The command of the server replaces the one for all servers. */
function commandFor(
  { commands, serverCommands, servers }: ServiceNotification,
  { server, isUp }: HealthChange,
): NamedCommand | undefined {
  const state = isUp ? 'up' : 'down';
  if (server === undefined) return named(`notify.${state}`, commands[state]);
  const own = servers.get(formatEndpoint(server))?.[state];
  return (
    named(`servers[].notify.${state}`, own) ??
    named(`notify.server_${state}`, serverCommands[state])
  );
}

function named(target: string, settings: CommandSettings | undefined): NamedCommand | undefined {
  return settings === undefined ? undefined : { target, settings };
}

/** All commands of a service, with the key of each. */
export function serviceCommands({ commands, serverCommands, servers }: ServiceNotification) {
  const states = ['up', 'down'] as const;
  return states.flatMap((state): NamedCommand[] =>
    [
      named(`notify.${state}`, commands[state]),
      named(`notify.server_${state}`, serverCommands[state]),
      ...[...servers.values()].map((own) => named(`servers[].notify.${state}`, own[state])),
    ].filter((one) => one !== undefined),
  );
}
