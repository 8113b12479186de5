/** Connects the notifier to the events, the protocol and the log of the running agent. */
import type { DeliveryReport } from '../../checker/deliveries/outcomes.ts';
import type { Checker } from '../../checker/supervisor/checker.ts';
import type { NotificationSettings } from '../../config/notification-settings.ts';
import type { EventFacts } from '../../control/protocol.ts';
import { Fifo } from '../../kernel/fifo/fifo.ts';
import type { AgentModel } from '../../observe/model.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';
import type { SubjectFacts } from './notified-change.ts';
import { Notifier } from './notifier.ts';

interface NotificationsOptions {
  readonly notifications: NotificationSettings;
  readonly settings: () => Settings;
  readonly model: AgentModel;
  readonly protocol: Pick<ProtocolWorker, 'feed'>;
  readonly checker: Pick<Checker, 'post' | 'mail'>;
  /** To the events and the log. */
  readonly record: (facts: EventFacts) => void;
}

export function openNotifier(options: NotificationsOptions): Notifier {
  const { settings, notifications, model, protocol, record, checker } = options;
  const notifier = new Notifier({
    router: settings().router,
    settings: notifications,
    factsOf: (name) => factsOf(settings(), name),
    priorityOf: (name) => model.instance(name)?.priority.effective ?? 0,
    report: (report) => record(factsOfReport(report)),
    answer: (instance, id, granted) =>
      protocol.feed([{ kind: 'before-master.answered', instance, id, granted }]),
    openFifo: (path) => new Fifo(path),
    post: (webhook, body) => checker.post(webhook, body),
    sendMail: (server, mail) => checker.mail(server, mail),
  });
  model.subscribe((event) => notifier.handle(event));
  return notifier;
}

function factsOf({ instances }: Settings, name: string): SubjectFacts | undefined {
  const instance = instances.find((one) => one.name === name);
  if (instance === undefined) return undefined;
  const { vrid, family, interface: link, addresses } = instance;
  return {
    vrid,
    family,
    interface: link,
    addresses: addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`),
  };
}

function factsOfReport({ channel, subject, target, outcome, detail }: DeliveryReport): EventFacts {
  return { kind: 'notification', channel, instance: subject ?? null, target, outcome, detail };
}
