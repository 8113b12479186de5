/**
 * Reports state changes to the outside: commands, named pipes, HTTP receivers. It runs on the main thread
 * and is driven by the agent's events, so that nothing it waits for can delay the protocol. Only
 * `before_master` holds an instance up, until a deadline that the protocol enforces.
 */
import { withDeadline } from '../../async/deadline.ts';
import {
  type CommandRequest,
  commandRefusal,
  type RunningCommand,
  startCommand,
} from '../../checker/deliveries/command.ts';
import { CommandQueue, type QueuedCommand } from '../../checker/deliveries/command-queue.ts';
import type { FifoPort } from '../../checker/deliveries/fifo-writer.ts';
import {
  type DeliveryReport,
  type OutcomeCounts,
  Outcomes,
} from '../../checker/deliveries/outcomes.ts';
import type {
  CommandSettings,
  MailMessage,
  MailServer,
  NotificationSettings,
  SubjectNotification,
  WebhookSettings,
} from '../../config/notification-settings.ts';
import type { EventDocument } from '../../control/protocol.ts';
import type { HealthChange } from '../../ipvs/health/health-change.ts';
import { noticeOf, serverNoticeOf } from './mail-notices.ts';
import {
  documentOf,
  environmentOf,
  groupChange,
  lineOf,
  type NotifiedChange,
  notifiedState,
  type Subject,
  type SubjectFacts,
} from './notified-change.ts';
import { Receivers } from './receivers.ts';
import { ServiceNotifier, serviceCommands } from './service-notifier.ts';

interface NotifierOptions {
  readonly router: string;
  readonly settings: NotificationSettings;
  /** Undefined: the instance has been removed. */
  readonly factsOf: (instance: string) => SubjectFacts | undefined;
  /** The effective priority. */
  readonly priorityOf: (instance: string) => number;
  /** Never called from within `handle`. */
  readonly report: (report: DeliveryReport) => void;
  /** The result of a `before_master` command. */
  readonly answer: (instance: string, id: number, granted: boolean) => void;
  readonly openFifo: (path: string) => FifoPort;
  readonly post: (webhook: WebhookSettings, body: string) => Promise<number>;
  readonly sendMail: (server: MailServer, mail: MailMessage) => Promise<number>;
  /** Default: starts a process. */
  readonly start?: (request: CommandRequest) => RunningCommand;
}

/** How long commands and receivers may take when the agent stops. */
const STOP_LIMIT_MS = 10_000;

type LastChange = Omit<NotifiedChange, 'repeated' | 'seq' | 'at'>;

export class Notifier {
  readonly #options: NotifierOptions;
  readonly #outcomes: Outcomes;
  readonly #queues = new Map<string, CommandQueue>();
  readonly #receivers: Receivers;
  readonly #services: ServiceNotifier;
  /** The `before_master` command that an instance waits for. */
  readonly #awaited = new Map<string, RunningCommand>();
  readonly #last = new Map<string, LastChange>();
  #settings: NotificationSettings;

