/** The notifier of a running agent: what it hears from, what it answers to, where its trouble goes. */

import { postJson } from '../../checker/deliveries/http-post.ts';
import type { Trouble } from '../../checker/deliveries/outcomes.ts';
import type { NotificationSettings } from '../../config/notification-settings.ts';
import type { EventFacts } from '../../control/protocol.ts';
import { Fifo } from '../../kernel/fifo/fifo.ts';
import type { AgentModel } from '../../observe/model.ts';
import type { Settings } from '../../protocol/engine/settings.ts';
import type { ProtocolWorker } from '../../protocol/thread/protocol-worker.ts';
import type { SubjectFacts } from './environment.ts';
import { Notifier } from './notifier.ts';

export interface NotificationsOptions {
  readonly notifications: NotificationSettings;
  /** In effect. */
  readonly settings: () => Settings;
  readonly model: AgentModel;
  readonly protocol: Pick<ProtocolWorker, 'feed'>;
  /** To the events and to the log. */
  readonly note: (facts: EventFacts) => void;
}

export function openNotifier(options: NotificationsOptions): Notifier {
  const { settings, notifications, model, protocol, note } = options;
  const notifier = new Notifier({
    router: settings().router,
    settings: notifications,
    factsOf: (name) => factsOf(settings(), name),
    priorityOf: (name) => model.instance(name)?.priority.effective ?? 0,
    tell: (trouble) => note(factsOfTrouble(trouble)),
    answer: (instance, id, granted) =>
      protocol.feed([{ kind: 'before-master.answered', instance, id, granted }]),
    openFifo: (path) => new Fifo(path),
    post: postJson,
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

function factsOfTrouble({ channel, subject, target, outcome, detail }: Trouble): EventFacts {
  return { kind: 'notification', channel, instance: subject ?? null, target, outcome, detail };
}
