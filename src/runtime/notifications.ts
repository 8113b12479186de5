/** The notifier of a running agent: what it hears from, what it answers to, where its trouble goes. */
import type { LoadedConfig } from '../config/load.ts';
import type { EventFacts } from '../control/protocol.ts';
import { Fifo } from '../kernel/fifo/fifo.ts';
import type { AgentModel } from '../observe/model.ts';
import type { SubjectFacts } from './notify/environment.ts';
import { postJson } from './notify/http-post.ts';
import { Notifier } from './notify/notifier.ts';
import type { Trouble } from './notify/outcomes.ts';
import type { ProtocolWorker } from './protocol-worker.ts';

export interface NotificationsOptions {
  readonly config: LoadedConfig;
  readonly model: AgentModel;
  readonly protocol: Pick<ProtocolWorker, 'feed'>;
  /** To the events and to the log. */
  readonly note: (facts: EventFacts) => void;
}

export function openNotifier({ config, model, protocol, note }: NotificationsOptions): Notifier {
  const { settings, agent } = config;
  const notifier = new Notifier({
    router: settings.router,
    settings: agent.notifications,
    factsOf: (name) => factsOf(config, name),
    priorityOf: (name) =>
      model.status().instances.find((one) => one.name === name)?.priority.effective ?? 0,
    tell: (trouble) => note(factsOfTrouble(trouble)),
    answer: (instance, id, granted) =>
      protocol.feed([{ kind: 'before-master.answered', instance, id, granted }]),
    openFifo: (path) => new Fifo(path),
    post: postJson,
  });
  model.subscribe((event) => notifier.handle(event));
  return notifier;
}

function factsOf({ settings }: LoadedConfig, name: string): SubjectFacts | undefined {
  const instance = settings.instances.find((one) => one.name === name);
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