  constructor(options: NotifierOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const outcomes = new Outcomes((report) => queueMicrotask(() => options.report(report)));
    const { router, settings, openFifo, post, sendMail } = options;
    this.#outcomes = outcomes;
    this.#receivers = new Receivers({ ...{ router, outcomes }, openFifo, post, sendMail });
    this.#receivers.open(settings);
    this.#services = new ServiceNotifier({
      ...{ router, outcomes, settings: settings.ipvs, receivers: this.#receivers },
      start: (request) => this.#start(request),
      now: () => new Date().toISOString(),
    });
    this.#checkCommands();
  }

  /** Receivers that remain keep their queues. */
  reconfigure(settings: NotificationSettings): void {
    this.#settings = settings;
    this.#receivers.open(settings);
    this.#services.reconfigure(settings.ipvs);
    this.#checkCommands();
  }

  handle(event: EventDocument): void {
    const { mail } = this.#settings;
    const notice = mail && noticeOf(event, mail);
    if (notice !== undefined) this.#receivers.mail(notice);
    switch (event.kind) {
      case 'transition': {
        const { instance, priority, event: name, cause, reason, seq, at } = event;
        this.#notify({
          type: 'INSTANCE',
          name: instance,
          state: notifiedState(event.to),
          from: notifiedState(event.from),
          priority,
          event: name,
          cause,
          reason,
          seq,
          at,
          repeated: false,
        });
        return;
      }
      case 'group':
        this.#notify(groupChange(event, event));
        return;
      case 'dual-master':
        this.#writeLine(
          { type: 'INSTANCE', name: event.instance },
          'MASTER_RX_LOWER_PRI',
          this.#options.priorityOf(event.instance),
        );
        return;
      case 'dual-master-ended':
        this.#repeat(event.instance, event);
        return;
      case 'before-master':
        if (event.outcome === 'asked') this.#ask(event.instance, event.id, event);
        else this.#withdraw(event.instance);
        return;
      default:
        return;
    }
  }

  /** A service or a real server is up or down. */
  healthChanged(change: HealthChange): void {
    const { mail } = this.#settings;
    const notice = mail && serverNoticeOf(change, new Date().toISOString(), mail);
    if (notice !== undefined) this.#receivers.mail(notice);
    this.#services.handle(change);
  }

  /** For instances and groups. */
  #notify(change: NotifiedChange): void {
    const { type, name, state } = change;
    this.#last.set(`${type} ${name}`, change);
    const facts = this.#factsOf(change);
    this.#writeLine(change, state, change.priority);
    const document = documentOf(change, this.#options.router, facts);
    const own = this.#notificationOf(change);
    this.#receivers.post([...this.#settings.webhooks, ...(own?.webhooks ?? [])], document);
    this.#queueOf(change).push(own === undefined ? [] : this.#commands(own, change), state);
  }

  counts(): OutcomeCounts {
    return this.#outcomes.counts();
  }

  /** Waits for commands and receivers, up to the limit; drops what is left. */
  async close(limitMs = STOP_LIMIT_MS): Promise<void> {
    for (const running of this.#awaited.values()) running.kill();
    const parts = [...this.#queues.values(), this.#services, this.#receivers];
    await withDeadline(Promise.all(parts.map((part) => part.drained())), limitMs);
    for (const queue of [...this.#queues.values(), this.#services]) queue.abandon();
    this.#receivers.close();
    // Reports are delivered in a microtask.
    await Promise.resolve();
  }

  /** Checks commands at startup, so that a refusal is not first found at a failover. */
  #checkCommands(): void {
    if (this.#options.start !== undefined) return;
    const known = new Set<string>();
    for (const { subject, target, settings } of commandsOf(this.#settings)) {
      const refused = commandRefusal(settings);
      if (refused === undefined || known.has(refused)) continue;
      known.add(refused);
      const detail = `the command would not run: ${refused}`;
      this.#outcomes.report({ channel: 'command', subject, target, outcome: 'failed', detail });
    }
  }

  #commands({ commands }: SubjectNotification, change: NotifiedChange): QueuedCommand[] {
    const own = change.state.toLowerCase() as 'master' | 'backup' | 'fault' | 'stop';
    const environment = environmentOf(change, this.#options.router, this.#factsOf(change));
    const { type, name, state, priority } = change;
    return ([own, 'any'] as const).flatMap((key) => {
      const settings = commands[key];
      if (settings === undefined) return [];
      const more = key === 'any' ? [type, name, state, String(priority)] : [];
      const start = () => this.#start({ settings, arguments: more, environment });
      return [{ target: `notify.${key}`, state, start }];
    });
  }

  /** The remaining MASTER notifies again, for receivers that followed the other one. */
  #repeat(instance: string, { seq, at, message }: EventDocument): void {
    const last = this.#last.get(`INSTANCE ${instance}`);
    if (last === undefined || last.state !== 'MASTER') return;
    const priority = this.#options.priorityOf(instance);
    const event = 'dual-master-ended';
    this.#notify({
      ...last,
      priority,
      event,
      cause: event,
      reason: message,
      seq,
      at,
      repeated: true,
    });
  }

  #ask(instance: string, id: number, { seq, at }: EventDocument): void {
    const settings = this.#settings.instances.get(instance)?.beforeMaster;
    if (settings === undefined) {
      this.#options.answer(instance, id, true);
      return;
    }
    const change: NotifiedChange = {
      type: 'INSTANCE',
      name: instance,
      state: 'MASTER',
      from: 'BACKUP',
      priority: this.#options.priorityOf(instance),
      event: 'before-master',
      cause: 'before-master',
      reason: 'about to become MASTER',
      seq,
      at,
      repeated: false,
    };
    const environment = environmentOf(change, this.#options.router, this.#factsOf(change));
    const running = this.#start({ settings, arguments: [], environment });
    this.#withdraw(instance);
    this.#awaited.set(instance, running);
    void running.ended.then((outcome) => {
      const isAwaited = this.#awaited.get(instance) === running;
      if (isAwaited) this.#awaited.delete(instance);
      this.#outcomes.count('command', outcome.kind === 'done' ? 'done' : 'failed');
      if (outcome.kind !== 'done' && isAwaited) {
        const result = outcome.kind === 'timed-out' ? 'timed-out' : 'failed';
        const target = 'notify.before_master';
        const { detail } = outcome;
        const subject = instance;
        this.#outcomes.report({ channel: 'command', subject, target, outcome: result, detail });
      }
      this.#options.answer(instance, id, outcome.kind === 'done');
    });
  }

  /** The instance has decided without the command. */
  #withdraw(instance: string): void {
    const running = this.#awaited.get(instance);
    this.#awaited.delete(instance);
    running?.kill();
  }

  #start(request: CommandRequest): RunningCommand {
    return (this.#options.start ?? startCommand)(request);
  }

  #writeLine(subject: Subject, word: string, priority: number): void {
    const paths = [this.#settings.fifo, this.#notificationOf(subject)?.fifo];
    this.#receivers.write(paths, lineOf(subject, word, priority));
  }

  #notificationOf({ type, name }: Subject): SubjectNotification | undefined {
    const { instances, groups } = this.#settings;
    return (type === 'INSTANCE' ? instances : groups).get(name);
  }

  #factsOf({ type, name }: Subject): SubjectFacts | undefined {
    return type === 'INSTANCE' ? this.#options.factsOf(name) : undefined;
  }

  #queueOf({ type, name }: Subject): CommandQueue {
    const key = `${type} ${name}`;
    const queue = this.#queues.get(key) ?? new CommandQueue(name, this.#outcomes);
    this.#queues.set(key, queue);
    return queue;
  }
}

interface OwnedCommand {
  /** Name of the instance, group or service. */
  readonly subject: string;
  readonly target: string;
  readonly settings: CommandSettings;
}

function commandsOf({ instances, groups, ipvs }: NotificationSettings): OwnedCommand[] {
  const ofSubjects = [...instances, ...groups].flatMap(([subject, { commands, beforeMaster }]) =>
    Object.entries({ ...commands, before_master: beforeMaster }).flatMap(
      ([key, settings]): OwnedCommand[] =>
        settings === undefined ? [] : [{ subject, target: `notify.${key}`, settings }],
    ),
  );
  const ofServices = [...ipvs.services].flatMap(([subject, notification]) =>
    serviceCommands(notification).map((one) => ({ subject, ...one })),
  );
  return [...ofSubjects, ...ofServices];
}
